"""How the pairs of a night lie over match weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linkage.diagnose.patterns import Patterns
from linkage.thresholds import Thresholds

WIDEST = 80


@dataclass(frozen=True)
class Histogram:
    """Pairs per step of match weight: (low, high, pairs) in order; totals by threshold."""

    bins: tuple[tuple[float, float, int], ...]
    pairs: int
    sure: int
    possible: int
    below: int


def histogram(patterns: Patterns, thresholds: Thresholds) -> Histogram:
    """Return bins of one bit, or as many bits as keep them to `WIDEST`."""
    weight, pairs = patterns.weight, patterns.pairs
    total = int(pairs.sum())
    sure = int(pairs[weight >= thresholds.sure].sum())
    possible = int(pairs[weight >= thresholds.possible].sum()) - sure
    if not total:
        return Histogram((), 0, 0, 0, 0)
    step = max(1.0, float(np.ceil((weight.max() - weight.min()) / WIDEST)))
    low, high = step * np.floor(weight.min() / step), step * (np.floor(weight.max() / step) + 1)
    edges = np.arange(low, high + step, step)
    counted = np.bincount(((weight - low) // step).astype(int), weights=pairs, minlength=len(edges) - 1)
    bins = tuple((float(a), float(a + step), int(n)) for a, n in zip(edges, counted, strict=False))
    return Histogram(bins, total, sure, possible, total - sure - possible)
