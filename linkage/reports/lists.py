"""The lists of incidents, in the one order of urgency that every report keeps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from linkage.engine.base import Engine

SEVERITIES = ("red", "orange", "yellow", "green")
"""The most urgent first; a household without a colour comes last."""

CHILDREN = ("yes", "unknown", "no")
"""Unknown stands before no: an unknown may hide a child."""

_CASES = """
WITH repeats AS (
  SELECT i.household_id, count(*) AS incidents
  FROM incident AS i JOIN incident_status AS s USING (source_id, incident_number)
  WHERE s.status <> 'excluded' AND i.household_id IS NOT NULL
  GROUP BY i.household_id
), candidates AS (
  SELECT incident_source_id AS source_id, incident_number, count(*) AS reports, max(match_probability) AS best
  FROM incident_link WHERE link_class = 'possible' GROUP BY incident_source_id, incident_number
), listed AS (
  SELECT s.incident_number, s.source_id, CAST(i.reported_at AS DATE) AS reported_on, i.municipality_code,
    i.expected_steunpunt, s.age_days, s.cause,
    CASE WHEN i.children_involved IS NULL THEN 'unknown' WHEN i.children_involved > 0 THEN 'yes'
      ELSE 'no' END AS children,
    CASE WHEN i.severity IN {severities} THEN i.severity ELSE 'none' END AS severity,
    coalesce(r.incidents, 1) AS repeats, i.household_id, coalesce(c.reports, 0) AS candidates, c.best, s.status
  FROM incident_status AS s
  JOIN incident AS i USING (source_id, incident_number)
  LEFT JOIN repeats AS r ON r.household_id = i.household_id
  LEFT JOIN candidates AS c ON c.source_id = s.source_id AND c.incident_number = s.incident_number
  WHERE s.status IN ({statuses})
)
SELECT * FROM listed
ORDER BY {rank_severity}, {rank_children}, age_days DESC NULLS LAST, repeats DESC, incident_number, source_id
"""


class Case(NamedTuple):
    """One incident of a list."""

    incident_number: str
    source_id: str
    reported_on: date | None
    municipality_code: str | None
    expected: str | None
    """Partners of whom a report is expected, with ``|``."""
    age_days: int | None
    cause: str | None
    children: str
    severity: str
    repeats: int
    """Incidents of the household that count, this one included."""
    household_id: str | None
    candidates: int
    """Reports that may belong to it."""
    best: float | None
    """The highest match probability among them."""


def cases(db: Engine, *statuses: str) -> dict[str, list[Case]]:
    """Return the incidents of each of some statuses, the most urgent first.

    Urgency is: colour of the household, then children involved, then days open, then repeats, then number.
    """
    sql = _CASES.format(
        severities=SEVERITIES,
        statuses=", ".join("?" * len(statuses)),
        rank_severity=_rank("severity", SEVERITIES),
        rank_children=_rank("children", CHILDREN),
    )
    found: dict[str, list[Case]] = {status: [] for status in statuses}
    for *row, status in db.rows(sql, statuses):
        found[status].append(Case(*row))
    return found


def _rank(column: str, order: Sequence[str]) -> str:
    ranks = " ".join(f"WHEN '{code}' THEN {place}" for place, code in enumerate(order))
    return f"CASE {column} {ranks} ELSE {len(order)} END"
