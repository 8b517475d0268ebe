"""A column of table ``mention`` as small integers: equal values have one number, null has 0.

The engine gives a 64-bit hash of each value and numpy numbers the hashes, so that what is counted about values (how
common they are, which rows share one) takes a pass over integers instead of a grouping of text.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from linkage.engine.base import Engine

Codes = npt.NDArray[np.int32]
Hashes = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.int64]


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


def hashes(db: Engine, told: str, rows: int) -> Hashes:
    """Return (rows,) by mention_id: what SQL over ``mention`` gives, a hash or null, which becomes 0."""
    found = db.unordered(f"SELECT mention_id, coalesce({told}, CAST(0 AS UBIGINT)) AS h FROM mention")
    ordered = np.zeros(rows, dtype=np.uint64)
    ordered[np.ma.getdata(found["mention_id"])] = np.ma.getdata(found["h"])
    return ordered


def numbered(found: Hashes) -> Values:
    """Number hashes; hashing them again is quicker than sorting."""
    at, known = pd.factorize(found)
    known = np.asarray(known)
    number = np.where(known == 0, 0, np.cumsum(known != 0)).astype(np.int32)
    return Values(number[at], np.r_[np.uint64(0), known[known != 0]])


def together(columns: list[Values]) -> Codes:
    """Return one number for each distinct combination of values, from 0; null equals null."""
    key = columns[0].code.astype(np.int64)
    for column in columns[1:]:
        # Both factors are below 2^31, as rows are: their product fits.
        key = pd.factorize(key)[0] * len(column) + column.code
    told: Codes = pd.factorize(key)[0].astype(np.int32)
    return told
