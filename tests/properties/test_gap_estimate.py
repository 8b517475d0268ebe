"""The estimate of the gap: it takes no more than is there, and its interval holds the truth."""

from __future__ import annotations

from dataclasses import replace
from math import exp
from statistics import NormalDist, fmean

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from linkage.casebook.estimate import (
    ANSWERED,
    DEPENDENCE,
    PRIOR_MET,
    PRIOR_UNMET,
    REVIEW,
    SHIFT,
    UNMATCHED,
    Cells,
    Doubts,
    Probes,
    Reviews,
    Sample,
    _by_cell,
    draw,
)
from linkage.casebook.intervals import CERTAINTY, interval, log_normal, still_to_come

NO_OVERLAP = np.zeros(4, dtype=np.int64)
NOTHING = Probes(300, 2, NO_OVERLAP)
Edge = tuple[int, int, float]


def cells(*rows: tuple[int, ...]) -> Cells:
    """Cells of (unmatched, review, answered); everything is judged."""
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return Cells(table.sum(axis=1), *table.T, np.zeros(len(table), dtype=np.int64))


def doubts(*incidents: tuple[int, int], edges: tuple[Edge, ...]) -> Doubts:
    """Incidents of (cell, standing), and edges of (report, incident, probability) in the order of reports."""
    report, incident, about = (np.array(column) for column in zip(*edges, strict=True))
    whole = np.bincount(report, about)[report]
    cell, standing = np.array(incidents, dtype=np.int64).reshape(-1, 2).T
    return Doubts(cell, standing, report, incident, about.astype(np.float64), whole)


