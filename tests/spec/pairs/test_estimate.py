"""The three classes are learnt back from pairs that were made by known ones, and little data never breaks them."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from linkage.pairs.estimate import Decided, Samples, estimate, responsibilities, untrained
from linkage.pairs.fields import exact, name, spec, typed
from linkage.pairs.fitting import Counts
from linkage.pairs.kinds import known_kinds
from linkage.pairs.model import CLASSES, Kind, Model, cells
from linkage.pairs.spec import Spec

FIELDS = (
    name("surname", (0.9,), household=True, frequency=False),
    typed("address", household=True),
    name("given", (0.9,), frequency=False),
    typed("born", 2),
    exact("sex"),
)
SPEC = spec(FIELDS, (), two_sided=True)
ROWS, PAIRS = 20_000, 1e8
RATES = {"same": 0.7, "family": 1.2}
LEVELS = {
    "same": {"given": [0.85, 0.10, 0.05], "born": [0.90, 0.05, 0.02, 0.03], "sex": [0.98, 0.02]},
    "family": {"given": [0.02, 0.03, 0.95], "born": [0.006, 0.01, 0.02, 0.964], "sex": [0.51, 0.49]},
    "chance": {"given": [0.01, 0.02, 0.97], "born": [0.0001, 0.002, 0.01, 0.9879], "sex": [0.5, 0.5]},
}
HOUSEHOLD = {
    "same": np.array([[0.70, 0.04, 0.10], [0.04, 0.01, 0.01], [0.02, 0.01, 0.07]]),
    "family": np.array([[0.60, 0.03, 0.03], [0.02, 0.01, 0.01], [0.25, 0.02, 0.03]]),
    "chance": np.outer([0.004, 0.006, 0.99], [0.00002, 0.0001, 0.99988]),
}
"""Surname by address: the half of a household that has one address and another surname is told by no product."""


def truth(told: Spec = SPEC) -> tuple[Counts, dict[str, np.ndarray]]:
    """Return every pattern with the number of pairs that show it, and how many of them are of each class."""
    levels = list(product(*(range(1, c.size) for c in told.comparisons)))
    pattern = np.array([sum(n << c.shift for n, c in zip(row, told.comparisons, strict=True)) for row in levels])
    shares = {"same": RATES["same"] * ROWS / PAIRS, "family": RATES["family"] * ROWS / PAIRS}
    shares["chance"] = 1 - sum(shares.values())
    parts = {}
    for one in CLASSES:
        likely = np.ones(len(levels))
        for n, row in enumerate(levels):
            by_name = dict(zip((c.name for c in told.comparisons), row, strict=True))
            likely[n] = HOUSEHOLD[one][by_name["surname"] - 1, by_name["address"] - 1]
            for column in ("given", "born", "sex"):
                likely[n] *= LEVELS[one][column][by_name[column] - 1]
        parts[one] = PAIRS * shares[one] * likely
    return Counts(pattern, sum(parts.values())), parts


def blocked(pattern: np.ndarray) -> np.ndarray:
    """Tell which pairs three rules find: the same day of birth, the same address, the same two names."""
    surname, address, given, born = (
        SPEC.by_name[c].level_of(pattern) == 1 for c in ("surname", "address", "given", "born")
    )
    return np.asarray(born | address | (surname & given))


@pytest.fixture(scope="module")
def learnt() -> tuple[Model, Counts, dict[str, np.ndarray]]:
    """A model from the blocked pairs of two tables, its random pairs drawn from all, and the classes' blocked pairs."""
    counts, parts = truth()
    draw = np.random.default_rng(1)
    found = blocked(counts.pattern)
    seen = Counts(counts.pattern[found], draw.poisson(counts.pairs[found]).astype(float))
    random = Counts(counts.pattern, draw.multinomial(500_000, counts.pairs / counts.pairs.sum()).astype(float))
    first = {c.name: c.level_of(counts.pattern) == 1 for c in SPEC.comparisons}
    equal = {column: float(counts.pairs[is_equal].sum() / counts.pairs.sum()) for column, is_equal in first.items()}
    model = estimate(untrained(SPEC, ROWS, PAIRS), seen, Samples(random, equal))
    return model, seen, {one: part[found] for one, part in parts.items()}


