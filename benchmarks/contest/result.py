"""What a contestant hands in: a person's number for each mention, and its scored pairs where it has them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Stages:
    """Seconds of each stage, in order."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = perf_counter()

    def done(self, stage: str) -> None:
        """End a stage; the next one starts now."""
        now = perf_counter()
        self.seconds[stage] = round(now - self._last, 3)
        self._last = now


@dataclass(frozen=True)
class Result:
    """Persons by mention_id, and the pairs behind them."""

    labels: Ints
    candidates: int | None = None
    """Pairs that were compared."""
    left: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    right: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    probability: Floats = field(default_factory=lambda: np.empty(0, np.float64))
    stages: dict[str, float] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Write it as one file."""
        told = json.dumps({"candidates": self.candidates, "stages": self.stages})
        np.savez(path, labels=self.labels, left=self.left, right=self.right, probability=self.probability, told=told)

    @classmethod
    def load(cls, path: Path) -> Result:
        """Read what `save` wrote."""
        with np.load(path) as kept:
            told = json.loads(str(kept["told"]))
            return cls(
                kept["labels"], told["candidates"], kept["left"], kept["right"], kept["probability"], told["stages"]
            )


def components(size: int, left: Ints, right: Ints) -> Ints:
    """Number the connected components of links between ``size`` mentions."""
    graph = coo_matrix((np.ones(len(left), np.int8), (left, right)), shape=(size, size))
    labels: Ints = connected_components(graph, directed=False)[1].astype(np.int64)
    return labels
