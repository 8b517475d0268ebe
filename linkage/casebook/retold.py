"""Which incidents and families are told otherwise as a night judged something otherwise, or as another day has come.

By the day alone incidents grow older, and cases close. So that a night knows which, the day of the one before is kept.
"""

from __future__ import annotations

from datetime import date

from linkage import basis
from linkage.casebook import judge, touched
from linkage.casebook.sql import Night
from linkage.engine.base import Engine

DAY = "casebook day"
WORK = ("cb_stood", "cb_retold", "cb_restated", "cb_retold_family")


def day(db: Engine) -> date | None:
    """Return the day of the night before; None where it is not known."""
    found = basis.of_stage(db, DAY)
    return date.fromisoformat(found) if found else None


def keep_day(db: Engine, night: Night) -> None:
    """Keep the day for the night after."""
    basis.keep(db, DAY, night.as_of.isoformat())


def find(db: Engine, night: Night) -> None:
    """Write ``cb_retold`` (incident_no, source_id, incident_number), incidents that are touched or have another status,
    ``cb_restated`` (incident_no), those of which ``incident_status`` may say something else, and ``cb_retold_family``.

    All others grow older where they stand.
    """
    _find_status(db)
    _grow_older(db)
    _find_families(db, night)


def _find_status(db: Engine) -> None:
    """Write ``cb_stood``: the place of each incident in ``incident_status``, what it said there and says now; one
    that is gone has no number. Write ``cb_retold`` and ``cb_restated`` by it."""
    db.run(
        """
        CREATE OR REPLACE TEMP TABLE cb_stood AS
        SELECT i.incident_no, was.rowid AS place, was.status, was.cause, was.age_days, now.status AS status_now,
               now.age_days AS age_now
        FROM cb_standing i FULL JOIN incident_status was USING (source_id, incident_number)
            LEFT JOIN cb_status now ON now.incident_no = i.incident_no
        """
    )
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE cb_retold AS
        FROM {touched.INCIDENTS}
        UNION SELECT i.incident_no, i.source_id, i.incident_number
        FROM cb_standing i SEMI JOIN (FROM cb_stood WHERE status_now IS DISTINCT FROM status) USING (incident_no)
        """
    )
    judged = judge.INCIDENTS if judge.is_known(db) else "cb_standing"
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE cb_restated AS
        SELECT incident_no FROM cb_retold UNION SELECT incident_no FROM {judged}
        UNION SELECT incident_no FROM cb_unexplained
        UNION SELECT incident_no FROM cb_stood LEFT JOIN cb_advice a USING (incident_no)
            WHERE cause IN ('advice_same_day_place', 'no_trace')
            AND (cause = 'advice_same_day_place') <> (a.incident_no IS NOT NULL)
        """
    )


def _grow_older(db: Engine) -> None:
    db.run(
        """
        UPDATE incident_status SET age_days = age_now
        FROM (SELECT place, age_now FROM cb_stood WHERE age_now <> age_days) n WHERE n.place = incident_status.rowid
        """
    )


def _find_families(db: Engine, night: Night) -> None:
    """Write ``cb_retold_family``: those of which something is told otherwise, of such an incident or report, those of
    whom somebody came of age, and those whose case opens or closes by the day."""
    was = day(db)
    assert was is not None
    days = f"DATE '{min(was, night.as_of)}' + 1 AND DATE '{max(was, night.as_of)}'"
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE cb_retold_family AS
        FROM touched_household
        UNION SELECT household_id FROM household JOIN unified_case USING (household_id) WHERE minors <> children
        UNION SELECT household_id FROM cb_standing SEMI JOIN cb_retold USING (incident_no)
            WHERE household_id IS NOT NULL
        UNION SELECT household_id FROM {touched.OTHER_REPORTS} WHERE household_id IS NOT NULL
        UNION SELECT household_id FROM report_base
            WHERE household_id IS NOT NULL AND (day BETWEEN {days} OR CAST(closed_at AS DATE) BETWEEN {days})
        """
    )
