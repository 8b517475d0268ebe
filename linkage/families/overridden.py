"""Colours that people gave, on the households of tonight: which hold, and why others do not.

Somebody judged the family as it was. Where it was merged or divided since, its records lead to the households of
today, and the override may raise the colour of the rule there but not lower it: a milder colour was never meant for the
people who came with the others. Who looks again and gives a colour anew ends that.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from linkage import contracts
from linkage.colours import Override
from linkage.engine.base import Engine

WORK = ("fm_given", "fm_given_record")


def read(db: Engine, overrides: Sequence[Override]) -> None:
    """Write ``fm_given``, overrides that were not withdrawn, and ``fm_given_record``, what they were given on."""
    db.run(
        "CREATE OR REPLACE TEMP TABLE fm_given (override_id INTEGER, given_to VARCHAR, severity VARCHAR, "
        "until_date DATE, run_id VARCHAR)"
    )
    db.insert("fm_given", [(o.override_id, o.household_id, o.severity, o.until_date, o.run_id) for o in overrides])
    db.run(
        "CREATE OR REPLACE TEMP TABLE fm_given_record "
        "(override_id INTEGER, source_id VARCHAR, record_kind VARCHAR, record_id VARCHAR)"
    )
    for one in overrides:
        db.insert("fm_given_record", [(one.override_id, *record) for record in one.records])


def place(db: Engine, as_of: date) -> None:
    """Write ``household_override``: every override that `read` wrote, with what becomes of it.

    Reads ``record_household``, ``household_id_history`` and ``fm_colour``. Of several overrides of a household the
    latest counts; where the family changed since all of them, the gravest that raises the rule's colour.
    """
    db.run(contracts.table("household_override").ddl())
    if db.rows("SELECT 1 FROM fm_given LIMIT 1"):
        db.run(_PLACE, [as_of])


def published(db: Engine) -> set[int]:
    """Return the numbers of the overrides that the publication was made with."""
    if not db.has("household_override"):
        return set()
    return {int(row[0]) for row in db.rows("SELECT DISTINCT override_id FROM household_override")}


_PLACE = """
INSERT INTO household_override BY NAME
WITH rank AS (SELECT * FROM (VALUES ('green', 1), ('yellow', 2), ('orange', 3), ('red', 4)) AS r (colour, grade)),
reached AS (
    SELECT DISTINCT override_id, household_id
    FROM fm_given_record JOIN record_household USING (source_id, record_kind, record_id)
), told AS (
    SELECT g.*, r.household_id, own.grade, coalesce(rule.grade, 0) AS rule_grade,
           g.until_date < CAST(? AS DATE) AS is_over,
           g.given_to IS DISTINCT FROM r.household_id OR EXISTS (
               SELECT 1 FROM household_id_history h
               WHERE h.run_id > g.run_id AND (h.old_id = g.given_to OR h.new_id = g.given_to)) AS is_changed,
           EXISTS (SELECT 1 FROM fm_given l WHERE l.given_to = g.given_to AND l.override_id > g.override_id) AS is_old
    FROM fm_given g LEFT JOIN reached r USING (override_id) JOIN rank own ON own.colour = g.severity
    LEFT JOIN (FROM fm_colour WHERE NOT is_before) c ON c.household_id = r.household_id
    LEFT JOIN rank rule ON rule.colour = c.severity
), standing AS (
    SELECT *, household_id IS NOT NULL AND NOT is_old AND NOT is_over
        AND (NOT is_changed OR grade > rule_grade) AS is_standing
    FROM told
), placed AS (
    SELECT *, row_number() OVER (PARTITION BY household_id, is_standing ORDER BY is_changed,
        CASE WHEN is_changed THEN grade END DESC, override_id DESC) AS place
    FROM standing
)
SELECT override_id, household_id, severity, until_date,
       CASE WHEN household_id IS NULL THEN 'waiting' WHEN is_old THEN 'superseded' WHEN is_over THEN 'expired'
            WHEN NOT is_standing THEN 'changed' WHEN place = 1 THEN 'applied' ELSE 'superseded' END AS outcome
FROM placed ORDER BY override_id, household_id
"""
