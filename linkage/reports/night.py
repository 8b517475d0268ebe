"""What the night itself tells: how old each source is, what was checked, what was refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from linkage.engine.base import Engine


@dataclass(frozen=True)
class Source:
    """A source and the last day that it has delivered."""

    source_id: str
    covers_until: date | None
    age_days: int | None
    """Days from that day to the day of the report; a source that is ahead of it is no days old."""
    is_stale: bool


@dataclass(frozen=True)
class Check:
    """A quality check of this run, told by the check itself in Dutch or English."""

    check_id: str
    table_name: str
    description: str
    outcome: str
    """``passed``, ``warning`` or ``failed``."""
    failing_rows: int | None
    total_rows: int | None


@dataclass(frozen=True)
class Rejected:
    """Rows of a source's file that were refused for one reason."""

    source_id: str
    file: str
    reason: str
    rows: int


def sources(db: Engine, as_of: date, stale: Sequence[object]) -> list[Source]:
    """Return every source with its age, the stale ones first and then by name."""
    behind = {str(getattr(source, "source_id", source)) for source in stale}
    known: dict[str, date | None] = dict(
        db.rows("SELECT source_id, max(covers_until) FILTER (status = 'accepted') FROM delivery GROUP BY source_id")
    )
    found = [
        Source(name, until, None if until is None else max((as_of - until).days, 0), name in behind)
        for name, until in (dict.fromkeys(behind) | known).items()
    ]
    return sorted(found, key=lambda source: (not source.is_stale, source.source_id))


def checks(db: Engine, run_id: str, language: str = "nl") -> list[Check]:
    """Return the checks of this run, those that need attention first."""
    rows = db.rows(
        f"""SELECT check_id, table_name, {"description_nl" if language == "nl" else "description"},
             CASE WHEN passed THEN 'passed' WHEN severity = 'stop' THEN 'failed' ELSE 'warning' END AS outcome,
             failing_rows, total_rows
           FROM check_result WHERE run_id = ? AND (severity <> 'info' OR passed)
           ORDER BY CASE outcome WHEN 'failed' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END, check_id, gate""",
        [run_id],
    )
    return [Check(*row) for row in rows]


def rejected(db: Engine) -> list[Rejected]:
    """Return how many rows were refused and not repaired since, by source, file and reason, the most first."""
    rows = db.rows(
        """SELECT source_id, file_name, reason, count(*) AS refused FROM rejected_row
           ANTI JOIN (SELECT source_id, repairs AS delivery_id FROM delivery WHERE status = 'accepted')
             USING (source_id, delivery_id)
           GROUP BY source_id, file_name, reason ORDER BY refused DESC, source_id, file_name, reason"""
    )
    return [Rejected(*row) for row in rows]
