"""The figures that may leave: who has the page, the rules and every relation between counts learns no small one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from linkage.disclosure import PROTECTION, THRESHOLD, attack, release
from linkage.disclosure.release import records, relations, shown
from linkage.engine.duckdb import DuckDBEngine
from linkage.reports import drawings, figures
from linkage.reports.figures import PERIOD, PLACE, Figures
from tests.nights import Night
from tests.spec.reports import report_view as made

SIZES = (150, 900, 6000)


@pytest.fixture(scope="module", params=SIZES)
def counts(request: pytest.FixtureRequest) -> list[Any]:
    """The counts of a small, an ordinary and a large region."""
    with made.build(incidents=request.param, seed=request.param) as db:
        return figures.count(db)


def whole(counts: list[Any]) -> tuple[pd.DataFrame, Figures]:
    """Return the exact rows of the page and what is released of them."""
    told = figures.part(counts, made.PLACES, lambda *_: True)
    exact = figures._frame(counts, sorted(made.PLACES))
    exact.loc[(exact["scope"] == PERIOD) & (exact["unit"] == told.step), "unit"] = "share"
    keys = list(zip(*(exact[c] for c in ("kpi_code", "figure", "part", "scope", "scope_code")), strict=True))
    return exact[np.array([key in told.rows for key in keys]) & (exact["unit"] == "share").to_numpy()], told


def test_no_small_count_of_the_page_can_be_told(counts: list[Any]) -> None:
    exact, told = whole(counts)
    cells, true, known = relations(exact)
    published = np.full(len(cells), np.nan)
    number = {cell: place for place, cell in enumerate(cells)}
    for row in exact.to_dict("records"):
        figure = told.rows[row["kpi_code"], row["figure"], row["part"], row["scope"], row["scope_code"]]
        for column, cell in shown({str(k): v for k, v in row.items()}):
            value = getattr(figure, column)
            published[number[cell]] = np.nan if value is None else value
    small = [place for place in range(len(cells)) if true[place] < THRESHOLD]
    assert small and np.isnan(published[small]).all()
    low, high = attack(published, known, small)
    widths = (high - low)[small]
    assert widths.min() >= PROTECTION, "a count of 0 to 9 can be told too closely"


def test_the_gap_of_all_is_given_wherever_it_may(counts: list[Any]) -> None:
    """A small region loses tables, not the figure that the page is about."""
    _, told = whole(counts)
    gap = told.get("K02", "rate")
    assert gap is not None and gap.is_known and gap.numerator and gap.denominator
    assert gap.value == gap.numerator / gap.denominator
    assert gap.margin is not None and gap.margin[0] < gap.value < gap.margin[1]


def test_periods_are_as_short_as_counts_allow() -> None:
    steps = []
    for size in (150, 600, 4000):
        with made.build(incidents=size, seed=3) as db:
            steps.append(figures.part(figures.count(db), made.PLACES, lambda *_: True).step)
    assert steps == ["year", "quarter", "month"]


def test_a_municipality_without_incidents_is_on_the_page_like_one_with_few() -> None:
    """That it is missing would tell that its count is nought."""
    with made.build(incidents=900) as db:
        told = figures.part(figures.count(db), [*made.PLACES, "GM0037"], lambda *_: True)
    none = told.get("K02", "rate", scope=PLACE, scope_code="GM0037")
    assert none is not None and (none.numerator, none.denominator, none.value) == (None, None, None)


def test_the_interval_covers_what_rounding_hides() -> None:
    figure = figures.Figure("K02", "rate", "all", "all", "all", 10, 100, 0.1, "share", None, "computed", False)
    assert figure.margin == pytest.approx((0.0403, 0.2019), abs=0.0001)  # Wilson of 8/102 below, of 12/98 above


@pytest.mark.parametrize(
    ("shares", "wanted"),
    [
        ((0.07, 0.05, 0.1), ["above", "below", "above"]),
        ((0.1, 0.1), ["above", "above"]),
        ((0.1, None, 0.2), ["above", None, "above"]),
        ((0.0, 0.2), ["above", "above"]),  # below it the period is written
    ],
)
def test_a_share_stands_where_the_line_does_not_run(shares: tuple[float | None, ...], wanted: list[str | None]) -> None:
    told = [
        figures.Figure("K02", "rate", "all", PERIOD, f"202{year}", 10, 100, share, "share", None, "computed", False)
        for year, share in enumerate(shares)
    ]
    chart = drawings.periods(Figures({("K02", "rate", "all", PERIOD, f.scope_code): f for f in told}, "year"))
    assert chart is not None
    places = [None if s.y is None else chart.share_at(i) - s.y for i, s in enumerate(chart.steps)]
    assert [p and ("above" if p < 0 else "below") for p in places] == wanted


def test_the_indicators_of_the_night_stand_on_the_page_of_the_region(night: Night) -> None:
    with DuckDBEngine(night.out / "case_view.duckdb", read_only=True) as view:
        told = figures.whole(view, figures.count(view))
    codes = {figure.kpi_code for figure in told.rows.values()}
    assert {"K02", "K07", "K14", "K19", "K21"} <= codes
    assert {f.scope_code for f in told.of("K19", scope="source")} == {"ashg-zuidwest", "politie-nn", "vt-drenthe"}
    for figure in told.rows.values():
        for count in (figure.numerator, figure.denominator):
            assert count is None or (count % 5 == 0 and (count >= THRESHOLD or figure.unit == "difference")), figure


def test_who_has_the_export_too_reads_the_same_on_the_page(night: Night) -> None:
    """Two choices of what to withhold could tell together what neither does."""
    with DuckDBEngine(night.out / "case_view.duckdb", read_only=True) as view:
        table = view.frame("SELECT * FROM kpi ORDER BY rowid")
        [(place,)] = view.rows("SELECT municipality_code FROM incident GROUP BY ALL ORDER BY count(*) DESC, 1 LIMIT 1")
        one, two = figures.exported(view, [place]), figures.exported(view, [place, "GM0037"])
    released = release(table)
    released = released[(released["scope"] == PLACE) & (released["scope_code"] == place)]
    assert len(released) > 50
    for row in records(released):
        for scope, code in ((PLACE, place), ("all", "all")):
            figure = one.get(row["kpi_code"], row["figure"], row["part"], scope, code)
            assert figure is not None
            told = [None if pd.isna(row[name]) else row[name] for name in ("numerator", "denominator")]
            assert [figure.numerator, figure.denominator] == told
    assert {key[0] for key in two.rows if key[3] == "all"} == {"K02", "K05", "K18"}
    total = two.get("K02", "rate")
    assert total is not None and not total.is_known, "one of the two is not given"
