"""What is compared between two models, against values worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from math import log
from typing import cast

import numpy as np
import pytest

from linkage.pairs import PERSONS, Decided, Learnt, load
from linkage.thresholds import Thresholds
from linkage.train.classify import Labelled, classify, folds
from linkage.train.drift import changes, drift, stability
from linkage.train.estimate import unseen_weights, verdicts
from linkage.train.figures import figures
from linkage.train.population import Population

NOBODY = Population(np.zeros(0), np.zeros(0))
"""Without other pairs the decided ones stand for themselves."""

WIDE = Thresholds(sure=40.0, possible=-40.0)
"""All pairs are on the reviewers' list."""
USUAL = Thresholds(sure=3.2, possible=0.0)


def test_figures_by_hand() -> None:
    told, is_same = np.array([0.9, 0.6, 0.8, 0.2]), np.array([True, True, False, False])
    found = figures(told, is_same, 0.7)
    assert (found.true_links, found.false_links, found.missed_links, found.true_non_links) == (1, 1, 1, 1)
    assert (found.precision, found.recall, found.f1) == (0.5, 0.5, 0.5)
    assert found.log_loss == pytest.approx(-(log(0.9) + log(0.6) + log(0.2) + log(0.8)) / 4)
    assert found.brier == pytest.approx((0.01 + 0.16 + 0.64 + 0.04) / 4)


def test_nothing_told_has_no_precision() -> None:
    found = figures(np.array([0.1]), np.array([True]), 0.5, has_probability=False)
    assert (found.precision, found.recall, found.f1, found.log_loss) == (None, 0.0, 0.0, None)


def test_the_stability_index_by_hand() -> None:
    assert stability(np.array([50.0, 50.0]), np.array([75.0, 25.0])) == pytest.approx(0.25 * log(1.5) - 0.25 * log(0.5))
    assert stability(np.array([1.0, 3.0]), np.array([10.0, 30.0])) == 0


def test_a_changed_level_is_told_in_bits() -> None:
    old = load(PERSONS)
    new = old.of(0)
    table = old.tables["same"]
    sex = table.by_name["sex"].copy()
    sex[2] *= 4
    new.tables["same"] = replace(table, by_name={**table.by_name, "sex": sex})
    first, second, third = changes(old, new, 3)
    for row in (first, second):
        assert (row["comparison"], row["level"], row["change"]) == ("sex", "different", pytest.approx(2.0))
    assert {first["against"], second["against"]} == {"family", "chance"}
    assert third["change"] == 0


def test_drift_counts_pairs_that_cross_the_threshold() -> None:
    model = load(PERSONS)
    old, new = np.array([-5.0, 2.0, 4.0, 9.0]), np.array([-5.0, 4.0, 2.0, 9.0])
    found = drift(model, model, old, new, np.array([100.0, 7.0, 3.0, 50.0]), sure=0.9)
    assert (found.gained, found.lost) == (7, 3)
    assert max(found.comparisons.values()) == 0
    assert drift(model, model, old, old, np.ones(4), sure=0.9).weights == 0


def test_pairs_that_share_a_mention_are_in_one_fold() -> None:
    left, right = np.array([1, 2, 5, 7, 9, 11, 13]), np.array([2, 3, 6, 8, 10, 12, 1])
    found = folds(left, right)
    assert len({found[0], found[1], found[6]}) == 1, "1-2, 2-3 and 13-1 hang together"
    assert len(set(found.tolist())) == 5


def _labelled(slope: float, n: int = 400) -> Labelled:
    """Pairs of their own mentions whose true log2 odds are ``slope`` times the weight."""
    dice = np.random.default_rng(3)
    weight = dice.normal(0, 4, n)
    is_same = dice.random(n) < 1 / (1 + 2 ** -(slope * weight))
    sex = np.where(is_same, 1, 2) << PERSONS.by_name["sex"].shift
    return Labelled(np.arange(n), np.arange(n) + n, sex.astype(np.int64), weight, is_same)


def test_over_confident_weights_get_a_line_and_good_ones_none() -> None:
    spoilt = classify(PERSONS, _labelled(0.4), NOBODY, WIDE)
    good = classify(PERSONS, _labelled(1.0), NOBODY, WIDE)
    assert spoilt is not None and good is not None
    assert spoilt.calibration == "line"
    assert spoilt.slope == pytest.approx(0.4, abs=0.1)
    assert (good.calibration, good.slope, good.intercept) == ("none", 1.0, 0.0)


