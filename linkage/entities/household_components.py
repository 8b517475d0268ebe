"""Evidence to groups: adults by connected components under a size limit, then records, then children."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from linkage import contracts
from linkage.components import components
from linkage.config import Config
from linkage.engine.base import Engine

Ints = npt.NDArray[Any]


def join_adults(db: Engine, config: Config) -> None:
    """Write ``hh_group`` (person_no, group_no, is_cut): every person's household as an adult.

    A household has the number of its first person. A component above the size limit is built again from its strongest
    edge down, and an edge that would make a household too large is dropped: the weakest evidence goes first, and the
    members are marked.
    """
    persons = np.asarray(db.arrays("SELECT DISTINCT person_no FROM hh_mention ORDER BY person_no")["person_no"])
    edges = db.arrays("SELECT a, b, strength, records FROM hh_edge ORDER BY strength DESC, records DESC, a, b")
    left, right = (np.searchsorted(persons, np.asarray(edges[name])) for name in ("a", "b"))
    labels = components(len(persons), left, right)
    first = np.unique(labels, return_index=True)[1]
    too_large = np.bincount(labels, minlength=1) > config.households.max_members
    is_cut = too_large[labels] if len(persons) else np.zeros(0, dtype=bool)
    places = first[labels]
    if is_cut.any():
        places = _rebuild(labels, places, left, right, too_large, config.households.max_members)
    frame = pd.DataFrame({"person_no": persons, "group_no": persons[places], "is_cut": is_cut})
    db.register("hh_group", frame.astype({"person_no": "int64", "group_no": "int64", "is_cut": "bool"}))


def _rebuild(labels: Ints, places: Ints, left: Ints, right: Ints, too_large: npt.NDArray[np.bool_], most: int) -> Ints:
    """Join the persons of large components again, strongest evidence first, up to the size limit.

    Return the place of the first person of each person's household, which ``places`` holds for the other components.
    """
    parent = {int(p): int(p) for p in np.flatnonzero(too_large[labels])}
    count = dict.fromkeys(parent, 1)

    def root(person: int) -> int:
        while parent[person] != person:
            parent[person] = person = parent[parent[person]]
        return person

    inside = too_large[labels[left]]
    for one, other in zip(left[inside].tolist(), right[inside].tolist(), strict=True):
        a, b = sorted((root(one), root(other)))
        if a != b and count[a] + count[b] <= most:
            parent[b] = a
            count[a] += count[b]
    fresh = places.copy()
    for person in parent:
        fresh[person] = root(person)
    return fresh


PRINCIPAL, RELATIVE, OUTSIDER = 1000, 100, 1
"""Votes of a person for the household of a record."""


def place_records(db: Engine, config: Config) -> None:  # noqa: ARG001
    """Write ``hh_record`` (record_no, group_no): the household that most principal adults of a record belong to.

    Ties go to the household with more records, then to the smaller number. Records that name children
    only are left to `place_children`.
    """
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE hh_record AS
        WITH vote AS (
            SELECT record_no, group_no, sum(CASE standing WHEN 'principal' THEN {PRINCIPAL}
                WHEN 'relative' THEN {RELATIVE} ELSE {OUTSIDER} END) AS votes
            FROM hh_mention JOIN hh_group USING (person_no) WHERE standing <> 'child'
            GROUP BY record_no, group_no
        ), weighed AS (SELECT *, count(*) OVER (PARTITION BY group_no) AS records FROM vote),
        has_children AS (SELECT record_no, bool_or(standing = 'child') AS found FROM hh_mention GROUP BY record_no)
        SELECT record_no, group_no FROM weighed JOIN has_children USING (record_no)
        WHERE votes >= {RELATIVE} OR NOT found
        QUALIFY row_number() OVER (PARTITION BY record_no ORDER BY votes DESC, records DESC, group_no) = 1
        """
    )


