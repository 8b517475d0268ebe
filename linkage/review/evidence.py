"""What speaks for and against two mentions being one person: from the night's own pattern, or compared anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from linkage.explain.pair import stored_pattern
from linkage.explain.recompute import recompute
from linkage.explain.steps import Step, missing, steps
from linkage.pairs.score import probability

if TYPE_CHECKING:
    from linkage.engine.base import Engine
    from linkage.pairs.model import Model
    from linkage.thresholds import Thresholds


@dataclass(frozen=True)
class Evidence:
    """The weight of a pair, and the parts that sum to it."""

    match_weight: float
    match_probability: float
    verdict: str
    parts: Sequence[Step]
    not_compared: Sequence[str]
    thresholds: Thresholds


def evidence(db: Engine, left: int, right: int, model: Model, thresholds: Thresholds) -> Evidence:
    """Return the evidence of two mention_ids; a pair that the night did not keep is compared anew, by its own code."""
    pair = min(left, right), max(left, right)
    pattern = stored_pattern(db, pair)
    if pattern is None:
        pattern = recompute(db, [pair])[pair].pattern
    weight = model.weight(np.array([pattern], dtype=np.int64))
    return Evidence(
        match_weight=float(weight[0]),
        match_probability=float(probability(weight)[0]),
        verdict=thresholds.verdict(float(weight[0])),
        parts=steps(model, pattern),
        not_compared=missing(model, pattern),
        thresholds=thresholds,
    )
