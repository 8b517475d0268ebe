"""The best match weight that a pair can still reach while some of its comparisons are open."""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt

from linkage.pairs.model import Model, cells
from linkage.pairs.spec import Comparison

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def best(model: Model, pattern: Ints, open_: Ints) -> Floats:
    """Return an upper bound of the weight of each pattern whose open comparisons (bits) stand at null.

    The weight is log2(same / (family + chance)), so it is below log2(same / family) and below log2(same / chance); each
    of these two is bounded by the best outcome of every open comparison, those that a household shares together.
    Raises ``ValueError`` for a model whose classes have kinds or names that follow, or whose outcomes say more
    together: no bound of theirs is known here.
    """
    if model.together or any(table.kinds or table.follows is not None for table in model.tables.values()):
        raise ValueError("the classes of this model have kinds or names that follow, which cannot be bounded")
    least = np.minimum(_against(model, "family", pattern, open_), _against(model, "chance", pattern, open_))
    return model.calibrated(least)


def decisive(model: Model) -> list[int]:
    """Return the numbers of the comparisons, those first whose outcome moves the weight most."""
    spread = []
    for n, c in enumerate(model.spec.comparisons):
        told = np.log2(model.tables["same"].by_name[c.name][2:]) - np.log2(model.tables["chance"].by_name[c.name][2:])
        spread.append((-float(np.ptp(told)), n))
    return [n for _, n in sorted(spread)]


def _against(model: Model, other: str, pattern: Ints, open_: Ints) -> Floats:
    spec = model.spec
    total = np.full(len(pattern), np.log2(model.rate("same")) - np.log2(model.rate(other)))
    for n, c in enumerate(spec.comparisons):
        if c.household:
            continue
        told = model.log_level("same", c, pattern) - model.log_level(other, c, pattern)
        total += np.where(open_ >> n & 1, _outcomes(model, other, c).max(), told)
    return total + _household(model, other, pattern, open_)


def _outcomes(model: Model, other: str, c: Comparison) -> Floats:
    """What each level but null and the first adds: an open comparison is known and not equal."""
    same, against = (model.tables[name].by_name[c.name][2:] for name in ("same", other))
    found: Floats = np.log2(same) - np.log2(against)
    found[: c.near - 1] += _rarity(model, other, c)
    return found


def _rarity(model: Model, other: str, c: Comparison) -> float:
    """What the band of near agreement can add at most."""
    same, against = (model.tables[name].bands.get(c.name) for name in ("same", other))
    return 0.0 if same is None or against is None else max(0.0, float(np.log2(same / against).max()))


def _household(model: Model, other: str, pattern: Ints, open_: Ints) -> Floats:
    """The best of all outcomes of what a household shares, told jointly."""
    spec = model.spec
    if not spec.household:
        return np.zeros(len(pattern))
    shared = [(n, c) for n, c in enumerate(spec.comparisons) if c.household]
    mask = sum(((1 << c.width) - 1) << c.shift for _, c in shared)
    bits = sum(1 << n for n, _ in shared)
    width = len(spec.comparisons)
    told, number = np.unique(pattern & mask, return_inverse=True)
    known, at = np.unique(number.astype(np.int64) << width | (open_ & bits), return_inverse=True)
    cell, free = told[known >> width], known & ((1 << width) - 1)
    found = np.full(len(known), -np.inf)
    for levels in product(*(range(2, c.size) for _, c in shared)):
        filled, rarity = cell.copy(), np.zeros(len(known))
        for (n, c), level in zip(shared, levels, strict=True):
            is_open = free >> n & 1
            filled |= np.where(is_open, level, 0) << c.shift
            if level <= c.near:
                rarity += np.where(is_open, _rarity(model, other, c), 0.0)
        told = _log_household(model, "same", filled) - _log_household(model, other, filled)
        found = np.maximum(found, told + rarity)
    return found[at]


def _log_household(model: Model, name: str, pattern: Ints) -> Floats:
    total = np.zeros(len(pattern))
    for c in model.spec.household:
        total += model.log_level(name, c, pattern)
    if name != "chance":
        total += model.tables[name].joint.of(*cells(model.spec, pattern))
    return total
