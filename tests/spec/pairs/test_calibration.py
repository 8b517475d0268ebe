"""Match probabilities can be taken at their word, on a simulated region on which nothing was fitted."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[3]))  # benchmarks are run from a checkout, they are not installed

from benchmarks.calibration import FITTED, Region, Scored, crossed, prepared, scored
from linkage.errors import ConfigError
from linkage.evaluate.reliability import reliability
from linkage.pairs.model import bent, load
from linkage.pairs.persons import PERSONS
from linkage.pairs.score import evidence, probability
from linkage.pairs.together import beyond
from linkage.train.calibrate import LEAST_SLOPE, Judged, fit
from linkage.train.together import Patterns, learn

REGION = Region(2_000, "medium", 7)
RANGES = ((0.1, 0.9), (0.02, 0.5), (0.5, 0.98), (0.001, 0.1))
WITHIN, ERRORS = 0.02, 2.0
KNOTS = load(PERSONS).knots
BAND = PERSONS.by_name["given"].shift + PERSONS.by_name["given"].bits
CONTEXT_AND_GIVEN = sum(((1 << c.bits) - 1) << c.shift for c in PERSONS.comparisons if c.name in ("context", "given"))


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights of all compared pairs, whether they are one person, and which two people they are."""
    found = scored(prepared(REGION, tmp_path_factory.mktemp("region")))
    return found.weight, found.is_same, found.people


def off(told: np.ndarray, is_same: np.ndarray, people: np.ndarray, low: float, high: float) -> tuple[float, float]:
    """Return how far probabilities of a range are too low, each pair of people counting once, and the error of that."""
    inside = (told >= low) & (told < high)
    at = np.unique(people[inside], return_inverse=True)[1]
    gaps = np.bincount(at, weights=(is_same - told)[inside]) / np.bincount(at)
    return float(gaps.mean()), float(gaps.std() / np.sqrt(len(gaps)))


def within(weight: np.ndarray, is_same: np.ndarray, people: np.ndarray) -> list[bool]:
    gaps = [off(probability(weight), is_same, people, *bounds) for bounds in RANGES]
    return [abs(gap) <= WITHIN + ERRORS * error for gap, error in gaps]


@pytest.mark.slow
def test_doubtful_pairs_are_what_they_are_told_to_be(region) -> None:
    assert REGION not in FITTED
    assert all(within(*region))


@pytest.mark.slow
def test_each_decile_holds_but_for_chance(region) -> None:
    told = reliability(probability(region[0]), region[1], region[2])
    assert [c.low for c in told if c.is_judged and not c.holds(0.05, ERRORS)] == []


@pytest.mark.slow
@pytest.mark.parametrize("broken", ["too sure", "too high", "too low"])
def test_another_calibration_would_be_seen(region, broken: str) -> None:
    weight, is_same, people = region
    spoilt = {"too sure": 2 * weight, "too high": weight + 2, "too low": weight - 2}[broken]
    assert not all(within(spoilt, is_same, people))


def test_the_map_is_learnt_back() -> None:
    draw = np.random.default_rng(4)
    odds = draw.uniform(-10, 14, 60_000)
    true = np.where(odds < 2, odds - 2, 0.5 * (odds - 2))
    knots = fit(Judged.of(odds, draw.random(len(odds)) < probability(true)))
    asked = np.linspace(-3, 8, 12)
    expected = probability(np.where(asked < 2, asked - 2, 0.5 * (asked - 2)))
    assert probability(bent(asked, knots)) == pytest.approx(expected, abs=0.03)


def test_regions_are_calibrated_by_the_others() -> None:
    """One region that is off shows it: with a map of its own it would look right."""
    draw = np.random.default_rng(5)

    def simulated(shift: float) -> Scored:
        odds = np.round(draw.uniform(-4, 4, 8_000), 1)
        is_same, pattern = draw.random(len(odds)) < probability(odds + shift), np.rint(10 * odds + 40) * 2.0**50
        return Scored(odds, is_same, np.arange(len(odds)), pattern.astype(np.int64))

    def gaps(shifts: tuple[float, ...]) -> list[float]:
        return [decile.gap for decile in crossed([simulated(shift) for shift in shifts])]

    assert max(gaps((-2, -2))) < 0.07
    assert max(gaps((0, 2))) > 0.15