def place_children(db: Engine, config: Config) -> None:  # noqa: ARG001
    """Write ``hh_mention_group`` (mention_id, group_no): adults in their household, children in the record's.

    A record that names children only goes to the household in which most of these children are known
    otherwise; when there is none, such children are a household of their own.
    """
    db.run(
        """
        INSERT INTO hh_record
        WITH child AS (SELECT DISTINCT record_no, person_no FROM hh_mention WHERE standing = 'child'),
        known AS (
            SELECT person_no, group_no, count(*) AS records FROM child JOIN hh_record USING (record_no) GROUP BY ALL
            UNION ALL
            SELECT person_no, group_no, count(*) FROM hh_mention JOIN hh_group USING (person_no)
            WHERE standing IN ('principal', 'relative') GROUP BY ALL
        )
        SELECT record_no, group_no FROM (SELECT * FROM child ANTI JOIN hh_record USING (record_no))
        JOIN known USING (person_no) GROUP BY record_no, group_no
        QUALIFY row_number() OVER (
            PARTITION BY record_no ORDER BY count(DISTINCT person_no) DESC, sum(records) DESC, group_no) = 1
        """
    )
    loose = db.arrays(
        "SELECT DISTINCT record_no, person_no FROM (SELECT * FROM hh_mention ANTI JOIN hh_record USING (record_no)) "
        "WHERE standing = 'child' ORDER BY record_no, person_no"
    )
    db.register("hh_loose", _children_alone(loose["record_no"].astype(np.int64), loose["person_no"].astype(np.int64)))
    db.run("INSERT INTO hh_record SELECT record_no, group_no FROM hh_loose")
    db.run(
        """
        CREATE OR REPLACE TEMP TABLE hh_mention_group AS
        SELECT mention_id, CASE WHEN standing = 'child' THEN r.group_no ELSE g.group_no END AS group_no, standing
        FROM hh_mention JOIN hh_group g USING (person_no) JOIN hh_record r USING (record_no)
        """
    )


def _children_alone(record: Ints, person: Ints) -> pd.DataFrame:
    """Give records of children whom nobody else knows a household by shared children, numbered below zero."""
    records, at = np.unique(record, return_inverse=True)
    persons, who = np.unique(person, return_inverse=True)
    labels = components(len(records) + len(persons), at, len(records) + who)[: len(records)]
    first = np.unique(labels, return_index=True)[1]
    frame = pd.DataFrame({"record_no": records, "group_no": -1 - records[first[labels]]})
    return frame.astype({"record_no": "int64", "group_no": "int64"})


def tie(db: Engine, *, only_touched: bool) -> None:
    """Write ``household_component``: what a later night has to look at together, though it is not one household.

    Households are tied by a record or a person of both, and by evidence that the size limit dropped. With
    ``only_touched`` those of ``touched_household`` are told anew.
    """
    ties = db.arrays(
        """
        WITH stands AS (
            SELECT DISTINCT group_no, record_no, person_no FROM hh_mention_group JOIN hh_mention USING (mention_id)
        )
        SELECT group_no AS one, other FROM stands
        JOIN (SELECT record_no, min(group_no) AS other FROM stands GROUP BY record_no) USING (record_no)
        WHERE group_no <> other
        UNION SELECT group_no, other FROM stands
        JOIN (SELECT person_no, min(group_no) AS other FROM stands GROUP BY person_no) USING (person_no)
        WHERE group_no <> other
        UNION SELECT l.group_no, r.group_no FROM hh_edge JOIN hh_group l ON l.person_no = a
        JOIN hh_group r ON r.person_no = b WHERE l.group_no <> r.group_no
        """
    )
    one, other = (np.asarray(ties[name], dtype=np.int64) for name in ("one", "other"))
    groups, at = np.unique(np.r_[one, other], return_inverse=True)
    labels = components(len(groups), at[: len(one)], at[len(one) :])
    db.register("hh_tied", pd.DataFrame({"group_no": groups, "label": labels}).astype("int64"))
    if only_touched:
        db.run("DELETE FROM household_component WHERE household_id IN (SELECT household_id FROM touched_household)")
    else:
        db.run(contracts.table("household_component").ddl())
    db.run(
        "INSERT INTO household_component SELECT household_id, min(household_id) OVER (PARTITION BY label) "
        "FROM hh_tied JOIN hh_group_id USING (group_no)"
    )
