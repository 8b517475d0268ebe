"""How far today's pairs and weights are from those of the model in use.

The population stability index, sum of (new - old) ln(new / old) over bins (Siddiqi 2006): below 0.1 little moved, above
0.25 the population is another one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from linkage.pairs.model import Model
from linkage.thresholds import bits

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

BINS = 10
LEAST = 1e-6
"""Share of an empty bin."""
AGAINST = ("family", "chance")


@dataclass(frozen=True)
class Drift:
    """What moved between two models, over today's pairs."""

    weights: float
    """Stability index of the match weights: new model against old, in deciles of the old one's."""
    comparisons: dict[str, float]
    """Stability index of the levels that pairs of one person show: today's against those of the model in use."""
    gained: int
    """Pairs that only the new model calls sure."""
    lost: int
    """Pairs that only the old model calls sure."""
    levels: list[dict[str, Any]]
    """Largest changes of a level's weight, in bits, against a relative and against a stranger."""


def stability(old: Floats, new: Floats) -> float:
    """Return the population stability index of two distributions over the same bins, (k,) counts or shares each."""
    before = np.maximum(old / old.sum(), LEAST)
    after = np.maximum(new / new.sum(), LEAST)
    return float(((after - before) * np.log(after / before)).sum())


def drift(old: Model, new: Model, old_weight: Floats, new_weight: Floats, pairs: Floats, sure: float) -> Drift:
    """Compare two models over distinct patterns: their weights (n,) under both, and how many pairs show each."""
    cut = bits(sure)
    before, after = old_weight >= cut, new_weight >= cut
    return Drift(
        weights=_weights(old_weight, new_weight, pairs),
        comparisons={c.name: _levels(old, new, c.name) for c in old.spec.comparisons},
        gained=int(pairs[after & ~before].sum()),
        lost=int(pairs[before & ~after].sum()),
        levels=changes(old, new),
    )


def changes(old: Model, new: Model, most: int = 10) -> list[dict[str, Any]]:
    """Return the levels whose weight (log2 of their odds) changed most, in bits."""
    found: list[dict[str, Any]] = []
    for c in old.spec.comparisons:
        for against in AGAINST:
            before, after = (
                np.log2(m.tables["same"].by_name[c.name] / m.tables[against].by_name[c.name]) for m in (old, new)
            )
            found += [
                {
                    "comparison": c.name,
                    "level": level.name,
                    "against": against,
                    "old": float(before[n]),
                    "new": float(after[n]),
                    "change": float(after[n] - before[n]),
                }
                for n, level in enumerate(c.levels, start=1)
            ]
    return sorted(found, key=lambda row: -abs(row["change"]))[:most]


def _weights(old: Floats, new: Floats, pairs: Floats) -> float:
    if not len(pairs):
        return 0.0
    order = np.argsort(old, kind="stable")
    reached = np.cumsum(pairs[order]) / pairs.sum()
    at = np.searchsorted(reached, np.arange(1, BINS) / BINS)
    edges = np.unique(old[order][at])
    before, after = (
        np.bincount(np.searchsorted(edges, w, side="left"), weights=pairs, minlength=len(edges) + 1) for w in (old, new)
    )
    return stability(before.astype(np.float64), after.astype(np.float64))


def _levels(old: Model, new: Model, name: str) -> float:
    """Return the index of a comparison: the largest of its groups, which are distributions of their own."""
    groups = old.spec.by_name[name].groups
    before, after = (m.tables["same"].by_name[name] for m in (old, new))
    return max(stability(before[groups == g], after[groups == g]) for g in set(groups.tolist()) - {-1})