def test_the_map_rises_whatever_it_is_fitted_on() -> None:
    odds = np.linspace(-20, 20, 2_000)
    knots = np.array(fit(Judged.of(odds, odds < 0)))
    assert (np.diff(knots[:, 1]) >= LEAST_SLOPE * np.diff(knots[:, 0]) - 1e-9).all()


def test_the_map_goes_on_beyond_its_ends() -> None:
    told = bent(np.array([-2.0, 0.0, 0.5, 1.0, 3.0]), ((0.0, 0.0), (1.0, 2.0), (2.0, 3.0)))
    assert told == pytest.approx([-4.0, 0.0, 1.0, 2.0, 4.0])


def test_a_model_keeps_kinds_and_calibration_in_its_file(tmp_path: Path) -> None:
    model, file = load(PERSONS).of(10_000), tmp_path / "model.json"
    file.write_text(model.to_json(), encoding="utf-8")
    again = load(PERSONS, file).of(10_000)
    pattern = np.random.default_rng(2).integers(0, 2**40, 500) & sum(1 << c.shift for c in PERSONS.comparisons)
    assert again.knots == model.knots and again.tables["same"].kinds
    assert again.together.keys() == model.together.keys() != set()
    assert (again.weight(pattern) == model.weight(pattern)).all()


def shown(**levels: str) -> np.int64:
    """Return the pattern of the named levels."""
    return np.int64(sum(PERSONS.by_name[c].number(level) << PERSONS.by_name[c].shift for c, level in levels.items()))


def test_what_outcomes_say_together_is_learnt_back() -> None:
    draw = np.random.default_rng(8)
    kinds = [
        shown(context=context, given=given)
        for context in ("several_little", "one_little")
        for given in ("initial_different", "initial_equal")
    ]
    pattern = np.array(kinds)[draw.integers(0, 4, 40_000)] | (draw.integers(1, 9, 40_000) << BAND)
    odds = np.linspace(-3, 3, 9)[draw.integers(0, 9, 40_000)]
    _, first, at = np.unique(pattern, return_index=True, return_inverse=True)
    odds = odds[first][at]
    is_same = draw.random(len(odds)) < probability(odds - 2.0 * (pattern & CONTEXT_AND_GIVEN == kinds[0]))
    found, knots = learn(PERSONS, Patterns.of(pattern, odds, is_same, np.arange(len(odds))), ("context", "given"))
    after = bent(odds + beyond(PERSONS, found, pattern), knots)
    before = bent(odds, fit(Judged.of(odds, is_same)))
    for kind in kinds:
        these = pattern & CONTEXT_AND_GIVEN == kind
        assert abs(probability(after[these]).mean() - is_same[these].mean()) < 0.02
    these = pattern & CONTEXT_AND_GIVEN == kinds[0]
    assert abs(probability(before[these]).mean() - is_same[these].mean()) > 0.1


def test_few_pairs_say_nothing_together() -> None:
    pattern, odds = np.full(40, shown(context="one", given="equal")), np.zeros(40)
    found, _ = learn(PERSONS, Patterns.of(pattern, odds, np.arange(40) % 2 > 0, np.arange(40)), ("context", "given"))
    assert found == {}


def test_what_outcomes_say_together_is_told_where_the_later_one_stands() -> None:
    model = load(PERSONS).of(10_000)
    one, other = PERSONS.by_name["context"], PERSONS.by_name["given"]
    by = np.zeros((one.size, other.size))
    by[one.number("one"), other.number("same_initial")] = 3.0
    pattern = int(shown(context="one", given="same_initial", birth="equal"))
    models = [replace(model, knots=(), together=together) for together in ({}, {("context", "given"): by})]
    plain, shifted = ({e.comparison: e.weight for e in evidence(m, pattern)} for m in models)
    assert shifted["given"] == pytest.approx(plain["given"] + 3.0)
    assert {name for name in plain if plain[name] != pytest.approx(shifted[name])} == {"given"}
    assert sum(shifted.values()) == pytest.approx(float(models[1].weight(np.array([pattern]))[0]))


def test_a_calibration_that_falls_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "model.json"
    text = load(PERSONS).to_json()
    file.write_text(text.replace(f"[{KNOTS[0][0]} {KNOTS[0][1]}", "").replace(f"{KNOTS[1][1]}", "99.0"), "utf-8")
    with pytest.raises(ConfigError, match="does not rise"):
        load(PERSONS, file)
