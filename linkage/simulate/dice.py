"""The one source of chance: plain uniform numbers from one seeded generator.

Every draw is made from uniform doubles with additions, products and comparisons only. Powers and logarithms are
avoided because their last bit depends on the machine, and the same arguments must give the same bytes anywhere.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

import numpy as np

T = TypeVar("T")

BLOCK = 65_536


class Weighted(Generic[T]):
    """Items with weights, ready to be drawn from."""

    def __init__(self, items: Sequence[T], weights: Sequence[float]) -> None:
        self.items = list(items)
        total = sum(weights)
        running = 0.0
        self._bounds: list[float] = []
        for weight in weights:
            running += weight / total
            self._bounds.append(running)

    def at(self, u: float) -> T:
        """The item whose share of the line from 0 to 1 holds `u`."""
        return self.items[min(bisect_right(self._bounds, u), len(self.items) - 1)]


class Quantiles:
    """A distribution given by a few of its quantiles, straight between them."""

    def __init__(self, *points: tuple[float, float]) -> None:
        self._points = points

    def at(self, u: float) -> float:
        """The value below which a share `u` lies."""
        lower = self._points[0]
        for upper in self._points[1:]:
            if u <= upper[0]:
                return lower[1] + (upper[1] - lower[1]) * (u - lower[0]) / (upper[0] - lower[0])
            lower = upper
        return lower[1]


def _uniforms(seed: int) -> Iterator[float]:
    """Blocks of doubles: one call for many is forty times cheaper than one call each."""
    generator = np.random.Generator(np.random.PCG64(seed))
    while True:
        yield from generator.random(BLOCK).tolist()


class Dice:
    """Draws of every kind that the simulation needs."""

    def __init__(self, seed: int) -> None:
        self.random = _uniforms(seed).__next__

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.random() < probability

    def below(self, bound: int) -> int:
        """A whole number from 0 up to, not including, `bound`."""
        return int(self.random() * bound)

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self.random() * (high - low + 1))

    def pick(self, items: Sequence[T]) -> T:
        """One of the items, each as likely."""
        return items[int(self.random() * len(items))]

    def draw(self, table: Weighted[T]) -> T:
        """One of the items, by weight."""
        return table.at(self.random())

    def value(self, quantiles: Quantiles) -> float:
        """A value of a distribution given by quantiles."""
        return quantiles.at(self.random())

    def sample(self, items: Sequence[T], count: int) -> list[T]:
        """Some of the items, in their own order, none twice."""
        left = list(range(len(items)))
        chosen = [left.pop(self.below(len(left))) for _ in range(min(count, len(items)))]
        return [items[i] for i in sorted(chosen)]
