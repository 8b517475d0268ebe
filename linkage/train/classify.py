"""Supervised classifiers on decided pairs, beside the model: recordlinkage's, and two recalibrations.

All are judged out of fold. Pairs that share a mention, also by way of others, are in one fold: otherwise a classifier
is judged on people it was fitted on. What people decided are pairs that somebody looked at, no sample of all
pairs. So a line stands for all pairs in its fit: a decided pair weighs as many as there are of its match weight
(Horvitz & Thompson 1952), and where nobody decided anything the model is taken at its word. That holds when people
choose pairs by their score, not by the answer: of the pairs on their list, between the thresholds. Beyond it somebody
saw an error first, and one error of thousands of certain pairs would stand for them all: there the model is believed.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from linkage.pairs.score import probability
from linkage.pairs.spec import Spec
from linkage.thresholds import Thresholds
from linkage.train.figures import Figures, figures, log_losses
from linkage.train.population import Population

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

FOLDS = 5
CLASSIFIERS = ("LogisticRegressionClassifier", "NaiveBayesClassifier", "SVMClassifier")
OF_ALL_PAIRS = ("model", "line")
"""What tells probabilities of all pairs, and links from the threshold of the settings; the others learn from decided
pairs alone, and link from an even chance."""
EVEN = 0.5
LEAST_LISTED = 20
"""Decided pairs between the thresholds from which a line is thought of."""
PENALTY = 1.0
"""Inverse strength of the pull of the calibration towards slope 0 (scikit-learn's ``C``)."""


@dataclass(frozen=True)
class Labelled:
    """Decided pairs, (n,) each: mentions, agreement pattern, match weight out of fold, and what people said."""

    left: Ints
    right: Ints
    pattern: Ints
    weight: Floats
    is_same: Bools

    def __len__(self) -> int:
        return len(self.left)


@dataclass(frozen=True)
class Trained:
    """What was tried out of fold, by name, and the line that the candidate gets: slope 1 and intercept 0 for none."""

    figures: dict[str, Figures]
    slope: float
    intercept: float
    calibration: str
    listed: int
    """Decided pairs between the thresholds, which the line is fitted on."""
    best: str
    """``model``, ``line``, ``isotonic`` or a classifier: the least log loss, when it is less by more than its error."""


def classify(spec: Spec, labelled: Labelled, population: Population, thresholds: Thresholds) -> Trained | None:
    """Fit and compare; None when the pairs hang together so that no fold leaves both kinds to learn from."""
    fold = folds(labelled.left, labelled.right)
    listed = (labelled.weight >= thresholds.possible) & (labelled.weight < thresholds.sure)
    inside, outside = population.divided(thresholds.possible, thresholds.sure)
    told: dict[str, Floats] = {"model": probability(labelled.weight)}
    ways: dict[str, Callable[[Bools], Floats]] = {
        "line": lambda train: probability(_apply(_line(labelled, inside, outside, listed & train), labelled.weight)),
        "isotonic": lambda train: _isotonic(labelled, train),
    }
    features = one_hot(spec, labelled.pattern, labelled.left, labelled.right)
    ways |= {name: partial(_recordlinkage, name, features, labelled) for name in CLASSIFIERS}
    for name, fit in ways.items():
        unseen = _out_of_fold(labelled, fold, fit)
        if unseen is None:
            return None
        told[name] = unseen
    sure = float(probability(np.array([thresholds.sure]))[0])
    found = {
        name: figures(
            p, labelled.is_same, sure if name in OF_ALL_PAIRS else EVEN, has_probability=name != "SVMClassifier"
        )
        for name, p in told.items()
    }
    helps = listed.sum() >= LEAST_LISTED and _is_better(
        told["line"][listed],
        told["model"][listed],
        labelled.is_same[listed],
        inside.standing(labelled.weight[listed]),
    )
    slope, intercept = _line(labelled, inside, outside, listed) if helps else (1.0, 0.0)
    return Trained(
        found, slope, intercept, "line" if helps else "none", int(listed.sum()), _best(told, labelled.is_same)
    )


def folds(left: Ints, right: Ints) -> Ints:
    """Return the fold of each pair: components of shared mentions, the largest first into the emptiest fold."""
    ids, at = np.unique(np.r_[left, right], return_inverse=True)
    ends = at[: len(left)], at[len(left) :]
    graph = coo_matrix((np.ones(len(left)), ends), shape=(len(ids), len(ids)))
    component = connected_components(graph, directed=False)[1][ends[0]]
    sizes = np.bincount(component)
    of_component, filled = np.zeros(len(sizes), dtype=np.int64), [0] * FOLDS
    for number in np.argsort(-sizes, kind="stable"):
        emptiest = filled.index(min(filled))
        of_component[number] = emptiest
        filled[emptiest] += int(sizes[number])
    found: Ints = of_component[component]
    return found


def one_hot(spec: Spec, pattern: Ints, left: Ints, right: Ints) -> pd.DataFrame:
    """Return one column of 0 and 1 for each level; a comparison that could not be made is 0 in all of its levels."""
    columns = {
        f"{c.name}_{level.name}": (c.level_of(pattern) == n).astype(np.int64)
        for c in spec.comparisons
        for n, level in enumerate(c.levels, start=1)
    }
    return pd.DataFrame(columns, index=pd.MultiIndex.from_arrays([left, right]))


def _out_of_fold(labelled: Labelled, fold: Ints, fit: Callable[[Bools], Floats]) -> Floats | None:
    told = np.full(len(labelled), np.nan)
    for train in _trainings(labelled, fold):
        told[~train] = fit(train)[~train]
    return None if np.isnan(told).any() else told


def _trainings(labelled: Labelled, fold: Ints) -> Iterator[Bools]:
    for number in np.unique(fold):
        train = fold != number
        if len(np.unique(labelled.is_same[train])) == 2:
            yield train


def _line(labelled: Labelled, inside: Population, outside: Population, train: Bools) -> tuple[float, float]:
    """Return slope and intercept in log2 odds; the slope is positive, or the line keeps everything as it is.

    Decided pairs stand for those ``inside`` the thresholds; those ``outside`` are taken at the model's word.
    """
    from sklearn.linear_model import LogisticRegression

    known = labelled.weight[train]
    open_weight, open_pairs = inside.undecided(known)
    weight, pairs = np.r_[open_weight, outside.weight], np.r_[open_pairs, outside.pairs]
    told = probability(weight)
    if not len(weight) and len(np.unique(labelled.is_same[train])) < 2:
        return 1.0, 0.0
    fitted = LogisticRegression(C=PENALTY).fit(
        np.r_[known, weight, weight][:, None],
        np.r_[labelled.is_same[train], np.ones(len(weight), dtype=np.bool_), np.zeros(len(weight), dtype=np.bool_)],
        sample_weight=np.r_[inside.standing(known), pairs * told, pairs * (1 - told)],
    )
    slope, intercept = float(fitted.coef_[0, 0] / np.log(2)), float(fitted.intercept_[0] / np.log(2))
    return (slope, intercept) if slope > 0 else (1.0, 0.0)


def _apply(line: tuple[float, float], weight: Floats) -> Floats:
    return line[0] * weight + line[1]


def _isotonic(labelled: Labelled, train: Bools) -> Floats:
    from sklearn.isotonic import IsotonicRegression

    fitted = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
    fitted.fit(labelled.weight[train], labelled.is_same[train].astype(np.float64))
    return np.asarray(fitted.predict(labelled.weight), dtype=np.float64)


def _recordlinkage(name: str, features: pd.DataFrame, labelled: Labelled, train: Bools) -> Floats:
    import recordlinkage

    classifier: Any = getattr(recordlinkage, name)()
    known = features[train]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a support vector machine that stops early is judged as it is
        classifier.fit(known, known.index[labelled.is_same[train]])
        if name == "SVMClassifier":
            links = classifier.predict(features)
            return np.asarray(features.index.isin(links), dtype=np.float64)
        return np.asarray(classifier.prob(features), dtype=np.float64)


def _is_better(one: Floats, other: Floats, is_same: Bools, standing: Floats | float = 1.0) -> bool:
    """Tell whether the log loss is less by more than the standard error of the difference."""
    gain = (log_losses(other, is_same) - log_losses(one, is_same)) * standing
    return bool(gain.mean() > gain.std(ddof=1) / np.sqrt(len(gain)))


def _best(told: dict[str, Floats], is_same: Bools) -> str:
    """Return the simplest that none after it beats: they stand from simple to less so."""
    best = "model"
    for name, p in told.items():
        if name != "SVMClassifier" and _is_better(p, told[best], is_same):
            best = name
    return best
