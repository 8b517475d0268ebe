"""A column of table ``mention`` as small integers: equal values have one number, null has 0.

The engine gives a 64-bit hash of each value and numpy numbers the hashes, so that what is counted about values (how
common they are, which rows share one) takes a pass over integers instead of a grouping of text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from linkage.engine.base import Engine

Codes = npt.NDArray[np.int32]
Hashes = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.int64]

Made = TypeVar("Made")

AT_A_TIME = 2
"""Columns of hashes in memory at a time, 8 bytes a row each."""


@dataclass(frozen=True)
class Values:
    """``code`` (rows,) by mention_id, in the order of first appearance; ``hashes`` of each code, 0 at place 0."""

    code: Codes
    hashes: Hashes

    def __len__(self) -> int:
        """Return the number of codes, null included."""
        return len(self.hashes)

    def counts(self, rows: slice) -> Counts:
        """Return how many of some rows have each value (len,), none for null."""
        found = np.bincount(self.code[rows], minlength=len(self))
        found[0] = 0
        return found

    def places(self, hashes: Hashes) -> npt.NDArray[np.intp]:
        """Return the code of each hash, -1 where no row has it."""
        return pd.Index(self.hashes).get_indexer(pd.Index(hashes))


def of_columns(
    db: Engine, columns: Sequence[str], rows: int, threads: int, work: Callable[[Hashes], Made]
) -> Iterator[Made]:
    """Yield what some work makes of the hashes (rows,) by mention_id of each column of ``mention``."""
    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(columns), AT_A_TIME):
            told = db.arrays(f"SELECT mention_id, {', '.join(columns[start : start + AT_A_TIME])} FROM mention")
            place = np.ma.getdata(told.pop("mention_id"))
            yield from pool.map(lambda column: work(_placed(column, place, rows)), told.values())  # noqa: B023


def _placed(column: npt.NDArray[Any], place: Codes, rows: int) -> Hashes:
    placed = np.zeros(rows, dtype=np.uint64)
    placed[place] = np.ma.getdata(column)
    return placed


def number(hashes: Hashes) -> Values:
    """Number hashes, of which 0 is null; hashing them again is quicker than sorting."""
    at, known = pd.factorize(hashes)
    known = np.asarray(known)
    order = np.where(known == 0, 0, np.cumsum(known != 0)).astype(np.int32)
    return Values(order[at], np.r_[np.uint64(0), known[known != 0]])


def together(columns: list[Values]) -> Codes:
    """Return one number for each distinct combination of values, from 0; null equals null."""
    key = columns[0].code.astype(np.int64)
    for column in columns[1:]:
        # Both factors are below 2^31, as rows are: their product fits.
        key = pd.factorize(key)[0] * len(column) + column.code
    told: Codes = pd.factorize(key)[0].astype(np.int32)
    return told
