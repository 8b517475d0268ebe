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
WITH wanted AS (
  SELECT s.*, i.reported_at, i.municipality_code, i.expected_steunpunt, i.children_involved, i.severity, i.household_id
  FROM incident_status AS s JOIN incident AS i USING (source_id, incident_number)
  WHERE s.status IN ({statuses})
), repeats AS (
  SELECT household_id, count(*) AS incidents
  FROM (SELECT source_id, incident_number, household_id FROM incident SEMI JOIN wanted USING (household_id))
  ANTI JOIN (SELECT source_id, incident_number FROM incident_status WHERE status = 'excluded')
    USING (source_id, incident_number)
  GROUP BY household_id
), candidates AS (
  SELECT incident_source_id AS source_id, incident_number, count(*) AS reports, max(match_probability) AS best
  FROM incident_link WHERE link_class = 'possible' GROUP BY incident_source_id, incident_number
), listed AS (
  SELECT w.incident_number, w.source_id, CAST(w.reported_at AS DATE) AS reported_on, w.municipality_code,
    w.expected_steunpunt, w.age_days, w.cause,
    CASE WHEN w.children_involved IS NULL THEN 'unknown' WHEN w.children_involved > 0 THEN 'yes'
      ELSE 'no' END AS children,
    CASE WHEN w.severity IN {severities} THEN w.severity ELSE 'none' END AS severity,
    coalesce(r.incidents, 1) AS repeats, w.household_id, coalesce(c.reports, 0) AS candidates, c.best, w.status
  FROM wanted AS w
  LEFT JOIN repeats AS r USING (household_id)
  LEFT JOIN candidates AS c USING (source_id, incident_number)
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