def test_a_decided_pair_stands_for_those_of_its_weight() -> None:
    everybody = Population(np.array([-7.0, 0.5, 1.0, 20.0]), np.array([900.0, 30.0, 10.0, 5000.0]))
    assert everybody.standing(np.array([0.2, 1.9, -6.5])).tolist() == [20, 20, 900]
    weight, pairs = everybody.undecided(np.array([0.2, 1.9, -6.5]))
    assert (weight.tolist(), pairs.tolist()) == ([20.0], [5000.0])


def test_decisions_on_doubtful_pairs_leave_certain_ones_certain() -> None:
    doubtful = _labelled(0.4)
    is_seen = np.abs(doubtful.weight) < 4
    seen = Labelled(*(column[is_seen] for column in vars(doubtful).values()))
    everybody = Population(np.r_[doubtful.weight, -20.0, 12.0], np.r_[np.ones(400), 60_000.0, 17_000.0])
    found = classify(PERSONS, seen, everybody, WIDE)
    assert found is not None
    assert found.slope * 12 + found.intercept > 6
    assert found.slope * -20 + found.intercept < -6


def test_errors_that_somebody_found_do_not_stand_for_certain_pairs() -> None:
    """Thirty pairs of the list come out as promised; twenty certain ones were looked up because they are wrong."""
    dice = np.random.default_rng(5)
    weight = np.r_[dice.uniform(0, 3.2, 300), np.full(20, 8.0)]
    is_same = np.r_[dice.random(300) < 1 / (1 + 2 ** -weight[:300]), np.zeros(20, dtype=np.bool_)]
    pattern = np.where(is_same, 1, 2) << PERSONS.by_name["sex"].shift
    decided = Labelled(np.arange(320), np.arange(320) + 320, pattern.astype(np.int64), weight, is_same)
    everybody = Population(np.r_[weight, -20.0, 8.0], np.r_[np.ones(320), 60_000.0, 17_000.0])
    found, fooled = (classify(PERSONS, decided, everybody, cuts) for cuts in (USUAL, WIDE))
    assert found is not None and fooled is not None
    assert (found.calibration, found.listed) == ("none", 300)
    assert fooled.slope * 8 + fooled.intercept < 0, "as a sample they would undo seventeen thousand links"


def test_a_classifier_that_sees_more_wins_out_of_fold() -> None:
    found = classify(PERSONS, _labelled(0.4), NOBODY, WIDE)
    assert found is not None
    assert found.best in ("LogisticRegressionClassifier", "NaiveBayesClassifier")
    for name in ("LogisticRegressionClassifier", "NaiveBayesClassifier", "SVMClassifier"):
        assert (found.figures[name].precision, found.figures[name].recall) == (1.0, 1.0)
    assert found.figures["SVMClassifier"].log_loss is None


def test_pairs_that_all_hang_together_cannot_be_held_out() -> None:
    whole = _labelled(1.0, 60)
    assert classify(PERSONS, replace(whole, left=np.zeros(60, dtype=np.int64)), NOBODY, WIDE) is None


class Parrot:
    """A model that is sure of the patterns that it was told of, and of nothing else."""

    def __init__(self, decided: Decided | None = None) -> None:
        self.known = [] if decided is None else [*decided.same.pattern, *decided.different.pattern]

    def model(self, decided: Decided | None) -> Parrot:
        return Parrot(decided)

    def weight(self, pattern: np.ndarray) -> np.ndarray:
        return np.isin(pattern, self.known).astype(float)


def test_a_decided_pair_is_weighed_by_a_model_that_was_not_told_of_it() -> None:
    pairs = replace(_labelled(1.0, 40), pattern=np.arange(40))
    assert unseen_weights(cast(Learnt, Parrot()), pairs).tolist() == [0.0] * 40
    again = replace(pairs, pattern=np.arange(40) % 8)
    assert unseen_weights(cast(Learnt, Parrot()), again).tolist() == [1.0] * 40, "told of others that look the same"


def test_decided_pairs_are_counted_by_pattern_and_verdict() -> None:
    pairs = replace(_labelled(1.0, 4), pattern=np.array([7, 7, 9, 7]), is_same=np.array([True, False, False, True]))
    found = verdicts(pairs)
    assert found is not None
    assert (found.same.pattern.tolist(), found.same.pairs.tolist()) == ([7], [2])
    assert (found.different.pattern.tolist(), found.different.pairs.tolist()) == ([7, 9], [1, 1])
    assert verdicts(pairs, np.zeros(4, dtype=np.bool_)) is None
