"""How well probabilities fit pairs that people decided."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

LEAST = 1e-6
"""A probability is never taken as surer than this: one pair must not decide a mean."""


@dataclass(frozen=True)
class Figures:
    """Confusion at a threshold, and how good the probabilities are; those are None for a classifier without any."""

    true_links: int
    false_links: int
    missed_links: int
    true_non_links: int
    log_loss: float | None
    brier: float | None

    @property
    def precision(self) -> float | None:
        """Share of the links that are one person."""
        return _share(self.true_links, self.true_links + self.false_links)

    @property
    def recall(self) -> float | None:
        """Share of the pairs of one person that are links."""
        return _share(self.true_links, self.true_links + self.missed_links)

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall."""
        return _share(2 * self.true_links, 2 * self.true_links + self.false_links + self.missed_links)

    def as_dict(self) -> dict[str, float | int | None]:
        """Return counts and figures by name."""
        return vars(self) | {"precision": self.precision, "recall": self.recall, "f1": self.f1}


def log_losses(probability: Floats, is_same: Bools) -> Floats:
    """Return the log loss of each pair, in nats."""
    told = np.clip(probability, LEAST, 1 - LEAST)
    found: Floats = -np.log(np.where(is_same, told, 1 - told))
    return found


def figures(probability: Floats, is_same: Bools, threshold: float, *, has_probability: bool = True) -> Figures:
    """Return the figures of (n,) pairs, n > 0; ``probability`` is 0 or 1 for a classifier that only says yes or no."""
    told = probability >= threshold
    return Figures(
        true_links=int((told & is_same).sum()),
        false_links=int((told & ~is_same).sum()),
        missed_links=int((~told & is_same).sum()),
        true_non_links=int((~told & ~is_same).sum()),
        log_loss=float(log_losses(probability, is_same).mean()) if has_probability else None,
        brier=float(((probability - is_same) ** 2).mean()) if has_probability else None,
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
