"""Comparing in process, on integers: the levels that the SQL of `fields` gives, several times quicker.

Rows carry the number of each value, so that equality, which decides most comparisons, is one instruction; text that
typing errors are counted in stands packed in an integer, and names are first compared by the letters that they have.
What equality leaves open is looked at in a second stage: everywhere in a sample, from which the model is learnt, and
elsewhere only where the best that an open comparison could still bring would lift the pair to the lowest probability
that is told (after the filters of exact similarity joins: Bayardo, Ma & Srikant 2007). A pair that no outcome can lift
is counted and forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from linkage.engine.base import Engine
from linkage.pairs import bound, edits, similar
from linkage.pairs.blocks import Bits, Candidates, agreement
from linkage.pairs.columns import Columns
from linkage.pairs.fitting import Counts
from linkage.pairs.model import Model
from linkage.pairs.rows import Rows
from linkage.pairs.spec import BAND_BITS, BITS, Spec
from linkage.pairs.values import Codes

Ids = npt.NDArray[np.int32]
Ints = npt.NDArray[np.int64]
Open = npt.NDArray[Any]
"""One bit a comparison, 16 or 32 of them."""

BLOCK = 1 << 16
"""Pairs compared at a time by one thread: their integers stay in the processor's cache."""

Made = TypeVar("Made")


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

    def where(self, chosen: npt.NDArray[Any] | slice) -> Pairs:
        """Return the chosen pairs (a mask, places, or a slice: that is a view)."""
        return Pairs(self.left[chosen], self.right[chosen], self.pattern[chosen], self.open[chosen])

    def counts(self) -> Counts:
        """Return how many pairs show each pattern."""
        at, pattern = distinct(self.pattern)
        pairs = np.bincount(at, minlength=len(pattern)).astype(np.float64)
        # In one order, so that sums of floats are the same in every run: threads make pairs in any order.
        order = np.argsort(pattern)
        return Counts(pattern[order], pairs[order])


def joined(parts: Sequence[Pairs]) -> Pairs:
    """Return several sets of pairs as one."""
    return Pairs(*(np.concatenate([getattr(p, each.name) for p in parts]) for each in fields(Pairs)))


def distinct(values: Ints) -> tuple[npt.NDArray[np.intp], Ints]:
    """Return the place of each value among the distinct ones, and these; hashing is quicker than sorting."""
    at, known = pd.factorize(values)
    return at, np.asarray(known)


