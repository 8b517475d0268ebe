"""Two nights side by side: what moved too far stops, what is new or few or chance does not."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from linkage import contracts
from linkage.audit import Figure, changes, keep
from linkage.audit.figure import shares
from linkage.audit.measures import stability
from linkage.config import Audit, Config
from linkage.engine.duckdb import DuckDBEngine

DAY = date(2025, 3, 31)
TABLES = (
    "incident", "incident_status", "incident_link", "case_report", "person", "household", "person_id_history",
    "household_id_history", "link_basis", "pattern_count", "run",
)  # fmt: skip
MATCHED = "matched_timely"
COMPARISONS = {"birth": "pattern % 10", "given": "pattern // 10"}
"""Patterns of two digits, one for each comparison."""


class Side:
    """One night's tables, written in a few words."""

    def __init__(self, path: Path | None = None) -> None:
        self.db = DuckDBEngine(path)
        for name in TABLES:
            self.db.run(contracts.table(name).ddl())
        self.add("run", range(1), run_id="'r1'", status="'published'", as_of=f"DATE '{DAY}'")
        self.number = 0

    def incidents(
        self, n: int, status: str, *, place: str = "GM1", source: str = "pol", age: int = 30, link: str | None = None
    ) -> Side:
        """Add incidents of one status; with ``link`` each is answered by a report of its own."""
        incident = {"source_id": f"'{source}'", "incident_number": "'I' || i"}
        report = {"source_id": "'vt'", "report_id": "'R' || i"}
        day = f"TIMESTAMP '{DAY} 12:00' - INTERVAL {age} DAY"
        rows = range(self.number, self.number + n)
        self.add("incident", rows, **incident, municipality_code=f"'{place}'", reported_at=day)
        self.add("incident_status", rows, **incident, status=f"'{status}'")
        self.add("case_report", rows, **report, contact_type="'melding'")
        if link:
            ends = {f"incident_{k}".replace("incident_incident", "incident"): v for k, v in incident.items()}
            ends |= {f"report_{k}".replace("report_report", "report"): v for k, v in report.items()}
            self.add("incident_link", rows, **ends, link_class=f"'{link}'")
        self.number += n
        return self

    def people(self, n: int) -> Side:
        """Add persons P0, P1, …."""
        self.add("person", range(n), person_id="'P' || i")
        return self

    def patterns(self, pairs: dict[int, int], compared_by: str | None = "these comparisons") -> Side:
        """Count pairs by pattern."""
        self.add("link_basis", range(1), comparisons="NULL" if compared_by is None else f"'{compared_by}'")
        told = ", ".join(f"({pattern}, {pattern}, 1, {n})" for pattern, n in pairs.items())
        self.db.run(f"INSERT INTO pattern_count (evidence_no, pattern, rules, pairs) VALUES {told}")
        return self

    def merged(self, persons: range, run_id: str) -> Side:
        """Let a run have merged persons into another."""
        given = {"old_id": "'P' || i", "new_id": "'P999'", "run_id": f"'{run_id}'", "reason": "'merge'"}
        self.add("person_id_history", persons, **given)
        return self

    def add(self, table: str, rows: range, **given: str) -> None:
        """Insert a row for each i; required columns that are not given hold something."""
        fillers = {"INTEGER": "0", "BIGINT": "0", "VARCHAR": "'-'", "BOOLEAN": "FALSE", "DOUBLE": "1"}
        required = {
            c.name: fillers.get(c.type, "TIMESTAMP '2025-01-01'") for c in contracts.table(table).columns if c.required
        }
        told = ", ".join(f"{sql} AS {name}" for name, sql in (required | given).items())
        self.db.run(f"INSERT INTO {table} BY NAME SELECT {told} FROM range({rows.start}, {rows.stop}) AS t(i)")


