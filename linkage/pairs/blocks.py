"""Candidate pairs made in process, from numbered values: the rules of `blocking` over rows that stand in memory.

A rule's rows are sorted by their keys once; then its blocks are ranges of rows, and their pairs are written out a piece
at a time. A pair that several rules find is made by the first of them: which rules find it, what the pair agrees on
tells. Memory is read in the order in which it stands wherever that can be, and the numbers of one row stand side by
side: what costs is fetching them, not comparing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from linkage.pairs.blocking import Kept, keep
from linkage.pairs.spec import Rule

Ids = npt.NDArray[np.int32]
Bits = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.uint64]

NO_CAP = 2**31 - 1
PIECE = 1 << 16
"""Pairs made at a time, but for a row that has more partners: their integers stay in the processor's cache."""
ODD = 0x9E3779B97F4A7C15
"""2^64 over the golden ratio, rounded: times it, numbers that differ anywhere differ in their upper bits (Knuth)."""
WORD = 64


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
    """The blocks of every rule over the numbers of the rows (rows, columns), below 0 for null."""

    codes: Ids
    rules: list[Blocks]
    columns: list[Bits]
    """Of each rule the columns that it asks to be equal, as bits."""
    dropped: list[Bools | None]
    """Of each rule the rows (rows,) that it does not compare because their block is too large."""

    def pieces(self) -> Iterator[tuple[int, slice]]:
        """Yield what `pairs` makes at a time: a rule and some of its rows."""
        yield from ((number, rows) for number, rule in enumerate(self.rules) for rows in rule.pieces())

    def pairs(self, number: int, rows: slice) -> tuple[Ids, Ids, Bits, Bits]:
        """Return the pairs of a piece that no earlier rule makes, with their `agreement`."""
        left, right = self.rules[number].pairs(rows)
        equal, differ = agreement(self.codes, left, right)
        if not number:
            return left, right, equal, differ
        new = np.ones(len(left), dtype=bool)
        for asked, dropped in zip(self.columns[:number], self.dropped[:number], strict=True):
            new &= ~_finds(asked, dropped, left, equal)
        return left[new], right[new], equal[new], differ[new]


def _finds(asked: Bits, dropped: Bools | None, left: Ids, equal: Bits) -> Bools:
    """Tell which pairs a rule makes."""
    found = np.ones(len(left), dtype=bool) if dropped is None else ~dropped[left]
    for n in np.flatnonzero(asked):
        found &= (equal[:, n] & asked[n]) == asked[n]
    return found


def agreement(codes: Ids, left: Ids, right: Ids) -> tuple[Bits, Bits]:
    """Return the columns in which pairs of rows are equal, and those in which both are known and differ, as bits."""
    one, other = codes.take(left, axis=0), codes.take(right, axis=0)
    equal = bits(one == other)
    np.bitwise_or(one, other, out=one)
    known = bits(one >= 0)
    equal &= known
    return equal, known ^ equal


