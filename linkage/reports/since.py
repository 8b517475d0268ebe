"""What changed since the publication before: incidents that came onto the list, and those that left it, and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple

from linkage.engine.base import Engine

GONE = "gone"
"""How an incident left the list that its source no longer delivers."""
_TABLES = ("incident", "incident_status", "household_today")


class Resolved(NamedTuple):
    """An incident that was on the list and is no longer."""

    incident_number: str
    source_id: str
    reported_on: date | None
    municipality_code: str | None
    expected: str | None
    how: str
    """Its status tonight, or `GONE`."""
    delay_days: int | None


@dataclass(frozen=True)
class Since:
    """The list of tonight against that of the publication before."""

    before: date | None
    """Day that the publication before answered for."""
    new: frozenset[tuple[str, str]]
    """Source and number of incidents that are on the list and were not."""
    resolved: Sequence[Resolved]

    def how(self) -> list[tuple[str, int]]:
        """Return how incidents left the list, the most frequent first."""
        counts: dict[str, int] = {}
        for one in self.resolved:
            counts[one.how] = counts.get(one.how, 0) + 1
        return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def read(db: Engine, before: Path | None) -> Since | None:
    """Compare with the case view at a path; None on the first night, or when it is of a version without a list."""
    if before is None or not before.is_file():
        return None
    quoted = str(before).replace("'", "''")
    db.run(f"ATTACH '{quoted}' AS before_it (READ_ONLY)")
    try:
        there = {
            name for (name,) in db.rows("SELECT table_name FROM duckdb_tables() WHERE database_name = 'before_it'")
        }
        if not set(_TABLES[:2]) <= there:
            return None
        days = db.rows("SELECT max(as_of) FROM before_it.household_today") if _TABLES[2] in there else [(None,)]
        new = db.rows(
            "SELECT source_id, incident_number FROM incident_status WHERE status = 'unmatched' EXCEPT "
            "SELECT source_id, incident_number FROM before_it.incident_status WHERE status = 'unmatched'"
        )
        resolved = db.rows(
            """SELECT b.incident_number, b.source_id, CAST(coalesce(i.reported_at, o.reported_at) AS DATE),
                 coalesce(i.municipality_code, o.municipality_code), i.expected_steunpunt,
                 coalesce(s.status, 'gone') AS how, s.delay_days
               FROM before_it.incident_status AS b
               LEFT JOIN before_it.incident AS o USING (source_id, incident_number)
               LEFT JOIN incident_status AS s USING (source_id, incident_number)
               LEFT JOIN incident AS i USING (source_id, incident_number)
               WHERE b.status = 'unmatched' AND coalesce(s.status, 'gone') <> 'unmatched'
               ORDER BY how, b.incident_number, b.source_id"""
        )
    finally:
        db.run("DETACH before_it")
    return Since(
        days[0][0], frozenset((source, number) for source, number in new), [Resolved(*row) for row in resolved]
    )
