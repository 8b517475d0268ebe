"""Household ids that stay: a group takes the id of the household with which it shares most records."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from linkage import contracts
from linkage.engine.base import Engine

KEY = "source_id, record_kind, record_id, person_seq"


def keep_ids(db: Engine, *, run_id: str, mint: Callable[[str, str], str]) -> None:
    """Write ``mention_household``, ``record_household``, ``known_household`` and add to ``household_id_history``.

    An id goes to the group that holds most of its records, then most of its mentions; a group takes one
    id only; ties go to the smaller id. A new group's id is minted from the key of its first mention.
    """
    for name in ("known_household", "household_id_history"):
        if not db.has(name):
            db.run(contracts.table(name).ddl())
    given: dict[int, str] = {}
    taken: set[str] = set()
    for group, household_id in _overlaps(db):
        if group not in given and household_id not in taken:
            given[group] = household_id
            taken.add(household_id)
    for group, founding in _foundings(db):
        if group not in given:
            given[group] = _fresh(mint, founding, taken)
    frame = pd.DataFrame({"group_no": list(given), "household_id": list(given.values())})
    db.register("hh_group_id", frame.astype({"group_no": "int64", "household_id": "object"}))
    _write(db)
    _remember(db, run_id)


def _overlaps(db: Engine) -> list[tuple[int, str]]:
    rows = db.rows(
        f"""
        SELECT group_no, household_id, count(DISTINCT record_no) AS records, count(*) AS mentions
        FROM hh_mention_group JOIN mention USING (mention_id) JOIN known_household USING ({KEY})
        GROUP BY group_no, household_id ORDER BY records DESC, mentions DESC, household_id, min(mention_id), group_no
        """
    )
    return [(int(row[0]), str(row[1])) for row in rows]


def _foundings(db: Engine) -> list[tuple[int, str]]:
    rows = db.rows(
        f"""
        SELECT group_no, founding FROM (
            SELECT group_no, min(mention_id) AS mention_id FROM hh_mention_group GROUP BY group_no
        ) JOIN (SELECT mention_id, concat_ws(' ', {KEY}) AS founding FROM mention) USING (mention_id)
        ORDER BY mention_id
        """
    )
    return [(int(row[0]), str(row[1])) for row in rows]


def _fresh(mint: Callable[[str, str], str], founding: str, taken: set[str]) -> str:
    """Mint an id; when a split left that id with others, its next variant."""
    variant = 0
    while (household_id := mint("household", f"{founding} {variant}")) in taken:
        variant += 1
    taken.add(household_id)
    return household_id


def _write(db: Engine) -> None:
    db.run(contracts.table("mention_household").ddl())
    db.run(
        "INSERT INTO mention_household BY NAME SELECT mention_id, household_id, standing "
        "FROM hh_mention_group JOIN hh_group_id USING (group_no) ORDER BY mention_id"
    )
    db.run(contracts.table("record_household").ddl())
    db.run(
        """
        INSERT INTO record_household BY NAME
        SELECT DISTINCT source_id, record_kind, record_id, household_id
        FROM hh_mention JOIN hh_record USING (record_no) JOIN hh_group_id USING (group_no)
        ORDER BY source_id, record_kind, record_id
        """
    )


def _remember(db: Engine, run_id: str) -> None:
    """Add merges and splits to the history, then keep tonight's ids for the next night."""
    db.run(
        f"""
        INSERT INTO household_id_history BY NAME
        WITH moved AS (
            SELECT DISTINCT k.household_id AS old_id, h.household_id AS new_id
            FROM known_household k JOIN mention USING ({KEY}) JOIN mention_household h USING (mention_id)
            WHERE k.household_id <> h.household_id
        )
        SELECT old_id, new_id, ? AS run_id,
               CASE WHEN old_id IN (SELECT household_id FROM mention_household) THEN 'split' ELSE 'merge' END AS reason
        FROM moved ORDER BY old_id, new_id
        """,
        [run_id],
    )
    db.run(
        f"""
        CREATE OR REPLACE TABLE known_household AS
        SELECT {KEY}, household_id FROM mention JOIN mention_household USING (mention_id)
        UNION ALL SELECT {KEY}, household_id FROM known_household ANTI JOIN mention USING ({KEY})
        """
    )