@st.composite
def worlds(draw_: st.DrawFn) -> tuple[Cells, Doubts]:
    """Cells, and some of their incidents with reports that may be about them."""
    rows = draw_(st.lists(st.tuples(*[st.integers(0, 40)] * 3), min_size=1, max_size=6))
    here = cells(*rows)
    places = [(c, kind) for c, row in enumerate(rows) for kind, n in enumerate(row) for _ in range(n // 4)]
    assert (UNMATCHED, REVIEW, ANSWERED) == (0, 1, 2)
    edges = []
    for number in range(len(places) and draw_(st.integers(0, 20))):
        some = draw_(st.lists(st.integers(0, len(places) - 1), min_size=1, max_size=3, unique=True))
        edges += [(number, one, draw_(st.floats(0, 1)) / len(some)) for one in sorted(some)]
    return here, doubts(*places, edges=tuple(edges)) if edges else Doubts.none()


@settings(max_examples=40, deadline=None)
@given(worlds(), st.integers(0, 300), st.integers(0, 30), st.lists(st.integers(0, 50), min_size=4, max_size=4))
def test_no_cell_loses_more_than_it_has(world: tuple[Cells, Doubts], met: int, unmet: int, overlap: list[int]) -> None:
    here, doubted = world
    errors = draw(here, doubted, Probes(met, unmet, np.array(overlap)), draws=50)
    assert (errors.missed <= here.unmatched + here.review).all()
    assert (errors.false <= here.answered).all()
    assert (errors.missed >= 0).all() and (errors.false >= 0).all()
    absent = errors.absent(here)
    assert (absent >= 0).all()
    assert (absent <= here.judged).all()


def test_the_same_incidents_are_told_the_same_twice() -> None:
    doubted = doubts((0, UNMATCHED), (0, ANSWERED), edges=((0, 0, 0.4), (0, 1, 0.5)))
    one, other = (draw(cells((20, 2, 130)), doubted, NOTHING) for _ in range(2))
    assert (one.missed == other.missed).all()
    assert (one.false == other.false).all()


def test_an_inbox_in_which_all_is_answered_by_number_has_no_width() -> None:
    found = draw(cells((30, 0, 0)), Doubts.none(), NOTHING)
    assert interval(found.absent(cells((30, 0, 0)))) == (pytest.approx([30]), [30], [30])


def test_a_report_is_about_one_incident_so_that_what_is_missed_there_is_false_here() -> None:
    """One report, two incidents of a family: one of them has no report, whichever it is."""
    here = cells((1, 0, 1))
    doubted = doubts((0, UNMATCHED), (0, ANSWERED), edges=((0, 0, 0.5), (0, 1, 0.5)))
    errors = draw(here, doubted, Probes(10**6, 0, NO_OVERLAP))
    assert errors.missed.mean() == pytest.approx(0.5, abs=0.05)
    assert (errors.missed.sum(axis=1) == errors.false.sum(axis=1)).mean() > 0.99
    mean, low, high = interval(errors.absent(here).sum(axis=1))
    assert (low, high) == (pytest.approx(1, abs=0.01), pytest.approx(1, abs=0.01)) and low <= mean <= high


@pytest.mark.parametrize("about", [0.99, 0.5, 0.01])
def test_probable_links_of_unmatched_incidents_are_expected_to_be_missed(about: float) -> None:
    regions = (NormalDist(*SHIFT).inv_cdf((n + 0.5) / 1000) for n in range(1000))
    missed = 30 * fmean(about / (about + (1 - about) * exp(shift)) for shift in regions)
    doubted = doubts(*[(0, UNMATCHED)] * 30, edges=tuple((n, n, about) for n in range(30)))
    told = draw(cells((60, 0, 300)), doubted, Probes(10**6, 0, NO_OVERLAP)).missed.mean()
    assert told == pytest.approx(missed, abs=0.5)


def test_improbable_links_are_expected_to_be_false() -> None:
    doubted = doubts(*[(0, ANSWERED)] * 30, edges=tuple((n, n, 0.1) for n in range(30)))
    told = draw(cells((60, 0, 300)), doubted, Probes(10**6, 0, NO_OVERLAP)).false.mean()
    assert 26 < told < 30


def test_fewer_probes_make_a_wider_interval() -> None:
    here = cells((600, 0, 3900))
    widths = [
        np.ptp(interval(draw(here, Doubts.none(), probes).absent(here))[1:])
        for probes in (Probes(9600, 48, NO_OVERLAP), Probes(9, 0, NO_OVERLAP))
    ]
    assert widths[0] < 0.9 * widths[1]


def test_links_that_hang_on_evidence_of_one_kind_say_that_others_hang_on_none() -> None:
    here = cells((60, 0, 390))
    alone, firm = (
        draw(here, Doubts.none(), replace(NOTHING, overlap=np.array(seen))).missed.mean()
        for seen in ([60, 60, 120, 150], [2, 68, 140, 180])
    )
    assert alone > 1.3 * firm
    silent = draw(here, Doubts.none(), NOTHING).missed.mean()
    assert firm == pytest.approx(silent, rel=0.1), "a bound from below says nothing against more"


def region(dice: np.random.Generator, incidents: int = 400) -> tuple[Cells, Doubts, Probes, int]:
    """Draw a region as the estimate believes it to be: what it is told, and how many truly have no report.

    One incident in ten has a rival: the report may be about either, or about none of both. A report that nobody meets
    may be that of an incident which another report answers.
    """
    unmet = dice.gamma(PRIOR_UNMET, 1 / PRIOR_MET)
    ratio, shift = np.exp(dice.uniform(*np.log(DEPENDENCE))), np.exp(dice.normal(*SHIFT))
    rivals = incidents // 10
    about = dice.dirichlet([0.5, 0.5, 0.3], rivals)
    weight = about * [1, 1, shift]
    fate = [int(dice.choice(3, p=one / one.sum())) for one in weight]
    edges = tuple((n, 2 * n + side, float(about[n, side])) for n in range(rivals) for side in (0, 1))
    doubted = doubts(*[(0, standing) for _ in range(rivals) for standing in (ANSWERED, UNMATCHED)], edges=edges)
    absent = int(dice.binomial(incidents, 0.12))
    by_number = int(dice.binomial(incidents - absent, 0.35))
    without = incidents - absent - by_number
    lost = int(dice.binomial(without + rivals, min(1.0, ratio * unmet)))
    unseen = int(dice.binomial(by_number, unmet))
    here = cells((absent + lost + rivals, 0, without - lost + rivals))
    linked, unlinked = (rivals - fate.count(side) for side in (0, 1))
    elsewhere = int(dice.binomial(linked, lost / (absent + lost + unlinked)))
    return here, doubted, Probes(by_number - unseen, unseen, NO_OVERLAP), absent + linked + unlinked - elsewhere


def test_the_interval_holds_the_truth_of_regions_as_the_estimate_believes_them_to_be() -> None:
    dice = np.random.Generator(np.random.PCG64(5))
    held, bias = [], []
    for _ in range(250):
        here, doubted, probes, absent = region(dice)
        mean, low, high = interval(draw(here, doubted, probes, draws=400).absent(here))
        held.append(low[0] <= absent <= high[0])
        bias.append(float(mean[0]) - absent)
    assert 0.91 <= np.mean(held) <= 0.99
    assert abs(np.mean(bias)) < 1.0


def test_the_belief_gives_way_to_many_probes() -> None:
    told = [
        draw(cells((600, 0, 3900)), Doubts.none(), Probes(met, unmet, NO_OVERLAP)).missed.mean()
        for met, unmet in ((90, 0), (90_000, 0), (90_000, 2500))
    ]
    assert told[1] < 0.2 * told[0]
    assert told[2] > 3 * told[0]


@pytest.mark.parametrize("kind", ["unmatched", "review"])
def test_reviews_narrow_the_interval_and_move_it_to_what_they_found(kind: str) -> None:
    here = cells((60, 30, 390))
    edges = tuple((n, n, 0.5) for n in range(50))
    doubted = doubts(*[(0, REVIEW)] * 30, *[(0, UNMATCHED)] * 20, edges=edges)
    if kind == "unmatched":
        here = replace(here, known=np.array([15]))
    plain = draw(here, doubted, NOTHING).absent(here)
    none, some = (
        draw(here, doubted, NOTHING, Reviews(**{kind: Sample(yes, 20 - yes)})).absent(here) for yes in (0, 20)
    )
    assert none.mean() > plain.mean() > some.mean()
    assert none.std() < plain.std()


def test_links_that_reviewers_took_apart_make_others_doubtful() -> None:
    here = cells((60, 0, 390))
    right, wrong = (
        draw(here, Doubts.none(), NOTHING, Reviews(answered=Sample(100 - no, no))).false.mean() for no in (0, 10)
    )
    assert wrong > right + 10


def test_an_incident_that_a_person_looked_at_is_missed_no_more() -> None:
    here = replace(cells((10, 0, 390)), known=np.array([10]))
    assert (draw(here, Doubts.none(), NOTHING, Reviews(unmatched=Sample(0, 10))).missed == 0).all()


@pytest.mark.parametrize(("one_more", "high"), [(40, 0.02), (60, 0.03), (140, 1), (1900, 1)])
def test_an_interval_ends_where_a_fortieth_is_beyond_those_on_it_counted_half(one_more: int, high: float) -> None:
    """The mean of a skewed few is inside all the same."""
    _, low, top = interval(np.repeat([0, 1], [2000 - one_more, one_more])[:, None])
    assert (low, top) == (0 if one_more < 1900 else pytest.approx(0.95), pytest.approx(high))


def test_reports_that_still_come_are_those_of_the_delays_that_were_seen() -> None:
    dice = np.random.Generator(np.random.PCG64(3))
    delay = np.where(dice.random(20_000) < 0.7, dice.exponential(10, 20_000), np.inf).round()
    age = dice.integers(0, 200, 20_000)
    came = delay <= age
    told = still_to_come(delay[came].astype(np.int64), age[~came], np.array([0, 5, 20, 150]))
    still = 0.7 * np.exp(-np.array([0.5, 5.5, 20.5, 150.5]) / 10)
    assert told == pytest.approx(still / (still + 0.3), abs=0.03)


def test_nobody_is_waited_for_where_no_report_ever_came() -> None:
    assert still_to_come(np.array([], dtype=np.int64), np.array([3, 9]), np.array([3])).tolist() == [0.0]


@given(st.floats(-1000, 40))
def test_the_log_of_the_normal_distribution_is_that_of_scipy(value: float) -> None:
    assert log_normal(value) == pytest.approx(special.log_ndtr(value), rel=1e-6, abs=1e-15)


def test_counts_by_cell_are_those_of_a_plain_sum() -> None:
    dice = np.random.default_rng(3)
    for incidents, cells in ((0, 4), (1, 1), (300, 7)):
        cell, told = dice.integers(0, cells, incidents), dice.random((incidents, 5)) < 0.4
        wanted = np.zeros((cells, 5), dtype=np.int64)
        np.add.at(wanted, cell, told)
        assert (_by_cell(cell, np.packbits(told, axis=1), cells, 5) == wanted).all()


whole = st.integers(-5, 60)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(whole, min_size=3, max_size=3), min_size=1, max_size=120))
def test_ends_are_those_of_mean_ranks(rows: list[list[int]]) -> None:
    """Against the ranks of scipy."""
    drawn = np.array(rows)
    below = (stats.rankdata(drawn, axis=0) - 0.5) / len(drawn)
    inside = (below >= (1 - CERTAINTY) / 2) & (below <= (1 + CERTAINTY) / 2)
    mean, low, high = interval(drawn)
    assert (low == np.minimum(np.where(inside, drawn, np.inf).min(axis=0), mean)).all()
    assert (high == np.maximum(np.where(inside, drawn, -np.inf).max(axis=0), mean)).all()


@settings(max_examples=60, deadline=None)
@given(st.lists(whole, min_size=1), st.lists(whole), st.lists(whole, min_size=1))
def test_what_is_still_to_come_is_the_product_limit(delays: list[int], censored: list[int], ages: list[int]) -> None:
    """Against the survival function of scipy."""
    curve = stats.ecdf(stats.CensoredData(uncensored=np.maximum(delays, 0), right=censored)).sf
    left = curve.evaluate(np.array(ages))
    wanted = np.where(left > 0, 1 - curve.probabilities[-1] / np.maximum(left, 1e-12), 0)
    found = still_to_come(*(np.array(told, dtype=np.int64) for told in (delays, censored, ages)))
    assert found == pytest.approx(wanted, abs=1e-9)
