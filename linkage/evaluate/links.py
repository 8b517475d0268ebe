"""How well reports are given to the incidents that they are about: exactly, by family, and as surely as promised.

A report that is about another incident of the same family is wrong exactly and right by family: who is helped is right,
which night it was is not. `records` needs the tables of `linkage.evaluate`.
"""

from __future__ import annotations

import numpy as np

from linkage.engine.base import Engine
from linkage.evaluate.groups import NOTHING, Agreement
from linkage.evaluate.reliability import TENTHS_AND_TOP, Reliability, reliability

_EXACT = """
WITH expected AS (
  SELECT DISTINCT incident_number, report_id FROM {truth}
  WHERE report_id IS NOT NULL AND incident_number IN (SELECT incident_number FROM counted)
), found AS (
  SELECT DISTINCT incident_number, report_id FROM found_link SEMI JOIN counted USING (incident_number)
)
SELECT (SELECT count(*) FROM expected JOIN found USING (incident_number, report_id)),
  (SELECT count(*) FROM found), (SELECT count(*) FROM expected)
"""

_BY_FAMILY = """
WITH family AS (
  SELECT DISTINCT source_id, record_kind, record_id, true_household_id
  FROM truth_mention WHERE true_household_id IS NOT NULL
), link AS (
  SELECT DISTINCT l.incident_number, l.report_id, i.true_household_id IS NOT NULL AS is_right
  FROM found_link AS l JOIN counted USING (incident_number) JOIN found_report AS r USING (report_id)
  LEFT JOIN (
    SELECT a.record_id AS incident_number, b.source_id, b.record_id AS case_id,
           any_value(a.true_household_id) AS true_household_id
    FROM family AS a JOIN family AS b USING (true_household_id)
    WHERE a.record_kind = 'incident' AND b.record_kind = 'case' GROUP BY a.record_id, b.source_id, b.record_id
  ) AS i ON i.incident_number = l.incident_number AND i.source_id = r.source_id AND i.case_id = r.case_id
), reported AS (SELECT DISTINCT incident_number FROM truth_incident SEMI JOIN counted USING (incident_number)
  WHERE report_id IS NOT NULL)
SELECT (SELECT count(*) FROM link), (SELECT count(*) FROM link WHERE is_right), (SELECT count(*) FROM reported),
  (SELECT count(*) FROM reported WHERE incident_number IN (SELECT incident_number FROM link WHERE is_right))
"""


def exact(scratch: Engine) -> Agreement:
    """Compare links with the one report that the truth gives an incident."""
    return Agreement.of_counts(*scratch.rows(_EXACT.format(truth="truth_incident"))[0])


def every_report(scratch: Engine) -> Agreement:
    """Compare links with all reports about an incident: one may come through two channels."""
    return Agreement.of_counts(*scratch.rows(_EXACT.format(truth="truth_report"))[0])


def by_family(scratch: Engine) -> Agreement:
    """Return the share of links that lead to the incident's own family, and of reported incidents that have one."""
    links, right, reported, reached = scratch.rows(_BY_FAMILY)[0]
    if not links or not reported or not right:
        return NOTHING
    return Agreement.of_shares(right / links, reached / reported)


def promised(scratch: Engine) -> list[Reliability]:
    """Return the classes of match probability of links, with the share of them that is right."""
    told = scratch.arrays(
        """SELECT match_probability, t.report_id IS NOT NULL AS is_right
           FROM found_link JOIN counted USING (incident_number) LEFT JOIN truth_report AS t
           USING (incident_number, report_id) WHERE match_probability IS NOT NULL
           ORDER BY incident_number, report_id"""
    )
    chances = np.asarray(told["match_probability"], dtype=np.float64)
    return reliability(chances, np.asarray(told["is_right"], dtype=bool), bounds=TENTHS_AND_TOP)