def shares(column: str, seen: Counts, part: np.ndarray) -> np.ndarray:
    c = SPEC.by_name[column]
    return np.bincount(c.level_of(seen.pattern), weights=part, minlength=c.size)[1:] / part.sum()


@pytest.mark.parametrize("column", ["given", "born", "sex"])
@pytest.mark.parametrize(("one", "within"), [("same", 0.02), ("family", 0.03)])
def test_level_probabilities_are_learnt_back(learnt, one: str, column: str, within: float) -> None:
    model, seen, parts = learnt
    assert model.tables[one].by_name[column][1:] == pytest.approx(shares(column, seen, parts[one]), abs=within)


@pytest.mark.parametrize("column", ["given", "born", "sex"])
def test_chance_is_that_of_random_pairs(learnt, column: str) -> None:
    assert learnt[0].tables["chance"].by_name[column][1:] == pytest.approx(LEVELS["chance"][column], abs=0.002)


@pytest.mark.parametrize("one", ["same", "family"])
def test_what_a_household_shares_is_learnt_back_as_one_distribution(learnt, one: str) -> None:
    model, seen, parts = learnt
    cell, group = cells(SPEC, seen.pattern)
    known, at = np.unique(cell, return_inverse=True)
    told = sum(model.log_level(one, c, known) for c in SPEC.household) + model.tables[one].joint.of(
        known, group[:1].repeat(9)
    )
    expected = np.bincount(at, weights=parts[one]) / parts[one].sum()
    # Relatives of another surname look much like strangers at one address: some of them are told as such.
    assert np.exp2(told) == pytest.approx(expected, abs=0.08 if one == "family" else 0.01)


def test_rates_are_learnt_back(learnt) -> None:
    model, _, parts = learnt
    assert model.rates == pytest.approx({one: parts[one].sum() / ROWS for one in RATES}, rel=0.1)


def test_probabilities_are_those_of_the_truth(learnt) -> None:
    model, seen, parts = learnt
    expected = parts["same"] / sum(parts.values())
    error = np.abs(responsibilities(model, seen)["same"] - expected)
    assert (error * seen.pairs).sum() / parts["same"].sum() < 0.02


def test_responsibilities_sum_to_one(learnt) -> None:
    model, seen, _ = learnt
    assert sum(responsibilities(model, seen).values()) == pytest.approx(1, abs=1e-12)


def few(pairs: int, seed: int, null: str | None = None) -> Counts:
    draw = np.random.default_rng(seed)
    chosen = [
        sum(0 if c.name == null else int(draw.integers(0, c.size)) << c.shift for c in SPEC.comparisons)
        for _ in range(pairs)
    ]
    known, counted = np.unique(np.array(chosen, dtype=np.int64), return_counts=True)
    return Counts(known, counted.astype(float))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("null", [None, "surname", "given", "born", "sex"])
@pytest.mark.parametrize("pairs", [1, 20])
def test_few_pairs_rare_levels_and_empty_columns_make_a_model(pairs: int, null: str | None, seed: int) -> None:
    model = estimate(untrained(SPEC, 10, 25), few(pairs, seed, null), Samples(few(pairs, seed + 9, null)))
    for one in CLASSES:
        for c in SPEC.comparisons:
            told = model.tables[one].by_name[c.name]
            assert (told > 0).all() and told[1:].sum() == pytest.approx(1), (one, c.name)
    every = truth()[0].pattern
    assert np.isfinite(model.weight(every)).all()
    assert sum(responsibilities(model, Counts(every, np.ones(len(every)))).values()) == pytest.approx(1)
    assert all(np.isfinite(rate) and rate >= 0 for rate in model.rates.values())


def test_no_pairs_leave_the_start() -> None:
    none = Counts(np.zeros(0, dtype=np.int64), np.zeros(0))
    model = estimate(untrained(SPEC, 10, 25), none, Samples(none))
    assert np.isfinite(model.weight(truth()[0].pattern)).all()


