"""The counted agreement patterns of a night with their weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linkage.engine.base import Engine
from linkage.pairs.model import Model

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Patterns:
    """Distinct patterns: how many pairs show each, the rules that found them as bits, and their match weight.

    Without ``pattern_count`` (``is_counted`` is false) they are those of table ``pair``, and rules are unknown.
    """

    pattern: Ints
    rules: Ints
    pairs: Ints
    weight: Floats
    is_counted: bool

    @classmethod
    def read(cls, db: Engine, model: Model) -> Patterns:
        """Read what the night counted and weigh it."""
        is_counted = db.has("pattern_count")
        query = (
            "SELECT pattern, rules, CAST(sum(pairs) AS BIGINT) AS pairs FROM pattern_count GROUP BY ALL"
            if is_counted
            else "SELECT pattern, 0 AS rules, count(*) AS pairs FROM pair GROUP BY ALL"
        )
        found = {name: np.ma.filled(values, 0).astype(np.int64) for name, values in db.arrays(query).items()}
        weight = model.weight(found["pattern"])
        return cls(found["pattern"], found["rules"], found["pairs"], weight, is_counted)

    def found(self, number: int, least: float = -np.inf) -> int | None:
        """Return the pairs of at least a weight that a rule finds, whatever others find; None when nobody counted."""
        return self._sum(((self.rules >> number) & 1 == 1) & (self.weight >= least))

    def found_alone(self, number: int, least: float = -np.inf) -> int | None:
        """Return the pairs of at least a weight that no other rule finds."""
        return self._sum((self.rules == 1 << number) & (self.weight >= least))

    def found_by_none(self, least: float = -np.inf) -> int | None:
        """Return the pairs of at least a weight that only stand on records with people in common."""
        return self._sum((self.rules == 0) & (self.weight >= least))

    def _sum(self, chosen: npt.NDArray[np.bool_]) -> int | None:
        return int(self.pairs[chosen].sum()) if self.is_counted else None
