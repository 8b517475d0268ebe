"""The estimate of the gap: it takes no more than is there, and its interval holds the truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.casebook.estimate import (
    DEPENDENCE,
    PRIOR_FOUND,
    PRIOR_LOST,
    SEEN,
    SPEEDS,
    Cells,
    Probes,
    Reviews,
    Sample,
    draw,
    interval,
    still_to_come,
)

NOTHING = Probes(np.array([300, 3, 1, 4]), 5, 100_000, np.array([6.0, 20.0, 150.0]))


def cells(*rows: tuple[int, ...]) -> Cells:
    """Cells of (unmatched, review, timely, late, very late); everything is judged."""
    table = np.array(rows, dtype=np.int64).reshape(-1, 5)
    return Cells(table.sum(axis=1), table[:, 0], table[:, 1], table[:, 2:], np.zeros(len(table), dtype=np.int64))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(*[st.integers(0, 40)] * 5), min_size=1, max_size=8),
    st.lists(st.integers(0, 50), min_size=4, max_size=4),
    st.integers(0, 30),
)
def test_no_cell_loses_more_than_it_has(rows: list[tuple[int, ...]], seen: list[int], reports: int) -> None:
    given_cells = cells(*rows)
    errors = draw(given_cells, Probes(np.array(seen), reports, 50_000, NOTHING.exposed), draws=50)
    assert (errors.missed <= given_cells.unmatched + given_cells.review).all()
    assert (errors.false <= given_cells.answered.sum(axis=1)).all()
    assert (errors.missed >= 0).all()
    absent = errors.absent(given_cells)
    assert (absent >= 0).all()
    assert (absent <= given_cells.judged).all()


def test_the_same_incidents_are_told_the_same_twice() -> None:
    one, other = (draw(cells((20, 2, 100, 20, 9)), NOTHING) for _ in range(2))
    assert (one.missed == other.missed).all()
    assert (one.false == other.false).all()


def test_an_inbox_in_which_all_is_answered_by_number_has_no_width() -> None:
    found = draw(cells((30, 0, 0, 0, 0)), NOTHING)
    assert interval(found.absent(cells((30, 0, 0, 0, 0)))) == (pytest.approx([30]), [30], [30])


def test_fewer_probes_make_a_wider_interval() -> None:
    here = cells((60, 4, 300, 60, 30))
    many = Probes(np.array([9600, 50, 50, 144]), 50, 1_000_000, NOTHING.exposed)
    few = Probes(np.array([9, 0, 0, 0]), 0, 10_000, NOTHING.exposed)
    widths = [np.ptp(interval(draw(here, probes).absent(here))[1:]) for probes in (many, few)]
    assert widths[0] < widths[1]


def region(dice: np.random.Generator, incidents: int = 400) -> tuple[Cells, Probes, int]:
    """Draw a region as the estimate believes it to be: its cells, what the probes find, and who truly has no report."""
    missed, named, orphans = dice.gamma(PRIOR_LOST, 1 / PRIOR_FOUND), 0.35, dice.uniform(5e-5, 4e-4)
    ratio = np.exp(dice.uniform(*np.log(DEPENDENCE)))
    exposed = np.array([8.0, 30.0, 200.0])
    absent = dice.binomial(incidents, 0.12)
    by_number = dice.binomial(incidents - absent, named)
    without = incidents - absent - by_number
    lost = dice.binomial(without, min(1.0, ratio * missed))
    taken = np.bincount(
        dice.choice(4, absent, p=[*(hit := 1 - np.exp(-orphans * exposed)), 1 - hit.sum()]), minlength=4
    )
    answered = dice.multinomial(without - lost, [0.8, 0.17, 0.03]) + taken[:3]
    here = cells((taken[3] + lost, 0, *answered))
    unseen = dice.binomial(by_number, missed)
    days = 60_000
    return (
        here,
        Probes(np.array([by_number - unseen, 0, 0, unseen]), int(dice.poisson(orphans * days)), days, exposed),
        absent,
    )


def test_the_interval_holds_the_truth_of_regions_as_the_estimate_believes_them_to_be() -> None:
    dice = np.random.Generator(np.random.PCG64(5))
    held, bias = [], []
    for _ in range(300):
        here, probes, absent = region(dice)
        mean, low, high = interval(draw(here, probes, draws=400).absent(here))
        held.append(low[0] <= absent <= high[0])
        bias.append(float(mean[0]) - absent)
    assert 0.91 <= np.mean(held) <= 0.99
    assert abs(np.mean(bias)) < 2.0


def test_the_belief_gives_way_to_many_probes() -> None:
    here = cells((600, 0, 3000, 600, 300))
    told = [
        draw(here, Probes(np.array([found, 0, 0, lost]), 0, 10**6, np.zeros(3))).missed.mean()
        for found, lost in ((90, 0), (9000, 0), (9000, 500))
    ]
    assert told[1] < 0.2 * told[0]
    assert told[2] > 3 * told[0]


@pytest.mark.parametrize("kind", ["unmatched", "review"])
def test_reviews_narrow_the_interval_and_move_it_to_what_they_found(kind: str) -> None:
    here = cells((60, 30, 300, 60, 30))
    if kind == "unmatched":
        here = replace(here, known=np.array([15]))
    plain = draw(here, NOTHING).absent(here)
    none, some = (draw(here, NOTHING, Reviews(**{kind: Sample(yes, 20 - yes)})).absent(here) for yes in (0, 20))
    assert none.mean() > plain.mean() > some.mean()
    assert none.std() < plain.std()


def test_links_that_reviewers_took_apart_make_others_doubtful() -> None:
    here = cells((60, 0, 300, 60, 30))
    right, wrong = (draw(here, NOTHING, Reviews(answered=Sample(100 - no, no))).false.mean() for no in (0, 10))
    assert wrong > right + 10


def test_an_incident_that_a_person_looked_at_is_missed_no_more() -> None:
    here = replace(cells((10, 0, 300, 60, 30)), known=np.array([10]))
    assert (draw(here, NOTHING, Reviews(unmatched=Sample(0, 10))).missed == 0).all()


def test_the_names_of_what_becomes_of_an_incident_stand_in_the_order_of_the_counts() -> None:
    assert SEEN == ("found", "covered", "review", "unmatched")
    assert SPEEDS == ("timely", "late", "very_late")


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