class Coded:
    """The rows of tables as integers, by mention_id, and pairs of them as patterns.

    For a spec of `fields`: every comparison looks at one value of each row.
    """

    def __init__(self, db: Engine, spec: Spec, rows: Rows, *, threads: int) -> None:
        """Read the rows; raises `UsageError` when a column or a part of a rule cannot be read."""
        self.db, self.spec, self.sizes, self.threads = db, spec, rows.sizes, threads
        self._bits = np.uint16 if len(spec.comparisons) <= 16 else np.uint32
        self.columns = Columns(db, spec, rows, threads=threads)
        self._agreement = _Agreement.of(spec)

    def equal(self, n: int) -> tuple[float, float]:
        """Return how many pairs of rows that may be one person agree on a comparison's value, and how many have one."""
        return self.columns.known[n].agree

    def compare(self, left: Ids, right: Ids) -> Pairs:
        """Return the pairs with what equality decides."""
        starts = range(0, max(len(left), 1), BLOCK)
        with ThreadPoolExecutor(self.threads) as pool:
            return joined(
                list(pool.map(lambda at: self._compare(left[at : at + BLOCK], right[at : at + BLOCK]), starts))
            )

    def pairs(self, candidates: Candidates) -> Pairs:
        """Return all candidate pairs, with what equality decides."""
        none = np.zeros(0, dtype=np.int32)
        with ThreadPoolExecutor(self.threads) as pool:
            made = pool.map(lambda piece: self._equality(*candidates.pairs(*piece)), candidates.pieces())
            return joined([self._compare(none, none), *made])

    def finish(self, pairs: Pairs) -> None:
        """Decide all that is open, in place."""
        for n in range(len(self.spec.comparisons)):
            self.decide(pairs, n)

    def decide(self, pairs: Pairs, n: int) -> None:
        """Decide one comparison where it is open, in place: on integers as far as they tell, the rest as text."""
        c, column, code = self.spec.comparisons[n], self.columns.known[n], self.columns.codes[:, n]
        at = np.flatnonzero(pairs.open & self._bits(1 << n))

        def told(block: slice) -> tuple[npt.NDArray[np.intp], Codes, Codes]:
            here = at[block]
            one, other = code[pairs.left[here]], code[pairs.right[here]]
            level = np.zeros(len(here), dtype=np.int64)
            if column.packed is not None:
                level = _errors(column.packed[one], column.packed[other], len(c.levels))
            elif column.letters is not None and c.similar is not None:
                level = similar.is_below(column.letters, c.similar, one, other) * len(c.levels)
            pairs.pattern[here] |= (level << c.shift) | self._near(n, level, one, other)
            text = np.flatnonzero(level == 0)
            return here[text], one[text], other[text]

        parts = self._in_blocks(told, len(at), BLOCK)
        if parts:
            here, one, other = (np.concatenate(side) for side in zip(*parts, strict=True))
            level = self._as_text(n, one, other)
            pairs.pattern[here] |= (level << c.shift) | self._near(n, level, one, other)
        pairs.open[at] &= ~self._bits(1 << n)

    def hopeful(self, pairs: Pairs, model: Model, least: float) -> Pairs:
        """Return, finished, the pairs that can reach a match weight: what tells most is decided first."""
        left = pairs
        for n in bound.decisive(model):
            left = left.where(self.possible(left, model, least))
            self.decide(left, n)
        return left

    def possible(self, pairs: Pairs, model: Model, least: float) -> npt.NDArray[np.bool_]:
        """Tell which pairs may still reach a match weight, whatever their open comparisons turn out to be."""
        width = len(self.spec.comparisons)

        def told(block: slice) -> npt.NDArray[np.bool_]:
            number, pattern = pairs.pattern[block], None
            if sum(c.width for c in self.spec.comparisons) + width > BITS:
                # What is open has no room beside the pattern, but beside its number it has.
                number, pattern = distinct(number)
            at, known = distinct(number.astype(np.int64) << width | pairs.open[block].astype(np.int64))
            found = known >> width
            best = bound.best(model, found if pattern is None else pattern[found], known & ((1 << width) - 1))
            may: npt.NDArray[np.bool_] = (best >= least)[at]
            return may

        parts = self._in_blocks(told, len(pairs), max(BLOCK, -(-len(pairs) // self.threads)))
        return np.concatenate([np.zeros(0, dtype=bool), *parts])

    def _in_blocks(self, work: Callable[[slice], Made], size: int, block: int) -> list[Made]:
        with ThreadPoolExecutor(self.threads) as pool:
            return list(pool.map(work, (slice(start, start + block) for start in range(0, size, block))))

    def _compare(self, left: Ids, right: Ids) -> Pairs:
        return self._equality(left, right, *agreement(self.columns.codes, left, right))

    def _equality(self, left: Ids, right: Ids, equal: Bits, differ: Bits) -> Pairs:
        pattern, open_ = self._agreement.told(equal, differ, self.columns.banded[left])
        return Pairs(left, right, pattern, open_.astype(self._bits, copy=False))

    def _near(self, n: int, level: Ints, one: Codes, other: Codes) -> Ints:
        """Return the band of near agreement in its place: that of the more common value."""
        c, band = self.spec.comparisons[n], self.columns.known[n].band
        if c.band is None or c.near < 2:
            return np.zeros_like(level)
        a, b = band[one].astype(np.int64), band[other].astype(np.int64)
        least = np.where((a == 0) | (b == 0), np.maximum(a, b), np.minimum(a, b))
        return np.where((level > 0) & (level <= c.near), least, 0) << (c.shift + c.bits)

    def _as_text(self, n: int, one: Codes, other: Codes) -> Ints:
        """Ask the engine for the levels of pairs of values."""
        level = np.zeros(len(one), dtype=np.int64)
        if len(one):
            known = self.columns.known[n].hashes
            asked = {"place": np.arange(len(one), dtype=np.int32), "left_h": known[one], "right_h": known[other]}
            self.db.register("open_pair", pd.DataFrame(asked))
            found = self.db.unordered(
                f"SELECT place, {self.spec.comparisons[n].sql} AS level FROM open_pair "
                f"JOIN text_{n} l ON l.h = left_h JOIN text_{n} r ON r.h = right_h"
            )
            level[np.asarray(found["place"])] = np.asarray(found["level"])
            self.db.run("DROP TABLE open_pair")
        return level


@dataclass(frozen=True)
class _Agreement:
    """What equal and different values are in a pattern: for each byte of comparisons, a table by its bits."""

    equal: list[Ints]
    banded: list[Ints]
    """The places of the bands."""
    different: list[Ints]
    open: list[Bits]
    """The comparisons of which values that differ may still be near."""

    @classmethod
    def of(cls, spec: Spec) -> _Agreement:
        made = cls([], [], [], [])
        for start in range(0, len(spec.comparisons), 8):
            some = spec.comparisons[start : start + 8]
            has = np.arange(256)[:, None] >> np.arange(len(some)) & 1
            near = [len(c.levels) > 2 for c in some]
            bands = [((1 << BAND_BITS) - 1) << (c.shift + c.bits) if c.band else 0 for c in some]
            made.equal.append(has @ np.array([1 << c.shift for c in some]))
            made.banded.append(has @ np.array(bands))
            made.different.append(
                has @ np.array([0 if n else len(c.levels) << c.shift for c, n in zip(some, near, strict=True)])
            )
            made.open.append(np.packbits(near, bitorder="little"))
        return made

    def told(self, equal: Bits, differ: Bits, banded: Ints) -> tuple[Ints, Open]:
        """Return patterns, and the bits of what is open, of pairs; ``banded`` are the bands of their values."""
        pattern, open_ = np.zeros(len(equal), dtype=np.int64), np.zeros(len(equal), dtype=np.uint32)
        for n in range(len(self.equal)):  # what stands beyond the comparisons is for rules
            same, other = equal[:, n], differ[:, n]
            pattern |= self.equal[n][same] | self.banded[n][same] & banded | self.different[n][other]
            open_ |= (other & self.open[n]).astype(np.uint32) << np.uint32(8 * n)
        return pattern, open_


def _errors(one: edits.Packed, other: edits.Packed, levels: int) -> Ints:
    """Return the level of each pair of packed values, 0 where it must be looked at as text."""
    errors = edits.at_most_two(one, other).astype(np.int64)
    is_text = (one == edits.UNPACKABLE) | (other == edits.UNPACKABLE)
    return np.where(is_text, 0, np.minimum(errors + 1, levels))