def side_by_side(rows: int, columns: int) -> Ids:
    """Return a table (rows, columns) of -1, of so many columns that the bits of a row are whole bytes."""
    return np.full((rows, -(-columns // 8) * 8), -1, dtype=np.int32)


def bits(told: npt.NDArray[np.bool_]) -> Bits:
    """Return (rows, columns) of truths as bits (rows, columns / 8), the first column lowest."""
    return np.packbits(told.reshape(-1), bitorder="little").reshape(len(told), told.shape[1] // 8)


def blocks(
    codes: Ids,
    rules: Sequence[Rule],
    columns: Sequence[tuple[int, ...]],
    sizes: tuple[int, ...],
    *,
    budget: int,
    threads: int,
) -> tuple[Candidates, pd.DataFrame]:
    """Return the blocks of every rule, and what `blocking` writes as ``blocking_rule``.

    ``columns`` are those of ``codes`` that each rule asks to be equal, ``sizes`` the rows of the tables, one or two.
    Raises `BudgetError` when even blocks of two do not fit the budget.
    """
    found = Candidates(codes, [], [], [])
    first, told = sizes[0] if len(sizes) == 2 else None, []
    with ThreadPoolExecutor(threads) as pool:
        ordered = pool.map(lambda asked: in_order(keys(codes, asked)), columns)
        for rule, asked, (order, starts) in zip(rules, columns, ordered, strict=True):
            kept, of_rule, dropped = _blocks(rule, order, starts, first, budget)
            budget -= kept.pairs
            found.rules.append(of_rule)
            found.columns.append(bits(np.isin(np.arange(codes.shape[1]), asked)[None, :])[0])
            found.dropped.append(_marked(dropped, len(codes)) if len(dropped) else None)
            told.append((rule.name, rule.why, *kept))
    names = ("rule", "why", *Kept._fields)
    return found, pd.DataFrame(told, columns=names).astype({"max_block": "int32"})


def _marked(rows: Ids, size: int) -> Bools:
    marked = np.zeros(size, dtype=bool)
    marked[rows] = True
    return marked


def keys(codes: Ids, columns: tuple[int, ...]) -> Numbers:
    """Return one number for each combination of columns, 0 where one of them is null; its upper bits tell most.

    As long as the numbers of a combination fit one beside the other it is they; beyond 64 bits it is a hash of them.
    """
    pieces = [slice(start, start + PIECE) for start in range(0, len(codes), PIECE)]
    most = np.max([codes[piece, columns].max(axis=0) for piece in pieces], axis=0, initial=0)
    widths = [int(number).bit_length() for number in np.broadcast_to(most, len(columns))]
    spare = WORD - sum(widths)
    found = np.zeros(len(codes), dtype=np.uint64)
    for piece in pieces:
        some, key = codes[piece, columns], found[piece]
        for n, width in enumerate(widths):
            if sum(widths[: n + 1]) > WORD:
                key ^= key >> np.uint64(WORD // 2)
                key *= np.uint64(ODD)
            else:
                key <<= np.uint64(width)
            key += some[:, n].astype(np.uint64)
        if spare >= len(codes).bit_length():
            key <<= np.uint64(spare)
        else:
            key *= np.uint64(ODD)
            np.maximum(key, 1, out=key)
        key[(some < 0).any(axis=1)] = 0
    return found


def in_order(keys: Numbers) -> tuple[Ids, Ids]:
    """Return the rows whose key another row has too, ordered by key and row, and where those of each key start.

    Key 0 is none. The upper bits of a key with the row in the lower ones are sorted, several times quicker than an
    order of keys is found. Keys that differ in the bits so lost, a few of many millions, are told apart afterwards.
    """
    low = np.uint64((1 << len(keys).bit_length()) - 1)
    packed, is_lossy = np.empty_like(keys), False
    for start in range(0, len(keys), PIECE):
        some = keys[start : start + PIECE]
        is_lossy = is_lossy or bool((some & low).any())
        packed[start : start + PIECE] = some & ~low | np.arange(start, start + len(some), dtype=np.uint64)
    packed.sort()
    if not is_lossy:
        packed = packed[int(np.searchsorted(packed, low, side="right")) :]
    same = np.zeros(max(len(packed) - 1, 0), dtype=bool)
    for start in range(0, len(same), PIECE):
        some = packed[start : start + PIECE + 1]
        same[start : start + PIECE] = (some[1:] ^ some[:-1]) <= low
    shared, starts = _shared(same, len(packed))
    order = (packed[shared] & low).astype(np.int32)
    return _told_apart(keys, order, starts) if is_lossy else (order, starts)


def _shared(same: Bools, size: int) -> tuple[Bools, Ids]:
    """Tell which of ``size`` items equal a neighbour, by what ``same`` says of each and the next.

    Returns that, and where among these the runs of equal items start.
    """
    shared = np.zeros(size, dtype=bool)
    shared[1:] = same
    starts = ~shared
    shared[:-1] |= same
    return shared, np.flatnonzero(starts[shared]).astype(np.int32)


def _told_apart(keys: Numbers, order: Ids, starts: Ids) -> tuple[Ids, Ids]:
    """Put runs of rows that share the upper bits of their keys in the order of the keys; leave only those shared."""
    told, group = keys[order], np.zeros(len(order), dtype=np.int32)
    group[starts] = 1
    group = np.cumsum(group, dtype=np.int32)
    mixed = (told[1:] != told[:-1]) & (group[1:] == group[:-1])
    if mixed.any():
        at = np.flatnonzero(np.isin(group, group[1:][mixed]))
        order[at] = order[at][np.lexsort((order[at], told[at], group[at]))]
        told = keys[order]
    shared, starts = _shared((told[1:] == told[:-1]) & (told[1:] != 0), len(told))
    return order[shared], starts


def _blocks(rule: Rule, order: Ids, starts: Ids, first: int | None, budget: int) -> tuple[Kept, Blocks, Ids]:
    """Return the blocks that fit the budget, and the rows of those that do not.

    ``order`` and ``starts`` are those of `in_order`, ``first`` is where a second table begins.
    """
    every = np.diff(starts, append=np.int32(len(order)))
    # A block of two tables begins with a row of the first and ends with one of the second, or it makes no pair.
    makes = np.ones(len(every), dtype=bool)
    if first is not None and len(every):
        makes = (order[starts] < first) & (order[starts + every - 1] >= first)
    rows, sizes = order[np.repeat(makes, every)], every[makes]
    other = sizes
    if first is not None and len(sizes):
        other = np.add.reduceat(rows >= first, np.cumsum(sizes) - sizes, dtype=np.int32)
    made = sizes * (sizes - np.int64(1)) // 2 if first is None else other * (sizes - other).astype(np.int64)
    same = np.bincount(every)
    pairs = np.bincount(sizes, weights=made.astype(np.float64), minlength=len(same))
    kept = keep(rule, [(int(n), int(same[n]), int(pairs[n])) for n in np.flatnonzero(same) if n > 1], NO_CAP, budget)
    dropped = order[:0]
    if kept.dropped_blocks:
        dropped = order[np.repeat(every > kept.max_block, every)]
        used = sizes <= kept.max_block
        rows, sizes, other = rows[np.repeat(used, sizes)], sizes[used], other[used]
    ends = np.cumsum(sizes, dtype=np.int32)
    if first is None:
        start = np.arange(1, len(rows) + 1, dtype=np.int32)
        return kept, Blocks(rows, rows, start, np.repeat(ends, sizes) - start), dropped
    seconds, ones = np.cumsum(other, dtype=np.int32) - other, sizes - other
    is_first = rows < first
    of_rule = Blocks(rows[is_first], rows[~is_first], np.repeat(seconds, ones), np.repeat(other, ones))
    return kept, of_rule, dropped
