"""Reliability: of the pairs told as one person with 80 %, are 80 % one person?

Deciles of match probability (Murphy & Winkler 1977). Pairs are no sample of their own: ten mentions of one person with
ten of another make a hundred pairs that are right or wrong together. So each decile also tells how many pairs of people
stand behind it, and the interval of its share is one of those (Wilson 1927).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

DECILES = 10
ENOUGH = 100
"""Pairs from which a decile is judged; with fewer it is told only."""
NORMAL_95 = 1.959964


@dataclass(frozen=True)
class Decile:
    """Pairs whose match probability is from ``start`` to a tenth above it."""

    start: float
    pairs: int
    probability: float
    """Mean match probability."""
    share: float
    """Share of the pairs that are one person."""
    people: int
    """Pairs of people behind the pairs of mentions."""
    share_of_people: float
    """The share when each pair of people counts once."""
    least: float
    most: float
    """95 % interval of ``share_of_people``."""

    @property
    def gap(self) -> float:
        """How far the probability is from the share."""
        return abs(self.probability - self.share)

    @property
    def is_judged(self) -> bool:
        """Tell whether there are enough pairs to judge."""
        return self.pairs >= ENOUGH


def reliability(probability: Floats, is_same: Bools, people: Ints | None = None) -> list[Decile]:
    """Return the deciles that hold pairs.

    ``probability`` and ``is_same`` are (n,); ``people`` (n,) numbers the pair of people behind each pair, without it
    every pair is its own. Raises ``ValueError`` when their lengths differ.
    """
    people = np.arange(len(probability)) if people is None else people
    if not len(probability) == len(is_same) == len(people):
        raise ValueError("probability, is_same and people must be of one length")
    decile = np.minimum((probability * DECILES).astype(np.int64), DECILES - 1)
    return [
        _decile(int(d), probability[decile == d], is_same[decile == d], people[decile == d]) for d in np.unique(decile)
    ]


def _decile(number: int, probability: Floats, is_same: Bools, people: Ints) -> Decile:
    of_people = np.unique(people, return_inverse=True)[1]
    pairs = np.bincount(of_people)
    shares = np.bincount(of_people, weights=is_same) / pairs
    share = float(shares.mean())
    least, most = _wilson(share, len(pairs))
    return Decile(
        start=number / DECILES,
        pairs=len(probability),
        probability=float(probability.mean()),
        share=float(is_same.mean()),
        people=len(pairs),
        share_of_people=share,
        least=least,
        most=most,
    )


def _wilson(share: float, n: int) -> tuple[float, float]:
    z = NORMAL_95**2 / n
    middle = (share + z / 2) / (1 + z)
    half = NORMAL_95 * float(np.sqrt(share * (1 - share) / n + z / (4 * n))) / (1 + z)
    return max(0.0, middle - half), min(1.0, middle + half)
