"""Reliability: of the pairs told as one person with 80 %, are 80 % one person?

Deciles of match probability (Murphy & Winkler 1977). Pairs are no sample of their own: ten mentions of one person with
ten of another make a hundred pairs that are right or wrong together. So each class also tells how many pairs of people
stand behind it, with the interval of their share (Wilson 1927), and the error of its gap takes the pairs of the same
two people as one observation (Liang & Zeger 1986).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

TENTHS = tuple(n / 10 for n in range(11))
TENTHS_AND_TOP = (*TENTHS[:-1], 0.99, 0.999, 1.0)
"""The last tenth in three: nearly all pairs stand there."""
ENOUGH = 100
"""Pairs from which a class is judged; with fewer it is told only."""
NORMAL_95 = 1.959964


@dataclass(frozen=True)
class Reliability:
    """Pairs whose match probability is from ``low`` to below ``high`` (1 belongs to the last): promised, and so."""

    low: float
    high: float
    pairs: int
    promised: float
    """Mean match probability."""
    observed: float
    """Share of the pairs that are one person."""
    error: float
    """Standard error of promised less observed; the pairs of two people are one observation."""
    people: int
    """Pairs of people behind the pairs of mentions."""
    observed_of_people: float
    """The share when each pair of people counts once."""
    least: float
    most: float
    """95 % interval of ``observed_of_people``."""

    @property
    def gap(self) -> float:
        """How far promised is from observed."""
        return abs(self.promised - self.observed)

    def holds(self, within: float, errors: float = 0.0) -> bool:
        """Tell whether the gap is at most a limit and so many standard errors."""
        return self.gap <= within + errors * self.error

    @property
    def is_judged(self) -> bool:
        """Tell whether there are enough pairs to judge."""
        return self.pairs >= ENOUGH


def reliability(
    probability: Floats, is_same: Bools, people: Ints | None = None, bounds: Sequence[float] = TENTHS
) -> list[Reliability]:
    """Return the classes between bounds that hold pairs, by default the deciles.

    ``probability`` and ``is_same`` are (n,); ``people`` (n,) numbers the pair of people behind each pair, without it
    every pair is its own. Raises ``ValueError`` when their lengths differ.
    """
    people = np.arange(len(probability)) if people is None else people
    if not len(probability) == len(is_same) == len(people):
        raise ValueError("probability, is_same and people must be of one length")
    at = np.minimum(np.searchsorted(bounds, probability, side="right") - 1, len(bounds) - 2)
    return [
        _class(bounds[n], bounds[n + 1], probability[at == n], is_same[at == n], people[at == n]) for n in np.unique(at)
    ]


def _class(low: float, high: float, probability: Floats, is_same: Bools, people: Ints) -> Reliability:
    of_people = np.unique(people, return_inverse=True)[1]
    pairs = np.bincount(of_people)
    shares = np.bincount(of_people, weights=is_same) / pairs
    off = np.bincount(of_people, weights=is_same - probability)
    share = float(shares.mean())
    least, most = _wilson(share, len(pairs))
    return Reliability(
        low=low,
        high=high,
        pairs=len(probability),
        promised=float(probability.mean()),
        observed=float(is_same.mean()),
        error=float(np.sqrt((off**2).sum())) / len(probability),
        people=len(pairs),
        observed_of_people=share,
        least=least,
        most=most,
    )


def _wilson(share: float, n: int) -> tuple[float, float]:
    z = NORMAL_95**2 / n
    middle = (share + z / 2) / (1 + z)
    half = NORMAL_95 * float(np.sqrt(share * (1 - share) / n + z / (4 * n))) / (1 + z)
    return max(0.0, middle - half), min(1.0, middle + half)
