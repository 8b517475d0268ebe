"""Which answers are gone and which are new, against a count by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkage import contracts
from linkage.audit import answers
from linkage.engine.duckdb import DuckDBEngine

Record = tuple[str, str]
INCIDENTS = [("pol", "1"), ("pol", "2"), ("pol2", "1"), ("pol2", "3")]
REPORTS = [("vt", "a"), ("vt", "b"), ("vt2", "a")]
STATUSES = ("excluded", "matched_timely", "unmatched")


@dataclass(frozen=True)
class Told:
    """One night: what became of its incidents, its reports, and how the one answers the other."""

    statuses: dict[Record, str]
    reports: set[Record]
    links: dict[tuple[Record, Record], str]

    def answers(self) -> set[tuple[Record, Record]]:
        return {ends for ends, link_class in self.links.items() if link_class != "possible"}

    def counting(self) -> set[Record]:
        return {incident for incident, status in self.statuses.items() if status != "excluded"}


@st.composite
def nights(draw: st.DrawFn) -> Told:
    statuses = draw(st.dictionaries(st.sampled_from(INCIDENTS), st.sampled_from(STATUSES)))
    reports = draw(st.sets(st.sampled_from(REPORTS)))
    ends = [(i, r) for i in sorted(statuses) for r in sorted(reports)]
    classes = st.sampled_from(("reference", "household", "possible"))
    return Told(statuses, reports, draw(st.dictionaries(st.sampled_from(ends), classes)) if ends else {})


@pytest.fixture(scope="module")
def db() -> Iterator[DuckDBEngine]:
    with DuckDBEngine() as opened:
        for night in ("was", "now"):
            opened.run(f"CREATE SCHEMA {night}")
            opened.run(f"USE {night}")
            for name in ("incident_status", "case_report", "incident_link"):
                opened.run(contracts.table(name).ddl().replace(" NOT NULL", ""))
        yield opened


def write(db: DuckDBEngine, night: str, told: Told) -> None:
    for name in ("incident_status", "case_report", "incident_link"):
        db.run(f"DELETE FROM {night}.{name}")
    for (source, number), status in told.statuses.items():
        db.run(f"INSERT INTO {night}.incident_status BY NAME SELECT ? AS source_id, ? AS incident_number, ? AS status",
               [source, number, status])  # fmt: skip
    for source, number in told.reports:
        db.run(f"INSERT INTO {night}.case_report BY NAME SELECT ? AS source_id, ? AS report_id", [source, number])
    for (incident, report), link_class in told.links.items():
        db.run(
            f"INSERT INTO {night}.incident_link BY NAME SELECT ? AS incident_source_id, ? AS incident_number, "
            "? AS report_source_id, ? AS report_id, ? AS link_class", [*incident, *report, link_class],
        )  # fmt: skip


def by_hand(was: Told, now: Told) -> list[tuple[str | None, int, int, int]]:
    standing = was.counting() & now.counting(), was.reports & now.reports
    old, new = ({a for a in told.answers() if a[0] in standing[0] and a[1] in standing[1]} for told in (was, now))

    def row(source: str | None) -> tuple[str | None, int, int, int]:
        before, after = ({a for a in some if source in (None, a[0][0])} for some in (old, new))
        return source, len(before), len(before - after), len(after - before)

    return [row(None), *(row(source) for source in sorted({incident[0] for incident, _ in old | new}))]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(was=nights(), now=nights())
def test_answers_between_records_of_both_nights_are_compared(was: Told, now: Told, db: DuckDBEngine) -> None:
    write(db, "was", was)
    write(db, "now", now)
    assert answers.between(db, "was", "now") == by_hand(was, now)
