"""The probability that a report is about an incident against all assignments, written out one by one."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from linkage.casebook.likelihood import NO, POLICE, UNKNOWN, YES, Edges, Rates, about, lag_class, learn, start

RATES = start(1, 1, 365)


def edges(pairs: list[tuple[int, int, int]], **values: Any) -> Edges:
    """Return edges of (report, incident, days), by the police and with nothing else known."""
    report, incident, delay = (np.array(column, dtype=np.int64) for column in zip(*sorted(pairs), strict=True))
    plain: dict[str, Any] = {
        "same": np.full(len(pairs), 0.99),
        "kind": np.full(len(pairs), POLICE),
        "told": (np.full(len(pairs), UNKNOWN),),
        "blind": np.zeros(len(pairs), dtype=bool),
        "named": np.zeros(int(incident.max()) + 1, dtype=bool),
        "without": 10,
        "exposure": 1000.0,
    }
    return Edges(report=report, incident=incident, delay=delay, **(plain | values))


def one_by_one(found: Edges, rates: Rates) -> list[float]:
    """Sum the weights of all assignments of reports to incidents, or to nothing."""
    alone = found.same * rates.lag[lag_class(found.delay)] * rates.by[POLICE] / rates.beside[POLICE]
    ways = [[None, *np.flatnonzero(found.report == r)] for r in range(int(found.report.max()) + 1)]
    total, share = 0.0, np.zeros(len(alone))
    for chosen in product(*ways):
        on = [edge for edge in chosen if edge is not None]
        weight = float(np.prod(alone[on]))
        for incident, is_named in enumerate(found.named):
            reports = int(sum(found.incident[edge] == incident for edge in on)) + int(is_named)
            weight *= rates.first * rates.further ** (reports - 1) if reports else 1.0
        total += weight
        share[on] += weight
    return list(share / total)


def drawn(dice: np.random.Generator, reports: int, incidents: int, share: float) -> list[tuple[int, int, int]]:
    return [
        (r, i, int(dice.integers(0, 60)))
        for r in range(reports)
        for i in range(incidents)
        if i == r % incidents or dice.random() < share
    ]


@pytest.mark.parametrize("seed", range(12))
def test_without_a_circle_the_messages_are_exact(seed: int) -> None:
    """Reports of one incident, and one report of many incidents: no two paths between them."""
    dice = np.random.default_rng(seed)
    star = [(r, 0, int(dice.integers(0, 60))) for r in range(3)] + [(2, i, int(dice.integers(0, 60))) for i in (1, 2)]
    named = dice.random(3) < 0.3
    found = edges(star, named=named)
    assert about(found, RATES) == pytest.approx(one_by_one(found, RATES), abs=1e-6)


@pytest.mark.parametrize("seed", range(12))
def test_with_circles_the_messages_are_near(seed: int) -> None:
    dice = np.random.default_rng(100 + seed)
    found = edges(drawn(dice, 3, 3, 0.7))
    assert about(found, RATES) == pytest.approx(one_by_one(found, RATES), abs=0.12)


def test_a_family_says_the_same_alone_and_among_others() -> None:
    dice = np.random.default_rng(5)
    alone = edges(drawn(dice, 3, 3, 0.6))
    both = edges(
        [*zip(alone.report.tolist(), alone.incident.tolist(), alone.delay.tolist(), strict=True)]
        + [(r + 3, i + 3, d) for r, i, d in drawn(dice, 4, 2, 0.9)]
    )
    assert np.array_equal(about(both, RATES)[: len(alone.report)], about(alone, RATES))


def test_of_two_nights_each_report_goes_to_its_own_though_both_came_after_both() -> None:
    """Two incidents three days apart, two reports a day after the second: one of them is about the first."""
    found = edges([(0, 0, 4), (0, 1, 1), (1, 0, 4), (1, 1, 1)])
    first, second, *_ = about(found, RATES)
    assert first == pytest.approx(0.5, abs=0.1)
    assert second == pytest.approx(0.5, abs=0.1)
    alone = about(edges([(0, 0, 4), (0, 1, 1)]), RATES)
    assert alone[1] > 0.6, "a single report is rather about the second"


def test_an_incident_that_a_report_names_leaves_the_others_to_the_next() -> None:
    pairs = [(0, 0, 4), (0, 1, 1)]
    named = about(edges(pairs, named=np.array([False, True])), RATES)
    assert named[0] > 0.8 > 0.2 > named[1]


def test_a_channel_that_fits_counts_for_it_as_often_as_it_was_seen_to() -> None:
    rates = Rates(RATES.lag, told=((0.9, 0.3),))
    fits, fits_not = (
        about(edges([(0, 0, 20)], told=(np.array([says]),), same=np.array([0.5])), rates)[0] for says in (YES, NO)
    )
    odds = [p / (1 - p) for p in (fits, fits_not)]
    assert odds[0] / odds[1] == pytest.approx((0.9 / 0.3) / (0.1 / 0.7))


def test_the_lag_is_learnt_from_the_reports_at_hand() -> None:
    """A region in which reports take three weeks: the start says two days."""
    pairs = [(n, n, 20 + n % 3) for n in range(300)]
    rates = learn(edges(pairs), 1, 365)
    assert int(np.argmax(rates.lag)) == int(lag_class(np.array([21]))[0])
    assert int(np.argmax(RATES.lag)) < int(np.argmax(rates.lag))


def test_a_region_without_any_candidate_has_the_rates_of_the_start() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    empty = Edges(
        nothing, nothing, nothing, np.zeros(0), nothing, (nothing,), np.zeros(0, bool), np.zeros(0, bool), 0, 0
    )
    assert np.array_equal(learn(empty, 1, 365).lag, RATES.lag)
    assert len(about(empty, RATES)) == 0
