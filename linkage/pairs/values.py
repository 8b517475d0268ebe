"""A column of the rows as small integers: equal values have one number, null has 0.

The engine gives a 64-bit hash of each value as it stands in the table, and numpy numbers the hashes, so that what is
counted about values (how common they are, which rows share one) takes a pass over integers instead of a grouping of
text. Only distinct values are brought into the form in which they are compared: values that come to one form, and what
a rule makes of them, are numbers made from numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Codes = npt.NDArray[np.int32]
Hashes = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.int64]
Places = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Values:
    """``code`` (rows,) of each row, in the order of first appearance; ``hashes`` of each code, 0 at place 0."""

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

    def without(self, more: int) -> Values:
        """Return the values less those that more rows share: they count as null."""
        is_common = self.counts(slice(None)) > more
        return Values(np.where(is_common[self.code], 0, self.code).astype(np.int32), self.hashes)


@dataclass(frozen=True)
class Raw:
    """Values as they stand in a table: ``at`` (rows,) is the place of each row's among the distinct ``hashes``."""

    at: Codes
    hashes: Hashes

    @classmethod
    def of(cls, hashes: Hashes) -> Raw:
        """Number the hashes of the rows; hashing them again is quicker than sorting."""
        at, known = pd.factorize(hashes)
        return cls(at.astype(np.int32), np.asarray(known))

    def become(self, hashes: Hashes, told: Hashes) -> Values:
        """Return what each of the distinct values became, told by its hash: 0 is null."""
        new = np.zeros(len(self.hashes), dtype=np.uint64)
        new[places(self.hashes, hashes)] = told
        return self.number(new)

    def number(self, hashes: Hashes) -> Values:
        """Return the values, of which 0 is null, that are told for each of the distinct ones."""
        at, known = pd.factorize(hashes)
        known = np.asarray(known)
        order = np.where(known == 0, 0, np.cumsum(known != 0)).astype(np.int32)
        return Values(order[at][self.at], np.r_[np.uint64(0), known[known != 0]])


def places(known: Hashes, hashes: Hashes) -> Places:
    """Return the place of each hash among distinct ones, -1 where it is none of them."""
    return pd.Index(known).get_indexer(pd.Index(hashes))


def together(columns: list[Codes]) -> Codes:
    """Return one number for each distinct combination of codes, which are above -2 (null), from 0; null equals null."""
    key = columns[0].astype(np.int64)
    for column in columns[1:]:
        # Both factors are below 2^31, as rows are: their product fits.
        key = pd.factorize(key)[0] * (int(column.max(initial=0)) + 2) + column + 1
    told: Codes = pd.factorize(key)[0].astype(np.int32)
    return told
