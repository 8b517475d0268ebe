"""Candidate pairs made in process, from hashed keys: the rules of `blocking` over rows that stand in memory.

A rule's rows are sorted by their keys once; then its blocks are ranges of rows, and their pairs are written out a piece
at a time. A pair that several rules find is made by the first of them. Memory is read in the order in which it stands
wherever that can be, and the keys of one row stand side by side: what costs is fetching them, not comparing.
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
from linkage.pairs.values import Hashes, of_columns

Ids = npt.NDArray[np.int32]
Bits = npt.NDArray[np.uint8]

NO_CAP = 2**31 - 1
PIECE = 1 << 16
"""Pairs made at a time, but for a row that has more partners: their integers stay in the processor's cache."""


@dataclass(frozen=True)
class Blocks:
    """One rule: each left row with its partners, ``count[n]`` rows of ``partner`` from ``start[n]`` for ``left[n]``."""

    left: Ids
    partner: Ids
    start: Ids
    count: Ids

    def pieces(self) -> Iterator[slice]:
        """Yield ranges of left rows with about `PIECE` pairs."""
        made = np.cumsum(self.count, dtype=np.int64)
        cuts = np.searchsorted(made, np.arange(PIECE, int(made[-1]) if len(made) else 0, PIECE))
        yield from (slice(a, b) for a, b in pairwise(np.unique(np.r_[0, cuts, len(made)]).tolist()))

    def pairs(self, rows: slice) -> tuple[Ids, Ids]:
        """Return the pairs of some left rows."""
        count = self.count[rows].astype(np.int64)
        offset = np.repeat(self.start[rows] - (np.cumsum(count) - count), count)
        return np.repeat(self.left[rows], count), self.partner[np.arange(len(offset)) + offset]


@dataclass(frozen=True)
class Candidates:
    """The blocks of every rule, and the number of each row's block in each (rows, rules); below 0 for none."""

    rules: list[Blocks]
    keys: Ids

    def pieces(self) -> Iterator[tuple[int, slice]]:
        """Yield what `pairs` makes at a time: a rule and some of its rows."""
        yield from ((number, rows) for number, rule in enumerate(self.rules) for rows in rule.pieces())

    def pairs(self, number: int, rows: slice) -> tuple[Ids, Ids]:
        """Return the pairs of a piece that no earlier rule makes."""
        left, right = self.rules[number].pairs(rows)
        if not number:
            return left, right
        found = bits(self.keys.take(left, axis=0) == self.keys.take(right, axis=0))
        earlier = np.frombuffer(((1 << number) - 1).to_bytes(found.shape[1], "little"), dtype=np.uint8)
        new = ~(found & earlier).any(axis=1) if found.shape[1] > 1 else (found[:, 0] & earlier[0]) == 0
        return left[new], right[new]


def side_by_side(rows: int, columns: int) -> Ids:
    """Return a table (rows, columns) of -1, of so many columns that the bits of a row are whole bytes."""
    return np.full((rows, -(-columns // 8) * 8), -1, dtype=np.int32)


def bits(told: npt.NDArray[np.bool_]) -> Bits:
    """Return (rows, columns) of truths as bits (rows, columns / 8), the first column lowest."""
    return np.packbits(told.reshape(-1), bitorder="little").reshape(len(told), told.shape[1] // 8)


def blocks(
    db: Engine, spec: Spec, sizes: tuple[int, ...], *, budget: int, threads: int
) -> tuple[Candidates, pd.DataFrame]:
    """Return the blocks of every rule, and what `blocking` writes as ``blocking_rule``.

    ``sizes`` are the rows of the tables of ``mention``, one or two; the keys of its rules are hashes, 0 for null.
    Raises `StoreError` when even blocks of two do not fit the budget.
    """
    rows, first = sum(sizes), sizes[0] if spec.two_sided else None
    keys, made, told = side_by_side(rows, len(spec.rules)), [], []
    # Without a partner a row has a key that no other has.
    keys[:, : len(spec.rules)] = -1 - np.arange(rows, dtype=np.int32)[:, None]
    ordered = of_columns(db, [rule.key for rule in spec.rules], rows, threads, in_order)
    for number, (rule, (order, starts)) in enumerate(zip(spec.rules, ordered, strict=True)):
        kept, of_rule = _blocks(rule, order, starts, keys[:, number], first, budget)
        budget -= kept.pairs
        made.append(of_rule)
        told.append((rule.name, rule.why, *kept))
    names = ("rule", "why", *Kept._fields)
    return Candidates(made, keys), pd.DataFrame(told, columns=names).astype({"max_block": "int32"})


def in_order(hashes: Hashes) -> tuple[Ids, Ids]:
    """Return the rows ordered by hash and row, without those of hash 0, and where the rows of each hash start.

    The upper bits of a hash with the row in the lower ones are sorted, several times quicker than an order of hashes is
    found. Hashes that share their upper bits, a few of many millions, are put in order afterwards.
    """
    low = np.uint64((1 << len(hashes).bit_length()) - 1)
    packed = hashes & ~low
    packed |= np.arange(len(hashes), dtype=np.uint64)
    packed.sort()
    order = (packed & low).astype(np.int32)
    other = (packed[1:] ^ packed[:-1]) > low
    del packed
    sorted_ = hashes[order]
    new = sorted_[1:] != sorted_[:-1]
    if (mixed := new & ~other).any():
        group = np.r_[0, np.cumsum(other)]
        at = np.flatnonzero(np.isin(group, group[1:][mixed]))
        order[at] = order[at][np.lexsort((order[at], sorted_[at]))]
        sorted_ = hashes[order]
        new = sorted_[1:] != sorted_[:-1]
    without = int(np.searchsorted(sorted_, 0, side="right"))
    starts = np.r_[0, np.flatnonzero(new[without:]) + 1] if without < len(order) else np.zeros(0)
    return order[without:], starts.astype(np.int32)


def _blocks(rule: Rule, order: Ids, starts: Ids, key: Ids, first: int | None, budget: int) -> tuple[Kept, Blocks]:
    """Return the blocks that fit the budget, and write their numbers as ``key`` of their rows.

    ``order`` and ``starts`` are those of `in_order`, ``first`` is where a second table begins.
    """
    ends = np.r_[starts[1:], len(order)] if len(starts) else starts
    sizes = (ends - starts).astype(np.int64)
    if first is None:
        made = sizes * (sizes - 1) // 2
    else:
        seconds = np.r_[0, np.cumsum(order >= first)]
        other = seconds[starts + sizes] - seconds[starts]
        made = other * (sizes - other)
    same, pairs = np.bincount(sizes), np.bincount(sizes, weights=made.astype(np.float64))
    kept = keep(rule, [(int(n), int(same[n]), int(pairs[n])) for n in np.flatnonzero(same) if n > 1], NO_CAP, budget)
    used = (sizes <= kept.max_block) & (made > 0)
    rows, sizes = order[np.repeat(used, sizes)], sizes[used]
    key[rows] = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    if first is None:
        start = np.arange(1, len(rows) + 1, dtype=np.int32)
        return kept, Blocks(rows, rows, start, np.repeat(np.cumsum(sizes, dtype=np.int32), sizes) - start)
    other, ones = other[used].astype(np.int32), sizes - other[used]
    return kept, Blocks(
        rows[rows < first],
        rows[rows >= first],
        np.repeat(np.cumsum(other, dtype=np.int32) - other, ones),
        np.repeat(other, ones),
    )
