"""Probabilities as match weights: log2 odds; the two thresholds of the settings among them."""

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
        return cls(bits(config.linkage.sure), bits(config.linkage.possible))

    def verdict(self, weight: float) -> str:
        """Return ``sure``, ``possible`` or ``below`` for a weight."""
        return "sure" if weight >= self.sure else "possible" if weight >= self.possible else "below"


def bits(probability: float) -> float:
    """Return log2 of the odds of a probability."""
    with np.errstate(divide="ignore"):
        return float(np.log2(np.float64(probability) / (1 - probability)))
