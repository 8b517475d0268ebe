"""Candidate pairs made in process, from numbered keys: the rules of `blocking` over rows that stand in memory.

A rule's rows are sorted by their keys once; then the pairs of its blocks are ranges, written out a piece at a time. A
pair that several rules find is made by the first of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from linkage.engine.base import Engine
from linkage.pairs.blocking import Kept, keep
from linkage.pairs.spec import Rule, Spec
from linkage.pairs.values import Codes, Values, numbered

Ids = npt.NDArray[np.int32]
Ints = npt.NDArray[np.int64]

NO_CAP = 2**31 - 1
PIECE = 1 << 16
"""Pairs made at a time, but for a row that has more partners: their integers stay in the processor's cache."""


@dataclass(frozen=True)
class Blocks:
    """One rule: ``key`` of every row (0 for none), and each left row with its partners.

    The partners of ``left[n]`` are ``count[n]`` rows of ``partner`` from ``start[n]``.
    """

    key: Codes
    left: Ids
    partner: Ids
    start: Ints
    count: Ints

    def pieces(self) -> Iterator[slice]:
        """Yield ranges of left rows with about `PIECE` pairs."""
        made = np.cumsum(self.count)
        cuts = np.searchsorted(made, np.arange(PIECE, int(made[-1]) if len(made) else 0, PIECE))
        ends = np.unique(np.r_[0, cuts, len(made)]).tolist()
        yield from (slice(a, b) for a, b in pairwise(ends))

    def pairs(self, rows: slice, earlier: list[Blocks]) -> tuple[Ids, Ids]:
        """Return the pairs of some left rows that no earlier rule makes."""
        count = self.count[rows]
        left = np.repeat(self.left[rows], count)
        offset = np.repeat(self.start[rows] - (np.cumsum(count) - count), count)
        right = self.partner[np.arange(len(left)) + offset]
        for rule in earlier:
            key = rule.key[left]
            new = (key != rule.key[right]) | (key == 0)
            left, right = left[new], right[new]
        return left, right


def blocks(
    db: Engine, spec: Spec, sizes: tuple[int, ...], *, budget: int, threads: int
) -> tuple[list[Blocks], pd.DataFrame]:
    """Return the blocks of every rule, and what `blocking` writes as ``blocking_rule``.

    ``sizes`` are the rows of the tables of ``mention``, one or two. Raises `StoreError` when even blocks of two do not
    fit the budget.
    """
    rows, first = sum(sizes), sizes[0] if spec.two_sided else None
    keys = numbered(db, [rule.key for rule in spec.rules], rows, threads)
    made, told = [], []
    for rule, (values, order) in zip(spec.rules, keys, strict=True):
        kept, of_rule = _blocks(rule, values, order, first, budget)
        budget -= kept.pairs
        made.append(of_rule)
        told.append((rule.name, rule.why, *kept))
    names = ("rule", "why", *Kept._fields)
    return made, pd.DataFrame(told, columns=names).astype({"max_block": "int32"})


def _blocks(rule: Rule, values: Values, order: Ids, first: int | None, budget: int) -> tuple[Kept, Blocks]:
    """Leave out what is too common; ``order`` are the rows by value, ``first`` where a second table begins."""
    sizes = values.counts(slice(None))
    if first is None:
        made = sizes * (sizes - 1) // 2
    else:
        other = values.counts(slice(first, None))
        made = other * (sizes - other)
    same, pairs = np.bincount(sizes), np.bincount(sizes, weights=made.astype(np.float64))
    kept = keep(rule, [(int(n), int(same[n]), int(pairs[n])) for n in np.flatnonzero(same) if n > 1], NO_CAP, budget)
    fits = sizes <= kept.max_block
    key = np.where(fits, np.arange(len(values), dtype=np.int32), np.int32(0))[values.code]
    useful = fits & (made > 0)
    rows = order[useful[values.code[order]]]
    # Rows stand in the order of their keys, so that the rows of a key end where those of the next begin.
    if first is None:
        ends, start = np.cumsum(np.where(useful, sizes, 0)), np.arange(1, len(rows) + 1)
        return kept, Blocks(key, rows, rows, start, ends[key[rows]] - start)
    left, partner = rows[rows < first], rows[rows >= first]
    count = other[key[left]]
    return kept, Blocks(key, left, partner, np.cumsum(np.where(useful, other, 0))[key[left]] - count, count)
