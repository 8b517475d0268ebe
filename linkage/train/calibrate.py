"""The map from summed evidence to a match weight that can be taken at its word, learnt where the truth is known.

The sum of the evidence is log2 odds of a model in which comparisons are independent within a kind of a class; what is
left of dependence makes it say too much. The map is a line of straight pieces in log odds that only rises, so that no
pair overtakes another: more than a line (Platt 1999), because near certain pairs and doubtful ones are not off by the
same, and less than steps (Zadrozny & Elkan 2002), which would make pairs equal that are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Knots = tuple[tuple[float, float], ...]

PLACES = (-16.0, -8.0, -5.0, -3.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 2.75, 3.5, 5.0, 8.0, 12.0, 20.0)
"""Log2 odds at which the line may bend: close together where pairs are in doubt."""
LEAST_SLOPE, MOST_SLOPE = 0.05, 3.0
PULL = 2.0
"""Weight of the pull of each slope towards 1, in nats for a slope of e: a piece with few pairs stays as it is."""


@dataclass(frozen=True)
class Judged:
    """Pairs whose truth is known, by their log2 odds (n,): how many, and how many of them are one person."""

    odds: Floats
    pairs: Floats
    same: Floats

    @classmethod
    def of(cls, odds: Floats, is_same: Bools) -> Judged:
        """Count pairs (n,) of the same odds, rounded."""
        known, at = np.unique(np.round(odds, 3), return_inverse=True)
        same = np.bincount(at, weights=is_same).astype(np.float64)
        return cls(known, np.bincount(at).astype(np.float64), same)

    @classmethod
    def together(cls, some: Sequence[Judged]) -> Judged:
        """Return several sets of pairs as one."""
        known, at = np.unique(np.concatenate([one.odds for one in some]), return_inverse=True)
        pairs, same = (np.concatenate([getattr(one, name) for one in some]) for name in ("pairs", "same"))
        counts = (np.bincount(at, weights=each).astype(np.float64) for each in (pairs, same))
        return cls(known, *counts)


def fit(judged: Judged, pull: float = PULL) -> Knots:
    """Return the knots (odds, weight) of the likeliest map; ``pull`` is the weight of the pull of each slope to 1."""
    places, widths = np.array(PLACES), np.diff(PLACES)
    piece = np.clip(np.searchsorted(places, judged.odds, side="right") - 1, 0, len(widths) - 1)
    beyond = judged.odds - places[piece]

    def loss(asked: Floats) -> tuple[float, Floats]:
        """Return the loss of a first height and the logarithms of the slopes, and its gradient."""
        slope = np.exp(asked[1:])
        height = asked[0] + np.r_[0.0, np.cumsum(slope * widths)][:-1]
        weight = (height[piece] + slope[piece] * beyond) * np.log(2)
        likely = (judged.pairs * np.logaddexp(0, weight) - judged.same * weight).sum()
        off = (judged.pairs / (1 + np.exp(-weight)) - judged.same) * np.log(2)
        inside, within = (np.bincount(piece, each, len(widths)) for each in (off, off * beyond))
        above = inside.sum() - np.cumsum(inside)
        gradient = np.r_[off.sum(), slope * (widths * above + within) + 2 * pull * asked[1:]]
        return float(likely + pull * (asked[1:] ** 2).sum()), gradient

    first = np.array([PLACES[0], *np.zeros(len(widths))])
    bounds = [(None, None), *[(np.log(LEAST_SLOPE), np.log(MOST_SLOPE))] * len(widths)]
    return _knots(minimize(loss, first, jac=True, method="L-BFGS-B", bounds=bounds).x, widths)


def _knots(asked: Floats, widths: Floats) -> Knots:
    heights = asked[0] + np.r_[0.0, np.cumsum(np.exp(asked[1:]) * widths)]
    return tuple((float(x), float(y)) for x, y in zip(PLACES, heights, strict=True))
