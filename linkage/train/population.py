"""All compared pairs by match weight: what a decided pair stands for, and where nobody decided anything."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

WIDTH = 2.0
"""Bits of a bin: wide enough that a review list of a hundred pairs fills the bins it is about."""


@dataclass(frozen=True)
class Population:
    """Match weights (n,) and how many compared pairs have each."""

    weight: Floats
    pairs: Floats

    def divided(self, low: float, high: float) -> tuple[Population, Population]:
        """Return the pairs with weights from ``low`` up to ``high``, and all others."""
        is_inside = (self.weight >= low) & (self.weight < high)
        inside, outside = (Population(self.weight[x], self.pairs[x]) for x in (is_inside, ~is_inside))
        return inside, outside

    def standing(self, decided: Floats) -> Floats:
        """Return for how many pairs each decided one stands, of the weights (k,) of all; never less than 1."""
        bins, at, number = np.unique(_bin(decided), return_inverse=True, return_counts=True)
        there = np.array([self.pairs[_bin(self.weight) == b].sum() for b in bins])
        found: Floats = np.maximum(there / number, 1.0)[at]
        return found

    def undecided(self, decided: Floats) -> tuple[Floats, Floats]:
        """Return weights and numbers of the pairs whose bins hold no decided pair."""
        is_open = ~np.isin(_bin(self.weight), _bin(decided))
        return self.weight[is_open], self.pairs[is_open]


def _bin(weight: Floats) -> Ints:
    return np.floor(weight / WIDTH).astype(np.int64)
