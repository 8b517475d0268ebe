"""A column of table ``mention`` as small integers: equal values have one number, null has 0.

The engine gives a 64-bit hash of each value and numpy numbers the hashes, so that what is counted about values (how
common they are, which rows share one) takes a pass over integers instead of a grouping of text.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from linkage.engine.base import Engine

Codes = npt.NDArray[np.int32]
Hashes = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.int64]

AT_A_TIME = 4
"""Columns of hashes in memory at a time, 8 bytes a row each."""


@dataclass(frozen=True)
class Values:
    """``code`` (rows,) by mention_id; ``hashes`` of each code, ascending, 0 at place 0."""

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
        place = np.minimum(np.searchsorted(self.hashes, hashes), len(self) - 1)
        return np.where(self.hashes[place] == hashes, place, -1)


def numbered(db: Engine, columns: Sequence[str], rows: int, threads: int) -> list[tuple[Values, Codes]]:
    """Return, of each column of ``mention`` that holds hashes, the values and the order of the rows by `number`."""
    found: list[tuple[Values, Codes]] = []
    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(columns), AT_A_TIME):
            some = columns[start : start + AT_A_TIME]
            told = db.arrays(f"SELECT mention_id, {', '.join(some)} FROM mention")
            place = np.ma.getdata(told.pop("mention_id"))
            found += pool.map(lambda column: number(_placed(column, place, rows)), told.values())  # noqa: B023
    return found


def _placed(column: npt.NDArray[Any], place: Codes, rows: int) -> Hashes:
    placed = np.zeros(rows, dtype=np.uint64)
    placed[place] = np.ma.getdata(column)
    return placed


def number(hashes: Hashes) -> tuple[Values, Codes]:
    """Number hashes, of which 0 is null; return also the rows ordered by code and row.

    The upper bits of a hash with the row in the lower ones are sorted, several times quicker than an order of hashes is
    found. Hashes that share their upper bits, a few of many millions, are put in order afterwards.
    """
    rows = np.arange(len(hashes), dtype=np.uint64)
    bits = np.uint64(len(hashes).bit_length())
    low = np.uint64((1 << int(bits)) - 1)
    packed = (hashes & ~low) | rows
    packed.sort()
    order = (packed & low).astype(np.int32)
    upper = np.diff(packed >> bits) != 0
    new = np.diff(hashes[order]) != 0
    if (mixed := new & ~upper).any():
        group = np.r_[0, np.cumsum(upper)]
        at = np.flatnonzero(np.isin(group, group[1:][mixed]))
        order[at] = order[at][np.lexsort((order[at], hashes[order[at]]))]
        new = np.diff(hashes[order]) != 0
    first = np.flatnonzero(np.r_[len(order) > 0, new])
    known = hashes[order[first]]
    has_null = len(known) > 0 and known[0] == 0
    code = np.empty(len(hashes), dtype=np.int32)
    code[order] = np.cumsum(np.r_[int(not has_null), new])[: len(order)]
    return Values(code, known if has_null else np.r_[np.uint64(0), known]), order


def together(columns: list[Values]) -> Codes:
    """Return one number for each distinct combination of values, from 0; null equals null."""
    key = columns[0].code.astype(np.int64)
    for column in columns[1:]:
        # Both factors are below 2^31, as rows are: their product fits.
        key = pd.factorize(key)[0] * len(column) + column.code
    told: Codes = pd.factorize(key)[0].astype(np.int32)
    return told