class Nights:
    """Yesterday, published in a file, and tonight."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.old, self.new = Side(folder / "restricted.duckdb"), Side()

    def found(self, **limits: Any) -> dict[tuple[str, str], Figure]:
        """Return the figures by measure and name."""
        self.old.db.close()
        config = Config(audit=Audit(**limits))
        figures = changes(self.new.db, config, published=self.folder, as_of=DAY, run_id="r2", comparisons=COMPARISONS)
        keep(self.new.db, figures, is_first=True)
        return {(f.measure, f.name): f for f in figures}

    def stops(self, **limits: Any) -> set[tuple[str, str]]:
        """Return what stops the night."""
        return {key for key, figure in self.found(**limits).items() if figure.verdict == "stop"}


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    return Nights(tmp_path)


def test_a_night_like_the_one_before_stops_nothing(nights: Nights) -> None:
    for side in (nights.old, nights.new):
        side.incidents(200, MATCHED, link="deterministic").incidents(100, "unmatched").people(500).patterns(
            {1: 5000, 2: 900}
        )
    found = nights.found()
    assert {f.verdict for (measure, _), f in found.items() if not measure.startswith("household")} == {"ok"}
    assert {m for m, _ in found} | {"volume", "owed_delivery"} == set(contracts.codes("audit_measure").codes)


def test_new_records_alone_move_no_link(nights: Nights) -> None:
    nights.old.incidents(100, MATCHED, link="deterministic")
    nights.new.incidents(100, MATCHED, link="deterministic").incidents(60, MATCHED, link="deterministic")
    found = nights.found()
    assert (found["links_lost", "all"].change, found["links_won", "all"].change) == (0, 0)
    assert found["links_lost", "all"].before == 100


def test_answers_that_are_gone_between_records_that_stay_stop_the_night(nights: Nights) -> None:
    nights.old.incidents(100, MATCHED, link="deterministic")
    nights.new.incidents(80, MATCHED, link="deterministic").incidents(20, "unmatched")
    found = nights.found()
    assert (found["links_lost", "all"].verdict, found["links_lost", "all"].change) == ("stop", -0.2)
    assert found["links_lost", "pol"].line == "links_lost of source pol: 100 -> 80 (moved 0.2, at most 0.020)"


def test_answers_of_withdrawn_incidents_are_not_lost(nights: Nights) -> None:
    nights.old.incidents(100, MATCHED, link="deterministic")
    nights.new.incidents(80, MATCHED, link="deterministic").incidents(20, "excluded")
    assert nights.found()["links_lost", "all"].change == 0


def test_answers_that_appear_between_old_records_stop_the_night(nights: Nights) -> None:
    nights.old.incidents(100, MATCHED, link="deterministic").incidents(50, "unmatched")
    nights.new.incidents(150, MATCHED, link="deterministic")
    assert ("links_won", "all") in nights.stops()


def test_possible_links_are_no_answers(nights: Nights) -> None:
    nights.old.incidents(100, MATCHED, link="deterministic").incidents(50, "review", link="possible")
    nights.new.incidents(100, MATCHED, link="deterministic").incidents(50, "review")
    assert nights.found()["links_lost", "all"].change == 0


@pytest.mark.parametrize(("merged", "verdict"), [(9, "ok"), (30, "stop")])
def test_merges_of_tonight_stop_the_night_when_many(nights: Nights, merged: int, verdict: str) -> None:
    nights.old.people(500)
    nights.new.merged(range(merged), "r2").merged(range(100, 300), "r1")
    found = nights.found()
    assert found["person_merges", "all"].verdict == verdict
    assert (found["person_merges", "all"].after, found["person_splits", "all"].change) == (500 - merged, 0)


def test_one_municipality_whose_links_fail_stops_a_night_that_looks_well_as_a_whole(nights: Nights) -> None:
    for side in (nights.old, nights.new):
        side.incidents(2000, MATCHED).incidents(400, "unmatched")
    nights.old.incidents(100, MATCHED, place="GM2").incidents(20, "unmatched", place="GM2")
    nights.new.incidents(60, MATCHED, place="GM2").incidents(60, "unmatched", place="GM2")
    assert nights.stops() == {("match_rate", "GM2"), ("recent_match_rate", "GM2")}


def test_a_handful_of_incidents_stops_nothing_whatever_they_do(nights: Nights) -> None:
    nights.old.incidents(8, MATCHED, place="GM2", link="reference")
    nights.new.incidents(8, "unmatched", place="GM2")
    found = nights.found()
    assert {f.verdict for f in found.values()} == {"small"}


def test_a_difference_beyond_the_limit_that_chance_explains_stops_nothing(nights: Nights) -> None:
    nights.old.incidents(40, MATCHED).incidents(20, "unmatched")
    nights.new.incidents(30, MATCHED).incidents(30, "unmatched")
    assert abs(nights.found()["match_rate", "all"].change or 0) > 0.15
    assert nights.new.db.rows("SELECT count(*) FROM audit WHERE verdict = 'stop'") == [(0,)]


def test_the_last_days_show_at_once_what_the_whole_hides(nights: Nights) -> None:
    for side in (nights.old, nights.new):
        side.incidents(3000, MATCHED, age=400).incidents(300, "unmatched", age=400)
    nights.old.incidents(150, MATCHED).incidents(50, "pending")
    nights.new.incidents(75, MATCHED).incidents(125, "pending")
    assert {m for m, _ in nights.stops()} == {"recent_match_rate"}


def test_answers_that_rest_on_households_instead_of_persons_stop_the_night(nights: Nights) -> None:
    nights.old.incidents(300, MATCHED, link="deterministic").incidents(30, MATCHED, link="household")
    nights.new.incidents(250, MATCHED, link="deterministic").incidents(80, MATCHED, link="household")
    assert {m for m, _ in nights.stops()} == {"near_exact_links"}


def test_a_chain_that_stops_filling_in_its_references_stops_the_night(nights: Nights) -> None:
    nights.old.incidents(200, MATCHED, link="reference").incidents(100, MATCHED, link="deterministic")
    nights.new.incidents(300, MATCHED, link="deterministic")
    assert {m for m, _ in nights.stops()} == {"reference_links"}


def test_reports_of_a_source_that_no_longer_answer_stop_the_night(nights: Nights) -> None:
    nights.old.incidents(300, MATCHED, link="deterministic").incidents(100, "unmatched")
    nights.new.incidents(200, MATCHED, link="deterministic").incidents(200, "unmatched")
    assert ("answering_rate", "vt") in nights.stops()


def test_a_comparison_whose_levels_shift_stops_the_night_and_is_named(nights: Nights) -> None:
    """Many patterns, each rare: only the comparison shows that half of the birth dates no longer agree."""
    nights.old.patterns({10 * given + 1: 100 for given in range(300)})
    nights.new.patterns({10 * given + level: 50 for given in range(300) for level in (1, 2)})
    assert nights.stops() == {("pattern_stability", "birth")}


@pytest.mark.parametrize("before", ["other comparisons", None], ids=["another version", "one that did not say"])
def test_comparisons_that_changed_are_not_compared_and_all_else_is(nights: Nights, before: str | None) -> None:
    """A new version counts levels in another way: that is no drift of the records. Links are judged all the same."""
    nights.old.patterns({1: 9000, 2: 1000}, before).incidents(200, MATCHED, link="deterministic")
    nights.new.patterns({1: 4000, 2: 6000}).incidents(200, "unmatched")
    found = nights.found()
    assert {f.verdict for (measure, _), f in found.items() if measure == "pattern_stability"} == {"unlike"}
    assert found["links_lost", "all"].verdict == "stop"


def test_a_publication_without_the_column_is_of_other_comparisons(nights: Nights) -> None:
    nights.old.patterns({1: 9000}).db.run("ALTER TABLE link_basis DROP COLUMN comparisons")
    nights.new.patterns({1: 4000, 2: 6000}).incidents(1, MATCHED)
    assert nights.found()["pattern_stability", "birth"].verdict == "unlike"


def test_few_pairs_are_no_distribution(nights: Nights) -> None:
    nights.old.patterns({1: 500, 2: 300})
    nights.new.patterns({1: 300, 2: 500})
    assert nights.found()["pattern_stability", "birth"].verdict == "small"


def test_many_rare_levels_that_change_places_are_no_drift() -> None:
    """Each is too rare to say anything; one by one they would sum to an index that no limit allows."""
    left = np.array([[9000, 9000], *[[1, 0]] * 200, *[[0, 1]] * 200], dtype=np.float64)
    assert stability(left) < 0.01
    assert stability(np.array([[9000, 4000], [1000, 6000]], dtype=np.float64)) > 1


def test_the_first_night_has_nothing_to_compare_with_and_says_so() -> None:
    side = Side().incidents(100, MATCHED, link="deterministic")
    figures = changes(side.db, Config(), published=None, as_of=DAY, run_id="r1", comparisons=COMPARISONS)
    assert {(f.verdict, f.before, f.change) for f in figures} == {("first", None, None)}
    assert [f.after for f in figures if (f.measure, f.name) == ("match_rate", "all")] == [1.0]


def test_a_publication_of_an_earlier_version_lacks_tables_and_stops_nothing(nights: Nights) -> None:
    nights.old.incidents(100, MATCHED, link="deterministic")
    nights.new.incidents(100, "unmatched").patterns({1: 9000})
    nights.old.db.run("DROP TABLE pattern_count")
    assert "pattern_stability" not in {measure for measure, _ in nights.found()}


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        ((70, 100), (40, 100), "stop"),
        ((7, 10), (4, 10), "small"),
        ((7000, 10000), (6600, 10000), "ok"),
        ((7000, 10000), (6400, 10000), "stop"),
        ((30, 60), (37, 60), "ok"),
        ((0, 0), (30, 60), "small"),
    ],
)
def test_shares_must_differ_by_the_limit_and_beyond_chance(
    before: tuple[int, int], after: tuple[int, int], verdict: str
) -> None:
    figure = shares("match_rate", "all", "all", before, after, allowed=0.05, least=50, certainty=4)
    assert figure.verdict == verdict
