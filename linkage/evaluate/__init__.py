"""How well a published case view agrees with a known truth.

Mentions are compared as two partitions, the truth's and ours, through the sizes of their groups and of
their overlaps: the work grows with the mentions, never with the pairs. Five conventions:

* Only mentions that stand in both are compared; those that stand in one only are counted and told.
* A mention without a person or a household stands alone.
* The household of a mention is that of its person; of a child with two homes, the one of the record.
* A link is right by family when incident and report name people of one true household.
* Whether an incident has a report is judged over the incidents of the truth, but for those that the truth
  itself leaves out (`LEFT_OUT`); an incident that the view lost counts as one without a report.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linkage.engine.base import Engine
from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import UsageError
from linkage.evaluate import links
from linkage.evaluate.groups import NOTHING, Agreement, b_cubed, pairwise, subgroups
from linkage.evaluate.reliability import Reliability
from linkage.evaluate.truth import MENTION_COLUMNS, load_incidents, load_mentions, load_reports

LEFT_OUT = ("not_dv", "technical_duplicate", "withdrawn")
"""Reasons for which the truth says that an incident needs no report of its own."""

HOUSEHOLD_SIZE = "household_size"
"""People in the true household, in classes: households are told by it as persons are by the columns of the truth."""

VIEW_TABLES = ("involvement", "incident_status", "incident_link", "case_report")

_FOUND_MENTIONS = """
SELECT source_id, record_kind, record_id, person_seq, person_id, household_id FROM involvement
"""

_FOUND_STATUS = "SELECT incident_number, status FROM incident_status"

_FOUND_LINKS = """
SELECT incident_number, {prefix} || report_id AS report_id, match_probability
FROM (SELECT *, report_source_id AS source_id FROM incident_link) WHERE link_class <> 'possible'
"""

_FOUND_REPORTS = "SELECT source_id, {prefix} || report_id AS report_id, case_id FROM case_report"

_COMPARED = """
CREATE TABLE compared AS
WITH sized AS (
  SELECT true_household_id, count(DISTINCT true_person_id) AS people FROM truth_mention
  WHERE true_household_id IS NOT NULL GROUP BY true_household_id
)
SELECT t.*,
  CASE WHEN people = 1 THEN '1' WHEN people = 2 THEN '2' WHEN people <= 4 THEN '3-4' ELSE '5+' END AS household_size,
  coalesce('id ' || t.true_person_id, 'alone ' || t.row_no) AS person_expected,
  coalesce('id ' || f.person_id, 'alone ' || t.row_no) AS person_found,
  coalesce('id ' || t.true_household_id, 'alone ' || t.row_no) AS household_expected,
  coalesce('id ' || f.household_id, 'alone ' || t.row_no) AS household_found
FROM truth_mention AS t JOIN found_mention AS f USING (source_id, record_kind, record_id, person_seq)
LEFT JOIN sized ON sized.true_household_id = t.true_household_id
"""

_JUDGED = """
CREATE TABLE judged AS
SELECT t.incident_number, t.why, t.has_report AS is_expected, coalesce(f.is_matched, false) AS is_found,
  coalesce(f.status, 'absent') AS status
FROM (
  SELECT incident_number, min(why) AS why, bool_or(report_id IS NOT NULL) AS has_report
  FROM truth_incident GROUP BY incident_number
) AS t
LEFT JOIN (
  SELECT incident_number, min(status) AS status, bool_or(status LIKE 'matched%') AS is_matched
  FROM found_status GROUP BY incident_number
) AS f USING (incident_number)
"""

_COUNTED = f"""
CREATE TABLE counted AS SELECT DISTINCT incident_number FROM judged WHERE why IS NULL OR why NOT IN {LEFT_OUT}
"""


@dataclass(frozen=True)
class Coverage:
    """How many rows stand in both, and how many in the truth or the view alone."""

    compared: int
    only_in_truth: int
    only_in_view: int


@dataclass(frozen=True)
class Evaluation:
    """A case view against its truth."""

    mentions: Coverage
    incidents: Coverage
    agreement: Mapping[str, Agreement]
    status_by_why: Mapping[str, Mapping[str, int]]
    subgroups: Mapping[str, Mapping[str, Mapping[str, float | int | None]]]
    link_reliability: Sequence[Reliability]

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain nested dictionaries."""
        return {
            "coverage": {"mentions": vars(self.mentions).copy(), "incidents": vars(self.incidents).copy()},
            "agreement": {name: agreement.as_dict() for name, agreement in self.agreement.items()},
            "status_by_why": {why: dict(counts) for why, counts in self.status_by_why.items()},
            "subgroups": {
                column: {value: dict(row) for value, row in rows.items()} for column, rows in self.subgroups.items()
            },
            "link_reliability": {
                f"{row.low:g} to {row.high:g}": {
                    "links": row.pairs,
                    "promised": row.promised,
                    "right": row.observed,
                    "least": row.least,
                    "most": row.most,
                }
                for row in self.link_reliability
            },
        }


