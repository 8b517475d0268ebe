"""One-to-one links between two files that each hold a person once."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def one_to_one(left: Ints, right: Ints, weight: Floats, cut: float, margin: float = 1e-9) -> tuple[Bools, Bools]:
    """Return which pairs are links and which are ambiguous, both as masks over the pairs.

    Greedy by weight, in rounds: a pair that is the best of both its records is a link, and its records take part no
    longer (for distinct weights this equals taking pairs one by one in the order of their weight). Two best pairs
    of one record within ``margin`` of each other are equal claims: neither is a link, and their records wait for a
    person. Every record of ``left`` and ``right`` has at most one link. Unlike an
    optimal assignment (`scipy.optimize.linear_sum_assignment`), a good pair is never given up so that two others
    get a link: the sum of weights can be smaller, but not less than half.
    """
    one = np.unique(left, return_inverse=True)[1]
    other = np.unique(right, return_inverse=True)[1]
    is_link, is_ambiguous = np.zeros(len(weight), dtype=bool), np.zeros(len(weight), dtype=bool)
    rest = np.flatnonzero(weight >= cut)
    while len(rest):
        (near_one, alone_one), (near_other, alone_other) = (
            _among_best(side[rest], weight[rest], margin) for side in (one, other)
        )
        best = near_one & near_other
        sure = best & alone_one & alone_other
        # What is sure goes first: it may take away the other claim of a doubtful record.
        done = rest[sure] if sure.any() else rest[best]
        (is_link if sure.any() else is_ambiguous)[done] = True
        rest = rest[~(np.isin(one[rest], one[done]) | np.isin(other[rest], other[done]))]
    return is_link, is_ambiguous


def _among_best(record: Ints, weight: Floats, margin: float) -> tuple[Bools, Bools]:
    """Tell of each pair whether it is among the equal best of its record, and whether its record has one best only."""
    best = np.full(record.max() + 1, -np.inf)
    np.maximum.at(best, record, weight)
    near = weight >= best[record] - margin
    return near, (np.bincount(record, near) <= 1)[record]
