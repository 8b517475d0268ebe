"""A match weight as steps: what each comparison showed, and what it added to all before it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from linkage.engine.base import Engine
from linkage.pairs import PERSONS, Model, evidence, load
from linkage.pairs.increment import published_population
from linkage.pairs.spec import Comparison


@dataclass(frozen=True)
class Step:
    """One part of a match weight: ``weight`` leads from ``before`` to ``after``, all in bits (log2 of the odds)."""

    comparison: str
    level: str
    meaning: str
    weight: float
    before: float
    after: float


def published_model(db: Engine, path: Path | None) -> Model:
    """Return the model of the published night, or the shipped one, for the population that the night judged."""
    return load(PERSONS, path).of(published_population(db))


def steps(model: Model, pattern: int) -> list[Step]:
    """Return the parts of a pattern's weight; the first is the start, the last one ends at the weight."""
    told, total = [], 0.0
    for part in evidence(model, pattern):
        told.append(Step(part.comparison, part.level, part.meaning, part.weight, total, total + part.weight))
        total += part.weight
    return told


@dataclass(frozen=True)
class Cost:
    """What cost a pair most: the level that it shows, the first and best of its group, and the bits between them."""

    comparison: str
    level: str
    meaning: str
    best_level: str
    lift: float


def costliest(model: Model, pattern: int, own: int) -> Cost | None:
    """Return the comparison whose change to its best level would lift the weight of a pattern most.

    ``own`` is the pattern of the mention with itself: full agreement would be on a value of its rarity. Only what
    was compared can have cost anything, and only levels of the same group are reached by another value; how many
    others the two records share is no value of a record, so the context is left out.
    """
    weight = float(model.weight(np.array([pattern], dtype=np.int64))[0])
    found = [
        cost
        for c in model.spec.comparisons
        if c.name != "context" and (cost := _cost(model, c, pattern, own, weight)) is not None
    ]
    return max(found, key=lambda cost: cost.lift, default=None)


def _cost(model: Model, c: Comparison, pattern: int, own: int, weight: float) -> Cost | None:
    level = int(c.level_of(np.array([pattern], dtype=np.int64))[0])
    if not level:
        return None
    best = next(n for n in range(1, c.size) if c.groups[n] == c.groups[level])
    lift = float(model.weight(np.array([_with(c, pattern, best, own)], dtype=np.int64))[0]) - weight
    shown = c.levels[level - 1]
    if best == level or lift <= 0:
        return None
    return Cost(c.name, shown.name, shown.meaning, c.levels[best - 1].name, lift)


def _with(c: Comparison, pattern: int, level: int, own: int) -> int:
    """Return the pattern with another level of a comparison; agreement brings the band of the mention's own value."""
    place = ((1 << c.width) - 1) << c.shift
    band = int(c.band_of(np.array([own], dtype=np.int64))[0]) if level == 1 else 0
    return (pattern & ~place) | (level | band << c.bits) << c.shift


def missing(model: Model, pattern: int) -> list[str]:
    """Return the comparisons that a pattern could not make because a value lacks on one side."""
    known = model.spec.names(pattern)
    return [c.name for c in model.spec.comparisons if c.name not in known and c.name != "context"]


@dataclass(frozen=True)
class Scale:
    """The axis of a waterfall: every weight on the way lies on it, and so do nought and the thresholds."""

    low: float
    high: float

    @classmethod
    def of(cls, parts: Iterable[Step], marks: Sequence[float] = ()) -> Scale:
        """Return the axis that holds all steps and marks, with a little room at both ends."""
        values = [0.0, *(m for m in marks if np.isfinite(m)), *(v for s in parts for v in (s.before, s.after))]
        room = 0.03 * (max(values) - min(values) or 1.0)
        return cls(min(values) - room, max(values) + room)

    def at(self, weight: float, width: float) -> float:
        """Return the place of a weight on an axis of a width."""
        return width * (min(max(weight, self.low), self.high) - self.low) / (self.high - self.low)

    def bar(self, step: Step, width: float) -> tuple[float, float]:
        """Return left and right end of a step on an axis of a width."""
        ends = sorted((self.at(step.before, width), self.at(step.after, width)))
        return ends[0], ends[1]
