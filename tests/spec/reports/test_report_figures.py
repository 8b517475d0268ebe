"""Figures and words: what is counted, in which order, in which notation."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from linkage import contracts, indicators
from linkage.config import Limits
from linkage.engine.duckdb import DuckDBEngine
from linkage.reports import charts, facts, words
from tests.spec.reports import report_view as made

NL = words.words(Limits())
TEXTS = Path(words.__file__).with_name("texts_nl.toml")


@pytest.fixture
def db() -> Iterator[DuckDBEngine]:
    with made.build(incidents=0) as engine:
        yield engine


def read(db: DuckDBEngine, stale: list[object] | None = None) -> facts.Facts:
    return facts.read(db, run_id=made.RUN, as_of=made.AS_OF, stale=stale or [])


def incident(number: str, severity: str | None, children: int | None, age: int) -> tuple[dict[str, object], ...]:
    key: dict[str, object] = {"source_id": "s", "incident_number": number}
    told = {"reported_at": datetime(2025, 1, 1, tzinfo=UTC).replace(tzinfo=None), "children_involved": children}
    return key | told | {"severity": severity}, key | {"status": "unmatched", "cause": "no_trace", "age_days": age}


def test_urgency_is_colour_then_children_then_days_then_number(db: DuckDBEngine) -> None:
    in_order = [
        incident("1", "red", 0, 50),
        incident("2", "orange", 2, 43),
        incident("3", "orange", None, 400),
        incident("4", "orange", 0, 90),
        incident("5", "orange", 0, 60),
        incident("6", "orange", 0, 60),
        incident("7", "yellow", 1, 400),
        incident("8", "green", 1, 400),
        incident("9", None, 3, 999),
    ]
    shuffled = [in_order[i] for i in (4, 8, 0, 7, 2, 5, 1, 6, 3)]
    made.put(db, "incident", [row for row, _ in shuffled])
    made.put(db, "incident_status", [row for _, row in shuffled])
    assert [case.incident_number for case in read(db).unmatched] == list("123456789")


def gap(code: str, month: date, **counts: int) -> dict[str, object]:
    zeros = dict.fromkeys(("incidents", "matched", "review", "pending", "unmatched", "excluded"), 0)
    counts = zeros | counts
    total = counts["incidents"] - counts["excluded"] - counts["pending"]
    low = counts["unmatched"] / total if total else None
    high = (counts["unmatched"] + counts["review"]) / total if total else None
    return {"municipality_code": code, "month": month, "gap_rate_low": low, "gap_rate_high": high} | counts


def test_the_gap_of_a_sum_is_the_gap_of_its_counts(db: DuckDBEngine) -> None:
    january, february = date(2025, 1, 1), date(2025, 2, 1)
    made.put(
        db,
        "gap",
        [
            gap("GM0106", january, incidents=10, matched=6, unmatched=2, review=1, excluded=1),
            gap("GM0114", january, incidents=30, matched=12, unmatched=10, review=3, pending=5),
            gap("GM0114", february, incidents=4, pending=4),
        ],
    )
    told = read(db)
    # 12 of 10 + 30 + 4 - 1 excluded - 9 pending = 34, of which 4 in review
    assert (told.total.rate, told.total.low, told.total.high) == (
        pytest.approx(12 / 30),
        pytest.approx(12 / 34),
        pytest.approx(16 / 34),
    )
    assert [(m.month, m.unmatched) for m in told.months] == [(january, 12), (february, 0)]
    assert told.months[1].rate is None
    assert [m.municipality_code for m in told.municipalities] == ["GM0114", "GM0106"]


def test_the_fitted_interval_stands_where_it_is_wider(db: DuckDBEngine) -> None:
    january = date(2025, 1, 1)
    made.put(db, "gap", [gap("GM0106", january, incidents=10, matched=7, unmatched=2, review=1)])
    told = [("alle", "alle", 0.15, 0.25), ("GM0106", "alle", 0.1, 0.4), ("alle", "2025-01", 0.25, 0.35)]
    names = ("municipality_code", "period", "gap_rate_low", "gap_rate_high")
    made.put(db, "gap_estimate", [dict(zip(names, row, strict=True)) | {"judged": 10, "gap_rate": 0.2} for row in told])
    found = read(db)
    assert (found.total.low, found.total.high) == (0.15, pytest.approx(0.3)), "its upper end is less than a bound"
    assert (found.municipalities[0].low, found.municipalities[0].high) == (0.1, 0.4)
    assert (found.months[0].low, found.months[0].high) == (pytest.approx(0.2), 0.35)
    assert (found.cells[0].low, found.cells[0].high) == (pytest.approx(0.2), pytest.approx(0.3)), "nothing was fitted"


def test_a_source_is_as_old_as_its_last_delivery_that_was_accepted(db: DuckDBEngine) -> None:
    told = read(db, ["vt-groningen", "vt-never"])
    assert [(s.source_id, s.age_days, s.is_stale) for s in told.sources] == [
        ("vt-groningen", 38, True),
        ("vt-never", None, True),
        ("politie-nn", 0, False),
        ("vt-drenthe", 0, False),
    ]


def test_a_stale_source_may_be_an_object_that_names_its_source(db: DuckDBEngine) -> None:
    class Stale:
        source_id = "vt-drenthe"

    assert [s.source_id for s in read(db, [Stale()]).stale] == ["vt-drenthe"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (NL.number(1234567), "1.234.567"),
        (NL.number(0), "0"),
        (NL.percent(0.1234), "12,3\u00a0%"),
        (NL.percent(1), "100,0\u00a0%"),
        (NL.percent(None), "–"),
        (NL.day(date(2025, 3, 1)), "01-03-2025"),
        (NL.day(None), "–"),
        (NL.moment(datetime(2025, 7, 1, 22, 30, tzinfo=UTC)), "02-07-2025 00:30"),
        (words.words(Limits()).month(date(2025, 3, 1)), "mrt 2025"),
        (words.words(Limits()).join(["a", "b", "c"]), "a, b en c"),
        (words.words(Limits()).label("cause", "some_new_cause"), "some new cause"),
    ],
)
def test_notation_is_dutch(said: str, expected: str) -> None:
    assert said == expected


def test_the_limits_of_the_configuration_stand_in_the_definitions() -> None:
    said = words.words(Limits(timely_days=5, late_days=30))
    assert said["status.matched_late"] == "Melding na 6 tot 30 dagen"
    assert not re.search(r"\{(early|timely|late|very_late)", str(said.texts))


def test_every_code_that_a_manager_meets_has_a_dutch_word() -> None:
    texts = tomllib.loads(TEXTS.read_text(encoding="utf-8"))
    causes = contracts.codes("cause").codes
    assert set(texts["cause"]) == {code for code, meaning in causes.items() if meaning.startswith("unmatched")}
    assert set(texts["reason"]) == set(contracts.codes("reject_reason").codes)
    assert set(texts["severity"]) - {"none"} == set(texts["severity_meaning"]) == set(contracts.codes("severity").codes)
    assert set(texts["status"]) == set(texts["status_meaning"]) == set(facts.STATUSES)


def leaves(texts: dict[str, Any], path: str = "") -> set[str]:
    """Return the dotted paths of all texts, with the placeholders that each holds."""
    found = set()
    for key, value in texts.items():
        if isinstance(value, dict):
            found |= leaves(value, f"{path}{key}.")
        else:
            found.add(f"{path}{key} {sorted(re.findall(r'{[a-z_]+}', str(value)))}")
    return found


def test_both_languages_have_the_same_texts_with_the_same_placeholders() -> None:
    dutch, english = (
        tomllib.loads(TEXTS.with_name(f"texts_{one}.toml").read_text(encoding="utf-8")) for one in ("nl", "en")
    )
    names = english.pop("figure")
    assert set(names) == {f"{figure.kpi_code}.{figure.name}" for figure in indicators.figures()}
    for texts in (dutch, english):
        assert set(texts["kpi_meaning"]) == {one.code for one in indicators.indicators()}
        texts.pop("notation")
        assert [sorted(entry) for entry in texts.pop("glossary")] == [["meaning", "term"]] * 14
    assert leaves(dutch) == leaves(english)
    assert [key for key in dutch["page"] if dutch["page"][key] == english["page"][key]] == ["since_one"]


def test_notation_is_english_where_that_is_asked() -> None:
    english = words.words(Limits(), "en")
    said = [english.number(1234567), english.percent(0.1234), english.day(date(2025, 3, 1)), english.period("2025-Q1")]
    assert said == ["1,234,567", "12.3%", "1 Mar 2025", "Q1 2025"]
    assert [NL.period(code) for code in ("2025-Q1", "2025-03", "2025")] == ["2025, kw. 1", "mrt 2025", "2025"]


def test_the_bar_is_exactly_full_and_the_smallest_part_can_be_seen() -> None:
    pieces = charts.status_bar({"matched_timely": 100_000, "review": 1, "pending": 0, "unmatched": 5_000})
    assert [piece.status for piece in pieces] == ["matched_timely", "review", "unmatched"]
    assert sum(piece.width for piece in pieces) == pytest.approx(charts.BAR_WIDTH, abs=0.02)
    assert min(piece.width for piece in pieces) > 2


def test_the_line_breaks_at_a_month_of_which_nothing_can_be_said() -> None:
    rates = [0.1, 0.2, None, 0.3]
    months = [
        facts.Gap(None, date(2025, i + 1, 1), 9, 1, 1, 1, 0, 0, 1, 0, rate, rate, rate) for i, rate in enumerate(rates)
    ]
    chart = charts.month_chart(months)
    assert chart is not None
    assert [[point.month.month for point in run] for run in chart.lines] == [[1, 2], [4]]
    assert charts.month_chart(months[2:3]) is None


def test_a_month_that_still_waits_has_no_point() -> None:
    waiting = [0, 5, 6]
    months = [
        facts.Gap(None, date(2025, i + 1, 1), 100, 80, 5, 5, 0, n, 10 - n, 0, 0.1, 0.1, 0.1)
        for i, n in enumerate(waiting)
    ]
    chart = charts.month_chart(months)
    assert chart is not None
    assert [[point.month.month for point in run] for run in chart.lines] == [[1, 2]]
