"""The indicators of a simulated night against a second implementation that goes through the records one by one."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from statistics import median
from typing import Any

import holidays
import numpy as np
import pandas as pd
import pytest

from linkage.disclosure import PROTECTION, THRESHOLD, attack, release, rounded
from linkage.disclosure.release import records as rows_of
from linkage.disclosure.release import relations, shown
from linkage.engine.duckdb import DuckDBEngine
from tests.nights import Night

Row = dict[str, Any]
MATCHED = ("matched_reference", "matched_timely", "matched_late", "matched_very_late")


class Records:
    """What the oracle reads: published rows as dicts, and nothing that an indicator made."""

    def __init__(self, view: DuckDBEngine) -> None:
        def read(query: str) -> list[Row]:
            return view.frame(query).astype(object).where(lambda f: f.notna(), None).to_dict("records")

        self.as_of: date = view.rows("SELECT max(as_of) FROM kpi")[0][0]
        self.incidents = read("SELECT * FROM incident JOIN incident_status USING (source_id, incident_number)")
        self.reports = read("SELECT * FROM case_report WHERE contact_type = 'melding'")
        self.links = read("SELECT * FROM incident_link WHERE link_class <> 'possible'")
        self.colours = Counter(r["severity"] for r in read("SELECT severity FROM unified_case") if r["severity"])
        for row in self.incidents:
            row["day"] = row["reported_at"].date()
        for row in self.reports:
            row["day"] = row["received_at"].date()
        self.counting = [i for i in self.incidents if i["status"] != "excluded"]
        self.free = holidays.country_holidays("NL", years=range(2020, 2028), categories=("public", "optional"))

    def working(self, first: date, last: date) -> int:
        """Count the working days after the first day up to the last."""
        days = (first + timedelta(n) for n in range(1, (last - first).days + 1))
        return sum(day.weekday() < 5 and day not in self.free for day in days)

    def by_household(self) -> tuple[dict[str, list[Row]], dict[str, list[Row]]]:
        incidents, reports = defaultdict[str, list[Row]](list), defaultdict[str, list[Row]](list)
        for found, rows in ((incidents, self.counting), (reports, self.reports)):
            for row in rows:
                if row["household_id"]:
                    found[row["household_id"]].append(row)
        return incidents, reports


@pytest.fixture(scope="module")
def told(night: Night) -> dict[tuple[str, str, str], tuple[Any, ...]]:
    with DuckDBEngine(night.out / "case_view.duckdb", read_only=True) as view:
        rows = view.rows(
            "SELECT kpi_code, figure, part, numerator, denominator, value FROM kpi "
            "WHERE scope = 'all' AND period = 'all'"
        )
    return {(code, figure, part): tuple(counts) for code, figure, part, *counts in rows}


@pytest.fixture(scope="module")
def records(night: Night) -> Records:
    with DuckDBEngine(night.out / "case_view.duckdb", read_only=True) as view:
        return Records(view)


def test_statuses_gap_and_causes(told: dict[Any, Any], records: Records) -> None:
    status = Counter(i["status"] for i in records.incidents)
    judged = len(records.counting) - status["pending"] - status["review"]
    assert {p: n[0] for (c, _, p), n in told.items() if c == "K05" and n[0]} == dict(status)
    assert told["K01", "incidents", "unmatched"][0] == status["unmatched"]
    assert told["K02", "rate", "all"] == (status["unmatched"], judged, pytest.approx(status["unmatched"] / judged))
    assert told["K02", "high", "all"][:2] == (status["unmatched"] + status["review"], judged + status["review"])
    assert told["K04", "rate", "all"][:2] == (status["unmatched"] + status["covered_open_case"], judged)
    police = sum(r["reporter_category"] == "politie" for r in records.reports)
    assert told["K03", "net", "all"] == (len(records.counting), police, len(records.counting) - police)
    causes = Counter(i["cause"] for i in records.incidents if i["status"] == "unmatched")
    assert {p: n[0] for (c, _, p), n in told.items() if c == "K18" and n[0]} == dict(causes)
    matched = sum(status[name] for name in MATCHED)
    assert told["K12", "late", "all"][:2] == (status["matched_late"] + status["matched_very_late"], matched)


def test_the_time_to_the_first_report(told: dict[Any, Any], records: Records) -> None:
    received = {(r["source_id"], r["report_id"]): r["day"] for r in records.reports}
    first: dict[tuple[str, str], date] = {}
    for link in records.links:
        key, day = (
            (link["incident_source_id"], link["incident_number"]),
            received[link["report_source_id"], link["report_id"]],
        )
        first[key] = min(first.get(key, day), day)
    pairs = [(i["day"], d) for i in records.counting if (d := first.get((i["source_id"], i["incident_number"])))]
    assert len(pairs) > 20
    assert told["K07", "days", "median"][1:] == (len(pairs), median(max(0, (d - i).days) for i, d in pairs))
    working = [records.working(i, d) for i, d in pairs]
    assert told["K07", "working_days", "median"][2] == median(working)
    for part, share in (("p75", 75), ("p90", 90)):
        assert told["K07", "working_days", part][2] == pytest.approx(np.percentile(working, share), abs=1e-9)


def test_named_children_count_once_in_each_year_and_place(night: Night, records: Records) -> None:
    """Who is on several incidents is one of the region, one of each municipality, and one of each year in it."""
    with DuckDBEngine(night.out / "case_view.duckdb", read_only=True) as view:
        rows = view.rows(
            "SELECT source_id, record_id, person_id FROM involvement "
            "WHERE record_kind = 'incident' AND standing IS DISTINCT FROM 'outsider' AND is_child"
        )
        cells = view.rows(
            "SELECT scope_code, period, numerator FROM kpi "
            "WHERE kpi_code = 'K14' AND figure = 'named' AND numerator > 0"
        )
    incidents = {(i["source_id"], i["incident_number"]): i for i in records.counting}
    expected = defaultdict[tuple[str, str], set[str]](set)
    for source, number, person in rows:
        if incident := incidents.get((source, number)):
            for place in ("all", incident["municipality_code"] or "onbekend"):
                for period in ("all", str(incident["day"].year)):
                    expected[place, period].add(person)
    assert {(place, period): count for place, period, count in cells} == {k: len(v) for k, v in expected.items()}
    apart = sum(len(named) for (place, period), named in expected.items() if place != "all" and period != "all")
    assert apart > len(expected["all", "all"]) > 20, "somebody is named in two years or places"


def test_terms_of_assessment_and_service(told: dict[Any, Any], records: Records) -> None:
    delivers = {r["source_id"] for r in records.reports if r["safety_assessment_end"]}
    due = [r for r in records.reports if r["source_id"] in delivers and records.working(r["day"], records.as_of) >= 5]
    ended = [(r["day"], r["safety_assessment_end"]) for r in due if r["safety_assessment_end"]]
    met = sum(records.working(first, as_day(last)) <= 5 for first, last in ended)
    assert told["K08", "in_time", "all"][:2] == (met, len(due))
    started = [r for r in records.reports if r["service_start"]]
    ends = [(ten_weeks(records, as_day(r["service_start"])), r["service_end"]) for r in started]
    over = [(last, end) for last, end in ends if last <= records.as_of]
    kept = sum(end is not None and as_day(end) <= last for last, end in over)
    assert told["K09", "in_time", "all"][:2] == (kept, len(over))
    heard = [r for r in records.reports if r["reporter_category"] == "politie" and r["safety_assessment_end"]]
    heard = [r for r in heard if as_day(r["safety_assessment_end"]) <= records.as_of]
    assert told["K23", "feedback", "all"][:2] == (sum(r["feedback_at"] is not None for r in heard), len(heard))


def ten_weeks(records: Records, first: date) -> date:
    """Return the last day of the term: the next working day, where it is none (Algemene termijnenwet, article 1)."""
    last = first + timedelta(70)
    while not records.working(last - timedelta(1), last):
        last += timedelta(1)
    return last


def test_households_before_without_and_after_a_case(told: dict[Any, Any], records: Records) -> None:
    incidents, reports = records.by_household()
    often = {h for h, rows in incidents.items() if len(rows) >= 3}
    assert told["K11", "households", "all"][:2] == (len(often - set(reports)), len(often))
    start = min(i["day"] for i in records.incidents)
    before: Counter[str] = Counter()
    for household, rows in reports.items():
        first = min(r["day"] for r in rows)
        if first >= start.replace(year=start.year + 2):
            count = sum(i["day"] <= first for i in incidents[household])
            before[str(count) if count < 4 else "4+"] += 1
    assert {p: n[0] for (c, _, p), n in told.items() if c == "K10" and n[0]} == dict(before)
    for days in (90, 180, 365):
        again, closed = after_closure(records, incidents, reports, days)
        assert told["K16", f"incident_{days}", "all"][:2] == (again, closed)


def after_closure(records: Records, incidents: Any, reports: Any, days: int) -> tuple[int, int]:
    again = closed = 0
    for household, rows in reports.items():
        seen = set()
        for row in sorted((r for r in rows if r["closed_at"]), key=lambda r: r["closed_at"]):
            at = row["closed_at"]
            is_open = any(o["received_at"] <= at and (o["closed_at"] is None or o["closed_at"] > at) for o in rows)
            if is_open or at.year in seen:
                continue
            seen.add(at.year)
            end = at.date() + timedelta(days)
            if end <= records.as_of:
                closed += 1
                again += any(i["reported_at"] > at and i["day"] <= end for i in incidents[household])
    return again, closed


def test_colours_are_those_of_the_dossiers(told: dict[Any, Any], records: Records) -> None:
    """The dossiers got them from ``household_colour``, and the indicator counts that table."""
    assert {p: n[0] for (c, f, p), n in told.items() if (c, f) == ("K21", "colour") and n[0]} == dict(records.colours)


def test_shares_of_a_part_list_sum_to_one(night: Night) -> None:
    with DuckDBEngine(night.out / "case_view.duckdb", read_only=True) as view:
        wrong = view.rows(
            "SELECT kpi_code, figure FROM kpi WHERE part <> 'all' AND unit = 'share' AND kpi_code <> 'K19' "
            "AND status = 'computed' GROUP BY kpi_code, figure, scope, scope_code, period "
            "HAVING abs(sum(value) - 1) > 1e-9 OR sum(numerator) <> any_value(denominator)"
        )
    assert wrong == []


@pytest.fixture(scope="module")
def exact(night: Night) -> pd.DataFrame:
    """The indicators of the whole window, before anything is withheld."""
    with DuckDBEngine(night.out / "case_view.duckdb", read_only=True) as view:
        return view.frame("SELECT * FROM kpi WHERE period = 'all' ORDER BY rowid")


@pytest.fixture(scope="module")
def released(exact: pd.DataFrame) -> pd.DataFrame:
    return release(exact)


def test_who_has_the_whole_release_cannot_tell_a_small_count(exact: pd.DataFrame, released: pd.DataFrame) -> None:
    """Every thirtieth of them is attacked: two linear programs each."""
    cells, counts, known = relations(exact)
    place, published = {cell: number for number, cell in enumerate(cells)}, np.full(len(counts), np.nan)
    for before, after in zip(rows_of(exact), rows_of(released), strict=True):
        for column, cell in shown(before):
            published[place[cell]] = np.nan if pd.isna(after[column]) else after[column]
    small = np.flatnonzero(counts < THRESHOLD)[::30]
    low, high = attack(published, known, small)
    assert len(small) > 20
    assert ((low <= counts) & (counts <= high)).all()
    assert (high - low)[small].min() >= PROTECTION
    naive = np.where(counts < THRESHOLD, np.nan, rounded(counts))
    low, high = attack(naive, known, small)
    assert (high - low)[small].min() < PROTECTION, "small counts alone are not enough to withhold"


def test_what_is_released_holds_no_small_count(released: pd.DataFrame) -> None:
    counts = released[["numerator", "denominator"]].stack().dropna()
    assert len(counts) > 20
    assert ((counts % 5 == 0) & (counts >= 10)).all()
    assert "censored" not in released.columns
    assert released[released["is_withheld"]]["value"].isna().all()
    told = released[(released["unit"] == "share") & released["value"].notna()]
    assert (told["value"] == (told["numerator"] / told["denominator"]).clip(upper=1)).all()


def as_day(value: Any) -> date:
    return value.date() if hasattr(value, "date") else value
