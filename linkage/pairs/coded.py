"""Comparing in process, on integers: the levels that the SQL of `fields` gives, several times quicker.

Rows carry a 64-bit hash of each value, so that equality, which decides most comparisons, is one instruction, and text
that typing errors are counted in stands packed in an integer. What equality leaves open is looked at in a second
stage: everywhere in a sample, from which the model is learnt, and elsewhere only where the best that an open
comparison could still bring would lift the pair to the lowest probability that is told (after the filters of exact
similarity joins: Bayardo, Ma & Srikant 2007). A pair that no outcome can lift is counted and forgotten.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from linkage.engine.base import Engine
from linkage.pairs import bound, edits
from linkage.pairs.coding import pack_values, shares
from linkage.pairs.estimate import Counts
from linkage.pairs.model import Model
from linkage.pairs.spec import Comparison, Spec

Ids = npt.NDArray[np.int32]
Ints = npt.NDArray[np.int64]
Open = npt.NDArray[Any]
"""One bit a comparison, 16 or 32 of them."""

BLOCK = 1 << 16
"""Pairs compared at a time by one thread: their integers stay in the processor's cache."""


@dataclass
class Pairs:
    """Pairs with what is known of their patterns: bit n of ``open`` says that comparison n is not decided."""

    left: Ids
    right: Ids
    pattern: Ints
    open: Open

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.left)

    def where(self, chosen: npt.NDArray[Any]) -> Pairs:
        """Return the chosen pairs (a mask or places)."""
        return Pairs(self.left[chosen], self.right[chosen], self.pattern[chosen], self.open[chosen])

    def counts(self) -> Counts:
        """Return how many pairs show each pattern."""
        at, pattern = distinct(self.pattern)
        pairs = np.bincount(at, minlength=len(pattern)).astype(np.float64)
        # In one order, so that sums of floats are the same in every run: threads make pairs in any order.
        order = np.argsort(pattern)
        return Counts(pattern[order], pairs[order])


def distinct(values: Ints) -> tuple[npt.NDArray[np.intp], Ints]:
    """Return the place of each value among the distinct ones, and these; hashing is quicker than sorting."""
    at, known = pd.factorize(values)
    return at, np.asarray(known)


