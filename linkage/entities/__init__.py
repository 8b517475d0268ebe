"""Links to persons: clusters within the constraints of the records, with ids that stay."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from linkage import basis, components, contracts
from linkage.decisions import Decision
from linkage.engine.base import Engine
from linkage.entities import near
from linkage.entities.cluster import cluster
from linkage.entities.decided import place, published
from linkage.entities.household_addresses import IS_STAY
from linkage.entities.identity import keep_ids

if TYPE_CHECKING:
    from linkage.config import Config

__all__ = ["published", "resolve"]


def resolve(
    db: Engine,
    config: Config,
    *,
    run_id: str,
    mint: Callable[[str, str], str],
    progress: Callable[[str], None],
    decisions: Sequence[Decision] = (),
) -> None:
    """Write ``mention_person``, ``person_base``, ``possible_person_link`` and ``person_id_history``.

    Reads ``mention``, ``mention_number``, ``compared_pair``, ``pattern_count``, ``pair`` and, for stable ids, what the
    night before left. ``decisions`` are those that hold; what became of them, and what a person should look at, is
    written to ``decision``, ``ambiguous_claim`` and ``capped_person``. With the ``changed_pair`` of a night that
    compared what changed, all of these are brought up to date for the persons that this concerns, and
    ``changed_person`` is left.
    """
    found = basis.fingerprint(db, _code(), config.linkage)
    only_changed = db.has("changed_pair") and basis.holds(db, STAGE, found, KEPT)
    basis.forget(db, STAGE)
    place(db, decisions)
    clusters = cluster(db, config, only_changed=only_changed)
    keep_ids(db, run_id=run_id, mint=mint, only_changed=only_changed)
    if not only_changed:
        for name in DESCRIBED:
            db.run(contracts.table(name).ddl())
    _describe(db, near.rows(only_changed=only_changed))
    _list(db)
    _possible(db, only_changed=only_changed)
    persons = int(db.rows("SELECT count(*) FROM person_base")[0][0])
    progress(f"{persons} persons" + (f", {clusters} of them looked at" if only_changed else "") + _told(db))
    basis.keep(db, STAGE, found)
    for name in WORK:
        db.run(f"DROP TABLE IF EXISTS {name}")


STAGE = "persons"
DESCRIBED = ("person_base", "possible_person_link", "ambiguous_claim", "capped_person")
WORK = ("moved_person", "placed_mention", "near_mention", "near_place", "stood_pair", "was_decision",
        "changed_link", "linked_person", "linked_mention", "linked_pair")  # fmt: skip
KEPT = ("mention_person", "known_mention", "person_id_history", "person_component", *DESCRIBED)
"""Tables of the night before without which all persons are made anew."""


@cache
def _code() -> str:
    names = ("agglomerate", "cluster", "constraints", "decided", "identity", "ids", "near", "partition")
    here = Path(__file__)
    return basis.code(here, Path(components.__file__), *(here.with_name(f"{name}.py") for name in names))


def _told(db: Engine) -> str:
    """Return what became of the decisions, as the end of a sentence."""
    counted = db.rows("SELECT outcome, count(*) FROM decision GROUP BY outcome ORDER BY outcome")
    return "; decisions: " + ", ".join(f"{n} {outcome}" for outcome, n in counted) if counted else ""


def _describe(db: Engine, rows: str) -> None:
    """Write to ``person_base`` what most mentions of a person say, ties broken by the value itself.

    ``rows`` is the table of the mentions that are looked at.
    """
    db.run("DELETE FROM person_base WHERE person_id IN (FROM moved_person)")
    db.run(
        f"""
        INSERT INTO person_base BY NAME
        WITH told AS (FROM {rows} JOIN placed_mention USING (mention_id)),
        sex AS (
            SELECT person_id, sex FROM (
                SELECT person_id, sex, count(*) AS n FROM told WHERE sex IS NOT NULL GROUP BY ALL)
            QUALIFY row_number() OVER (PARTITION BY person_id ORDER BY n DESC, sex) = 1
        ), birth AS (
            SELECT person_id, birth_earliest, birth_latest FROM (
                SELECT person_id, birth_earliest, birth_latest, birth_precision, count(*) AS n FROM told
                WHERE birth_precision <> 'none' GROUP BY ALL)
            QUALIFY row_number() OVER (PARTITION BY person_id ORDER BY
                array_position(['day', 'month', 'year'], birth_precision), n DESC, birth_earliest) = 1
        )
        SELECT person_id, any_value(sex.sex) AS sex, any_value(birth.birth_earliest) AS birth_earliest,
               any_value(birth.birth_latest) AS birth_latest,
               CAST(CASE WHEN year(any_value(birth.birth_earliest)) = year(any_value(birth.birth_latest))
                    THEN year(any_value(birth.birth_earliest)) END AS SMALLINT) AS birth_year,
               CAST(count(*) AS INTEGER) AS mentions, min(surname) FILTER ({IS_STAY}) AS address_surname
        FROM told LEFT JOIN sex USING (person_id) LEFT JOIN birth USING (person_id)
        GROUP BY person_id
        """
    )


def _possible(db: Engine, *, only_changed: bool) -> None:
    """Write to ``possible_person_link`` the best pair between two persons that stayed apart, and equal claims.

    Persons of whom a reviewer said that they are two are left out; those of whom nobody could tell stay, marked:
    an incident that hangs on them is not unmatched. With ``only_changed`` the links of ``linked_person`` are written.
    """
    pairs, place, these = "pair", "mention_person", ""
    if only_changed:
        _find_linked(db)
        pairs, place = "linked_pair", "linked_mention"
        these = "WHERE one IN (FROM linked_person) OR other IN (FROM linked_person)"
        db.run(
            "DELETE FROM possible_person_link "
            "WHERE person_id_a IN (FROM linked_person) OR person_id_b IN (FROM linked_person)"
        )
    db.run(
        f"""
        INSERT INTO possible_person_link BY NAME
        WITH found AS (
            SELECT l.person_id AS one, r.person_id AS other, match_probability AS probability
            FROM {pairs}
            JOIN {place} l ON l.mention_id = left_id JOIN {place} r ON r.mention_id = right_id
            WHERE l.person_id <> r.person_id
            UNION ALL SELECT person_id, person_id_a, 1 / (1 + pow(2, -weight_a)) FROM ambiguous_claim
            UNION ALL SELECT person_id, person_id_b, 1 / (1 + pow(2, -weight_b)) FROM ambiguous_claim
        ), link AS (
            SELECT least(one, other) AS person_id_a, greatest(one, other) AS person_id_b,
                   max(probability) AS match_probability
            FROM found {these} GROUP BY ALL
        ), decided AS (
            SELECT least(l.person_id, r.person_id) AS person_id_a, greatest(l.person_id, r.person_id) AS person_id_b,
                   bool_or(verdict = 'different') AS is_different, bool_or(verdict = 'unsure') AS is_unsure
            FROM decision
            JOIN mention_person l ON l.mention_id = left_id JOIN mention_person r ON r.mention_id = right_id
            WHERE outcome = 'applied' GROUP BY ALL
        )
        SELECT person_id_a, person_id_b, match_probability, coalesce(is_unsure, false) AS is_unsure
        FROM link LEFT JOIN decided USING (person_id_a, person_id_b) WHERE NOT coalesce(is_different, false)
        """
    )


def _find_linked(db: Engine) -> None:
    """Write ``linked_person``, of whom a link may be another one, ``linked_pair``, the pairs of their mentions, and
    ``linked_mention``, all ends of these with their persons.

    They are those that were looked at, with all their links, and of the others those between whom a pair changed that
    is possible, or may have been.
    """
    db.run(
        """
        CREATE OR REPLACE TEMP TABLE linked_person AS
        WITH place AS MATERIALIZED (
            SELECT mention_id, person_id FROM near_place ANTI JOIN moved_person USING (person_id)
        ), placed AS MATERIALIZED (
            -- whole, before it is asked who differ: these are nearly all, and no way to find anybody
            SELECT left_id, right_id, l.person_id AS one, r.person_id AS other FROM stood_pair
            JOIN place l ON l.mention_id = left_id JOIN place r ON r.mention_id = right_id
        ), crossing AS MATERIALIZED (
            SELECT left_id, right_id, least(one, other) AS person_id_a, greatest(one, other) AS person_id_b
            FROM placed WHERE one <> other
        ), touched AS (
            SELECT person_id_a, person_id_b FROM crossing SEMI JOIN changed_link USING (left_id, right_id)
            UNION ALL FROM possible_person_link SEMI JOIN crossing USING (person_id_a, person_id_b)
                SELECT person_id_a, person_id_b
        )
        FROM moved_person UNION SELECT unnest([person_id_a, person_id_b]) FROM touched
        """
    )
    db.run(
        "CREATE OR REPLACE TEMP TABLE linked_mention AS FROM placed_mention UNION ALL FROM mention_person "
        "SEMI JOIN (FROM linked_person ANTI JOIN moved_person USING (person_id)) USING (person_id)"
    )
    of_these = " OR ".join(f"{end} IN (SELECT mention_id FROM linked_mention)" for end in ("left_id", "right_id"))
    db.run(
        "CREATE OR REPLACE TEMP TABLE linked_pair AS "
        f"SELECT left_id, right_id, match_probability FROM pair WHERE {of_these}"
    )
    db.run(
        """
        INSERT INTO linked_mention BY NAME FROM mention_person WHERE mention_id IN (
            FROM (SELECT unnest([left_id, right_id]) AS mention_id FROM linked_pair)
            ANTI JOIN linked_mention USING (mention_id))
        """
    )


def _list(db: Engine) -> None:
    """Write to ``ambiguous_claim`` and ``capped_person`` what the clusters left for a person to look at."""
    for name in ("ambiguous_claim", "capped_person"):
        db.run(f"DELETE FROM {name} WHERE person_id IN (FROM moved_person)")
    db.run(
        """
        INSERT INTO ambiguous_claim
        SELECT p.person_id, a.person_id, b.person_id, weight_one, weight_other
        FROM cluster_claim c JOIN placed_mention p ON p.mention_id = c.cluster
        JOIN placed_mention a ON a.mention_id = one JOIN placed_mention b ON b.mention_id = other
        """
    )
    db.run(
        """
        INSERT INTO capped_person
        SELECT person_id, mentions, wanted
        FROM (SELECT cluster, max(wanted) AS wanted FROM cluster_capped GROUP BY cluster)
        JOIN placed_mention ON mention_id = cluster JOIN person_base USING (person_id)
        """
    )
    for name in ("cluster_claim", "cluster_capped"):
        db.run(f"DROP TABLE {name}")
