"""What two outcomes say together beyond their sum, learnt where the truth is known, with the map that calibrates it.

Within a kind of a class comparisons count as independent. They are not quite: two children of one family have other
initials and are named beside the same others, and who is typed with another surname has a wrong birth date too. One map
for all pairs cannot mend that, as such pairs are off in one direction at one height of evidence. So pairs of outcomes
get a shift of the log odds (a log-linear model of second order; Winkler 1993, Thibaudeau 1993), pulled towards none
(ridge, Hoerl & Kennard 1970), in turn with the map (`calibrate.fit`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from linkage.pairs.model import bent
from linkage.pairs.spec import Spec
from linkage.pairs.together import Together
from linkage.train.calibrate import Judged, Knots, fit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Outcomes = tuple[str, int, str, int]
"""A comparison with a level, and another with its own."""

OF_PERSONS = ("context", "surname", "address", "given", "birth", "sex")
"""Comparisons of two mentions whose outcomes hang together; identifiers decide alone."""
PULL, PULL_OF_MAP = 10.0, 400.0
"""Weight of the pull of each shift towards none, in nats for a shift of one bit, and of the map's slopes towards 1.
What one map cannot mend, since pairs of equal odds are of many sorts, is left to the shifts: without the second pull
the map lies flat where pairs are in doubt, and no shift can part them."""
ENOUGH = 60.0
"""Doubtful pairs, those of the same two people once a pattern, from which two outcomes get a shift."""
DOUBT = 0.01
"""How far from 0 and 1 the probability of a doubtful pair is at least."""
WITHIN = (-12.0, 14.0)
"""Log2 odds beyond which a pair says nothing about shifts."""
ROUNDS, STEPS = 3, 150


@dataclass(frozen=True)
class Patterns:
    """Distinct patterns (n,) of a region, their log2 odds, pairs, how many are one person, and pairs of people."""

    pattern: Ints
    odds: Floats
    pairs: Floats
    same: Floats
    people: Floats

    @classmethod
    def of(cls, pattern: Ints, odds: Floats, is_same: npt.NDArray[np.bool_], people: Ints) -> Patterns:
        """Count compared pairs (n,) by their pattern."""
        known, first, at = np.unique(pattern, return_index=True, return_inverse=True)
        distinct = np.unique(at.astype(np.int64) * (int(people.max(initial=0)) + 1) + people)
        of_people = np.bincount(distinct // (int(people.max(initial=0)) + 1), minlength=len(known))
        pairs, same = np.bincount(at), np.bincount(at, weights=is_same)
        return cls(known, odds[first], *(each.astype(np.float64) for each in (pairs, same, of_people)))

    @classmethod
    def together(cls, some: Sequence[Patterns]) -> Patterns:
        """Return several regions as one; a pattern stands once a region, as its odds differ."""
        names = ("pattern", "odds", "pairs", "same", "people")
        return cls(*(np.concatenate([getattr(one, name) for one in some]) for name in names))

    def judged(self, odds: Floats) -> Judged:
        """Return the same pairs with other odds."""
        return Judged.together([Judged(np.round(odds, 3), self.pairs, self.same)])


def learn(spec: Spec, known: Patterns, names: Sequence[str]) -> tuple[Together, Knots]:
    """Return the shifts of pairs of outcomes of the named comparisons, and the map of the shifted odds."""
    knots = fit(known.judged(known.odds), PULL_OF_MAP)
    outcomes = _doubtful(spec, known, names, bent(known.odds, knots))
    shows = _shows(spec, known.pattern, outcomes)
    shift = np.zeros(len(outcomes))
    for _ in range(ROUNDS if outcomes else 0):
        shift = _shifts(known, shows, knots, shift)
        knots = fit(known.judged(known.odds + shows @ shift), PULL_OF_MAP)
    return _by_comparisons(spec, outcomes, shift), knots


def _doubtful(spec: Spec, known: Patterns, names: Sequence[str], weight: Floats) -> list[Outcomes]:
    """Return the pairs of outcomes that enough doubtful pairs show; of two nulls the context tells."""
    told = 1 / (1 + np.exp2(-weight))
    doubtful = (told > DOUBT) & (told < 1 - DOUBT)
    level = {name: spec.by_name[name].level_of(known.pattern[doubtful]) for name in names}
    ordered = [c.name for c in spec.comparisons if c.name in names]
    found: list[Outcomes] = []
    for one, other in combinations(ordered, 2):
        size = spec.by_name[other].size
        seen = np.bincount(level[one] * size + level[other], weights=known.people[doubtful])
        cells = [divmod(int(cell), size) for cell in np.flatnonzero(seen >= ENOUGH)]
        found += [(one, i, other, j) for i, j in cells if i or j]
    return found


def _shows(spec: Spec, pattern: Ints, outcomes: Sequence[Outcomes]) -> csr_matrix:
    """Return (patterns, outcomes): 1 where a pattern shows both."""
    level = {name: spec.by_name[name].level_of(pattern) for one in outcomes for name in (one[0], one[2])}
    rows = [np.flatnonzero((level[one] == i) & (level[other] == j)) for one, i, other, j in outcomes]
    at = np.repeat(np.arange(len(outcomes)), [len(row) for row in rows])
    row = np.concatenate(rows) if rows else np.zeros(0, dtype=np.int64)
    return csr_matrix((np.ones(len(at)), (row, at)), shape=(len(pattern), len(outcomes)))


def _shifts(known: Patterns, shows: csr_matrix, knots: Knots, start: Floats) -> Floats:
    """Return the likeliest shifts under a map, pulled towards none."""
    use = (known.odds > WITHIN[0]) & (known.odds < WITHIN[1])
    some, odds, pairs, same = shows[use], known.odds[use], known.pairs[use], known.same[use]
    x, y = np.array(knots).T
    slopes = np.diff(y) / np.diff(x)

    def loss(shift: Floats) -> tuple[float, Floats]:
        moved = odds + some @ shift
        weight = bent(moved, knots) * np.log(2)
        slope = slopes[np.clip(np.searchsorted(x, moved, side="right") - 1, 0, len(slopes) - 1)] * np.log(2)
        likely = (pairs * np.logaddexp(0, weight) - same * weight).sum()
        off = (pairs / (1 + np.exp(-weight)) - same) * slope
        return float(likely + PULL * (shift**2).sum()), some.T @ off + 2 * PULL * shift

    found: Floats = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS}).x
    return found


def _by_comparisons(spec: Spec, outcomes: Sequence[Outcomes], shift: Floats) -> Together:
    found: Together = {}
    for (one, i, other, j), by in zip(outcomes, shift.tolist(), strict=True):
        sizes = (spec.by_name[one].size, spec.by_name[other].size)
        found.setdefault((one, other), np.zeros(sizes))[i, j] = round(by, 3)
    return found
