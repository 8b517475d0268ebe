"""Records that cannot be linked: mentions so bare that even an exact copy of them would stay below the threshold.

After the "unlinkables" of Splink (Linacre and others). A copy stands on a record that shares nobody else; it is
looked at twice: delivered by the same source, and by another one, where the source's person number says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linkage.diagnose.patterns import Floats, Ints
from linkage.engine.base import Engine
from linkage.pairs import PERSONS
from linkage.pairs.coding import code
from linkage.pairs.compare import Comparer
from linkage.pairs.model import Model
from linkage.pairs.persons_sql import Context
from linkage.thresholds import Thresholds

POINTS = 121
"""Points of the curve."""


@dataclass(frozen=True)
class Unlinkable:
    """How many mentions stay below the certain threshold in comparison with a copy of themselves.

    ``curve`` are points (weight, share of mentions below it with a copy of the same source, of another source).
    """

    mentions: int
    same_source: int
    other_source: int
    curve: tuple[tuple[float, float, float], ...]

    @property
    def shares(self) -> tuple[float | None, float | None]:
        """Return both counts as shares of all mentions."""
        if not self.mentions:
            return None, None
        return self.same_source / self.mentions, self.other_source / self.mentions


def unlinkable(db: Engine, model: Model, thresholds: Thresholds) -> Unlinkable:
    """Compare every mention with itself; leaves ``mention_code`` as a temporary table."""
    code(db, PERSONS, known_bands=db.has("value_band"))
    db.run(
        "CREATE OR REPLACE TEMP TABLE self_pair AS SELECT mention_id AS left_id, mention_id AS right_id FROM mention"
    )
    Comparer(db, PERSONS).pairs("self_pair", "self_pattern")
    found = db.arrays("SELECT pattern, count(*) AS n FROM self_pattern GROUP BY pattern")
    pattern, pairs = (np.ma.filled(found[name], 0).astype(np.int64) for name in ("pattern", "n"))
    same = model.weight(alone(pattern))
    other = model.weight(alone(pattern) & ~PERSONS.by_name["source_person"].mask)
    total = int(pairs.sum())
    return Unlinkable(
        total,
        int(pairs[same < thresholds.sure].sum()),
        int(pairs[other < thresholds.sure].sum()),
        _curve(same, other, pairs) if total else (),
    )


def alone(pattern: Ints) -> Ints:
    """Return patterns with the context of records that have nobody else in common."""
    return pattern | (int(Context.none) << PERSONS.by_name["context"].shift)


def _curve(same: Floats, other: Floats, pairs: Ints) -> tuple[tuple[float, float, float], ...]:
    low, high = float(np.floor(min(same.min(), other.min(), 0.0))), float(np.ceil(max(same.max(), other.max())))
    total = pairs.sum()
    return tuple(
        (float(at), float(pairs[same < at].sum() / total), float(pairs[other < at].sum() / total))
        for at in np.linspace(low, high, POINTS)
    )
