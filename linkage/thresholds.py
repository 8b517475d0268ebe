"""The two thresholds of the settings, as match weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linkage.config import Config


@dataclass(frozen=True)
class Thresholds:
    """Weights, in bits, from which two mentions may be one person, and from which a reviewer looks."""

    sure: float
    possible: float

    @classmethod
    def of(cls, config: Config) -> Thresholds:
        """Return log2 of the odds of the configured probabilities; nought and one are infinite."""
        return cls(_bits(config.linkage.sure), _bits(config.linkage.possible))

    def verdict(self, weight: float) -> str:
        """Return ``sure``, ``possible`` or ``below`` for a weight."""
        return "sure" if weight >= self.sure else "possible" if weight >= self.possible else "below"


def _bits(probability: float) -> float:
    with np.errstate(divide="ignore"):
        return float(np.log2(probability) - np.log2(1 - probability))
