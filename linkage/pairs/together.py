"""What two outcomes of a pair say together beyond their sum: shifts of the log odds, by two comparisons.

Within a kind of a class comparisons count as independent; what is left of dependence between two of them is learnt
where the truth is known (`linkage.train.together`).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from linkage.pairs.spec import Comparison, Spec

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Together = dict[tuple[str, str], Floats]
"""Shifts in log2, by two comparisons in the order of the spec: a matrix by their levels."""

NULL = "unknown"
"""How the file calls the level of a comparison that could not be made."""


def _name(c: Comparison, level: int) -> str:
    return c.levels[level - 1].name if level else NULL


def _number(c: Comparison, name: str) -> int:
    return 0 if name == NULL else c.number(name)


def beyond(spec: Spec, together: Mapping[tuple[str, str], Floats], pattern: Ints, until: int | None = None) -> Floats:
    """Return what the outcomes of each pattern say together beyond their sum, of the first ``until`` comparisons."""
    seen = {c.name for c in spec.comparisons[:until]}
    total = np.zeros(len(pattern))
    for (one, other), by in together.items():
        if one in seen and other in seen:
            total += by[spec.by_name[one].level_of(pattern), spec.by_name[other].level_of(pattern)]
    return total


def told(spec: Spec, together: Together) -> dict[str, dict[str, float]]:
    """Return what outcomes say together by the names of the comparisons, then of the levels."""
    return {
        f"{one} and {other}": {
            f"{_name(spec.by_name[one], i)} and {_name(spec.by_name[other], j)}": float(by[i, j])
            for i, j in np.argwhere(by).tolist()
        }
        for (one, other), by in together.items()
    }


def read(spec: Spec, raw: Mapping[str, Mapping[str, float]]) -> Together:
    """Return the shifts of a file; raises ``KeyError`` or ``ValueError`` when they do not fit the levels."""
    found: Together = {}
    for names, shifts in raw.items():
        one, other = (spec.by_name[name] for name in names.split(" and "))
        by = np.zeros((one.size, other.size))
        for levels, shift in shifts.items():
            first, second = levels.split(" and ")
            by[_number(one, first), _number(other, second)] = shift
        found[one.name, other.name] = by
    return found