def test_a_value_that_is_missing_says_nothing(learnt) -> None:
    model = learnt[0]
    given = SPEC.by_name["given"]
    others = truth()[0].pattern & ~given.mask
    odds = model.log_class("same", others) - model.log_class("chance", others)
    without = model.log_level("same", given, others) - model.log_level("chance", given, others)
    assert (without == 0).all() and np.isfinite(odds).all()


@pytest.fixture(scope="module")
def doubtful(learnt: tuple[Model, Counts, dict[str, np.ndarray]]) -> tuple[Counts, np.ndarray]:
    """Half of the pairs about which the model is in doubt, and the share of each pattern that is truly one person."""
    model, seen, parts = learnt
    is_doubtful = np.abs(model.weight(seen.pattern)) < 4
    share = parts["same"] / sum(parts.values())
    return Counts(seen.pattern[is_doubtful], 0.5 * seen.pairs[is_doubtful]), share[is_doubtful]


def told(seen: Counts, decided: Decided | None) -> Model:
    """Return the model of the blocked pairs and of decisions about some of them."""
    counts, _ = truth()
    random = Counts(counts.pattern, 500_000 * counts.pairs / counts.pairs.sum())
    return estimate(untrained(SPEC, ROWS, PAIRS), seen, Samples(random, decided=decided))


def test_decisions_on_doubtful_pairs_alone_do_not_bend_a_level(
    learnt: tuple[Model, Counts, dict[str, np.ndarray]], doubtful: tuple[Counts, np.ndarray]
) -> None:
    """A tenth of the doubtful pairs agree on a given name, nine tenths of all pairs of one person do."""
    _, seen, parts = learnt
    asked, share = doubtful
    model = told(seen, Decided(asked.scaled(share), asked.scaled(1 - share)))
    for column in ("given", "born", "sex"):
        found = model.tables["same"].by_name[column][1:]
        assert found == pytest.approx(shares(column, seen, parts["same"]), abs=0.01)
    assert (asked.pairs * share).sum() > 100, "there are decisions to bend it"


def test_what_people_say_moves_the_pairs_that_look_alike(
    learnt: tuple[Model, Counts, dict[str, np.ndarray]], doubtful: tuple[Counts, np.ndarray]
) -> None:
    _, seen, _ = learnt
    asked, _ = doubtful
    nobody = Counts(asked.pattern[:0], asked.pairs[:0])
    before = told(seen, None).weight(asked.pattern)
    assert told(seen, Decided(nobody, nobody)).weight(asked.pattern) == pytest.approx(before, abs=1e-6)
    assert (told(seen, Decided(asked, nobody)).weight(asked.pattern) > before).all()
    assert (told(seen, Decided(nobody, asked)).weight(asked.pattern) < before).all()


def test_a_decided_pair_is_counted_once(
    learnt: tuple[Model, Counts, dict[str, np.ndarray]], doubtful: tuple[Counts, np.ndarray]
) -> None:
    _, seen, _ = learnt
    asked, share = doubtful
    model = told(seen, Decided(asked.scaled(share), asked.scaled(1 - share)))
    plain = told(seen, None)
    pairs = [sum(m.rates.values()) * ROWS for m in (plain, model)]
    assert pairs[1] == pytest.approx(pairs[0], rel=0.01)


def test_the_kinds_of_a_class_are_learnt_from_pairs_known_to_be_of_it() -> None:
    counts, parts = truth()
    likely = {one: part / part.sum() for one, part in parts.items()}
    known = Counts(counts.pattern, 1e5 * (0.9 * likely["same"] + 0.1 * likely["chance"]))
    prior = untrained(SPEC, ROWS, PAIRS)
    same, chance = prior.tables["same"], prior.tables["chance"]
    prior.tables["same"] = replace(same, kinds=(Kind(0.5, same), Kind(0.5, replace(same, by_name=chance.by_name))))
    careful, careless = known_kinds(prior, "same", known, {}, ())
    assert careless.share == pytest.approx(0.1, abs=0.02)
    assert careful.table.by_name["born"][1:] == pytest.approx(LEVELS["same"]["born"], abs=0.02)
    assert careless.table.by_name["born"][1:] == pytest.approx(LEVELS["chance"]["born"], abs=0.05)