def evaluate(case_view: Engine, truth: Path) -> Evaluation:
    """Compare a case view with the truth files in a folder.

    Raises `UsageError` when a file or a column of the truth is missing, or a key stands in it twice.
    """
    missing = [name for name in VIEW_TABLES if not case_view.has(name)]
    if missing:
        raise UsageError(f"the case view has no table {', '.join(missing)}: run inbeeld run first")
    with DuckDBEngine() as scratch:  # the published view is open for reading only
        columns = load_mentions(scratch, truth)
        by_source = load_incidents(scratch, truth)
        load_reports(scratch, truth)
        _bring(case_view, scratch, by_source=by_source)
        scratch.run(_COMPARED)
        scratch.run(_JUDGED)
        scratch.run(_COUNTED)
        return Evaluation(
            mentions=_coverage(scratch, "truth_mention", "found_mention", MENTION_COLUMNS[:4]),
            incidents=_coverage(scratch, "judged", "found_status", ("incident_number",)),
            agreement={
                "persons_pairwise": pairwise(scratch, "person").get("", NOTHING),
                "persons_b_cubed": b_cubed(scratch, "person").get("", (NOTHING, 0))[0],
                "households_pairwise": pairwise(scratch, "household").get("", NOTHING),
                "households_b_cubed": b_cubed(scratch, "household").get("", (NOTHING, 0))[0],
                "incident_has_report": _has_report(scratch),
                "incident_links": links.exact(scratch),
                "incident_links_every_report": links.every_report(scratch),
                "incident_links_by_family": links.by_family(scratch),
            },
            status_by_why=_status_by_why(scratch),
            subgroups={column: rows for column in (*columns, HOUSEHOLD_SIZE) if (rows := subgroups(scratch, column))},
            link_reliability=links.promised(scratch),
        )


def _bring(case_view: Engine, scratch: Engine, *, by_source: bool) -> None:
    """Copy what is judged; with declared types, because a frame that holds nothing has none.

    ``by_source``: the truth tells reports of one number at two steunpunten apart, by their source.
    """
    prefix = "source_id || ' '" if by_source else "''"
    key = "source_id VARCHAR, record_kind VARCHAR, record_id VARCHAR, person_seq INTEGER"
    for name, columns, sql in (
        ("found_mention", f"{key}, person_id VARCHAR, household_id VARCHAR", _FOUND_MENTIONS),
        ("found_status", "incident_number VARCHAR, status VARCHAR", _FOUND_STATUS),
        ("found_link", "incident_number VARCHAR, report_id VARCHAR, match_probability DOUBLE", _FOUND_LINKS),
        ("found_report", "source_id VARCHAR, report_id VARCHAR, case_id VARCHAR", _FOUND_REPORTS),
    ):
        scratch.run(f"CREATE TABLE {name} ({columns})")
        scratch.register("brought", case_view.frame(sql.format(prefix=prefix)))
        scratch.run(f"INSERT INTO {name} BY NAME SELECT * FROM brought")


def _coverage(scratch: Engine, truth: str, view: str, keys: Iterable[str]) -> Coverage:
    key = ", ".join(keys)
    both, only_truth, only_view = scratch.rows(
        f"""SELECT count(*) FILTER (t AND v), count(*) FILTER (t AND v IS NULL), count(*) FILTER (v AND t IS NULL)
            FROM (SELECT DISTINCT {key}, true AS t FROM {truth})
            FULL JOIN (SELECT DISTINCT {key}, true AS v FROM {view}) USING ({key})"""
    )[0]
    return Coverage(both, only_truth, only_view)


def _has_report(scratch: Engine) -> Agreement:
    counts = scratch.rows(
        """SELECT count(*) FILTER (is_found AND is_expected), count(*) FILTER (is_found), count(*) FILTER (is_expected)
            FROM judged SEMI JOIN counted USING (incident_number)"""
    )
    return Agreement.of_counts(*counts[0])


def _status_by_why(scratch: Engine) -> dict[str, dict[str, int]]:
    rows = scratch.rows("SELECT coalesce(why, 'none'), status, count(*) FROM judged GROUP BY ALL ORDER BY ALL")
    statuses = sorted({status for _, status, _ in rows})
    table: dict[str, dict[str, int]] = {}
    for why, status, count in rows:
        table.setdefault(why, dict.fromkeys(statuses, 0))[status] = count
    return table