class Coded:
    """The rows of table ``mention`` as integers, by mention_id, and pairs of them as patterns."""

    def __init__(self, db: Engine, spec: Spec, *, threads: int) -> None:
        self.db, self.spec, self._threads = db, spec, threads
        self._bits = np.uint16 if len(spec.comparisons) <= 16 else np.uint32
        codes, parts, joins = [], [], []
        for n, c in enumerate(spec.comparisons):
            codes.append(f'CASE WHEN "{c.value}" IS NULL THEN 0 ELSE hash("{c.value}") END AS code_{n}')
            if c.band:
                shares(db, c.band, spec.bands[c.band])
                parts.append(f"coalesce(b_{n}.band, 0) AS band_{n}")
                shared = f"SELECT hash(value) AS h, band FROM share_{c.band}"
                joins.append(f"LEFT JOIN ({shared}) b_{n} ON b_{n}.h = code_{n}")
            if c.edits:
                pack_values(db, c.edits, spec.columns[c.edits])
                parts.append(f"coalesce(p_{n}.packed, 0) AS packed_{n}")
                joins.append(
                    f"LEFT JOIN (SELECT hash(value) AS h, packed FROM packed_{c.edits}) p_{n} ON p_{n}.h = code_{n}"
                )
        told = f"SELECT mention_id, {', '.join(codes)} FROM mention"
        columns = ", ".join(["mention_id", *(f"code_{n}" for n in range(len(codes))), *parts])
        found = db.unordered(f"SELECT {columns} FROM ({told}) {' '.join(joins)}")
        place = np.asarray(found.pop("mention_id"))
        self._columns = {name: _scatter(place, found[name]) for name in list(found)}

    def compare(self, left: Ids, right: Ids) -> Pairs:
        """Return the pairs with what equality decides."""
        pattern = np.zeros(len(left), dtype=np.int64)
        open_ = np.zeros(len(left), dtype=self._bits)
        blocks = [slice(start, start + BLOCK) for start in range(0, len(left), BLOCK)]
        with ThreadPoolExecutor(self._threads) as pool:
            for _ in pool.map(lambda b: self._equality(left[b], right[b], pattern[b], open_[b]), blocks):
                pass
        return Pairs(left, right, pattern, open_)

    def count_errors(self, pairs: Pairs) -> None:
        """Decide in place what typing errors decide."""
        for n, c in enumerate(self.spec.comparisons):
            if c.edits:
                at = np.flatnonzero(pairs.open & self._bits(1 << n))
                level, is_text = self._errors(n, c, pairs.left[at], pairs.right[at])
                pairs.pattern[at] |= (level << c.shift) | self._near(n, level, pairs.left[at], pairs.right[at])
                pairs.open[at[~is_text]] &= ~self._bits(1 << n)

    def finish(self, pairs: Pairs) -> None:
        """Decide all that is open, in place: typing errors here, similarities of text in the engine."""
        self.count_errors(pairs)
        self._similarities(pairs, list(range(len(self.spec.comparisons))))

    def hopeful(self, pairs: Pairs, model: Model, least: float) -> Pairs:
        """Return, finished, the pairs that can reach a match weight: what is cheap to decide is decided first."""
        left = pairs.where(self.possible(pairs, model, least))
        self.count_errors(left)
        for n in bound.decisive(model):
            left = left.where(self.possible(left, model, least))
            self._similarities(left, [n])
        return left

    def possible(self, pairs: Pairs, model: Model, least: float) -> npt.NDArray[np.bool_]:
        """Tell which pairs may still reach a match weight, whatever their open comparisons turn out to be."""
        # A pattern may fill 62 bits: what is open has no room beside it, but beside its number it has.
        number, pattern = distinct(pairs.pattern)
        width = len(self.spec.comparisons)
        at, known = distinct(number.astype(np.int64) << width | pairs.open.astype(np.int64))
        best = bound.best(model, pattern[known >> width], known & ((1 << width) - 1))
        may: npt.NDArray[np.bool_] = (best >= least)[at]
        return may

    def _equality(self, left: Ids, right: Ids, pattern: Ints, open_: Open) -> None:
        for n, c in enumerate(self.spec.comparisons):
            code = self._columns[f"code_{n}"]
            a, b = code[left], code[right]
            known = (a != 0) & (b != 0)
            equal = (a == b) & known
            pattern |= equal.astype(np.int64) << c.shift
            if c.band:
                pattern |= np.where(equal, self._columns[f"band_{n}"][left], 0).astype(np.int64) << (c.shift + c.bits)
            differ = known & ~equal
            if len(c.levels) > 2:
                open_ |= differ.astype(self._bits) << n
            else:
                pattern |= (differ.astype(np.int64) * len(c.levels)) << c.shift

    def _near(self, n: int, level: Ints, left: Ids, right: Ids) -> Ints:
        """Return the band of near agreement in its place: that of the more common value."""
        c = self.spec.comparisons[n]
        if c.band is None or c.near < 2:
            return np.zeros_like(level)
        one, other = (self._columns[f"band_{n}"][ids].astype(np.int64) for ids in (left, right))
        least = np.where((one == 0) | (other == 0), np.maximum(one, other), np.minimum(one, other))
        return np.where((level > 0) & (level <= c.near), least, 0) << (c.shift + c.bits)

    def _errors(self, n: int, c: Comparison, left: Ids, right: Ids) -> tuple[Ints, npt.NDArray[np.bool_]]:
        """Return the level of each pair (0 where it cannot be told here) and whether its text must be looked at."""
        packed, last = self._columns[f"packed_{n}"], len(c.levels)
        level = np.empty(len(left), dtype=np.int64)
        is_text = np.zeros(len(left), dtype=bool)
        blocks = [slice(start, start + BLOCK) for start in range(0, len(left), BLOCK)]

        def count(b: slice) -> None:
            one, other = packed[left[b]], packed[right[b]]
            errors = edits.at_most_two(one, other)
            is_text[b] = (one == edits.UNPACKABLE) | (other == edits.UNPACKABLE)
            level[b] = np.where(is_text[b], 0, np.where(errors < last - 1, errors + 1, last))

        with ThreadPoolExecutor(self._threads) as pool:
            for _ in pool.map(count, blocks):
                pass
        return level, is_text

    def _similarities(self, pairs: Pairs, numbers: list[int]) -> None:
        """Ask the engine for the levels of open text of some comparisons, in place."""
        every = int(np.bitwise_or.reduce(pairs.open, initial=0))
        asked = [n for n in numbers if every >> n & 1]
        if not asked:
            return
        bits = self._bits(sum(1 << n for n in asked))
        at = np.flatnonzero(pairs.open & bits)
        told = {"place": at.astype(np.int32), "left_id": pairs.left[at], "right_id": pairs.right[at]}
        self.db.register("open_pair", pd.DataFrame(told | {"open": pairs.open[at]}))
        told_by = {n: self.spec.comparisons[n].sql for n in asked}
        levels = ", ".join(
            f"CASE WHEN (open & {1 << n}) <> 0 THEN {sql} ELSE 0 END AS level_{n}" for n, sql in told_by.items()
        )
        found = self.db.unordered(
            f"SELECT place, {levels} FROM open_pair JOIN mention l ON l.mention_id = left_id "
            "JOIN mention r ON r.mention_id = right_id"
        )
        place = np.asarray(found["place"])
        for n in asked:
            level = np.asarray(found[f"level_{n}"]).astype(np.int64)
            banded = self._near(n, level, pairs.left[place], pairs.right[place])
            pairs.pattern[place] |= (level << self.spec.comparisons[n].shift) | banded
        pairs.open[at] &= ~bits
        self.db.run("DROP TABLE open_pair")


def _scatter(place: npt.NDArray[Any], column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a column ordered by mention_id."""
    told = np.ma.getdata(column)
    told = told.view(np.int64) if told.dtype == np.uint64 else told
    ordered = np.empty_like(told)
    ordered[place] = told
    return ordered
