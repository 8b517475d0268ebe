"""The rows of tables as integers, and what is known of the values that are compared.

Columns are read one after the other, and while the engine reads one, the one before it is numbered.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linkage.engine.base import Engine
from linkage.pairs import edits, similar
from linkage.pairs.blocks import side_by_side
from linkage.pairs.coding import number_sql, share_sql
from linkage.pairs.rows import Rows
from linkage.pairs.spec import Comparison, Spec, band_of
from linkage.pairs.values import Counts, Hashes, Raw, Values, places, together

Ints = npt.NDArray[np.int64]
Bands = npt.NDArray[np.int8]

BLOCK = 1 << 16
"""Rows whose bands are put together at a time."""


@dataclass
class Column:
    """What is known of one comparison's values, by their codes."""

    hashes: Hashes
    count: Counts
    """How many rows have each value."""
    agree: tuple[float, float]
    """Pairs of rows that may be one person and agree on a value, and those that both have one."""
    band: Bands
    """How common each value is, 0 where that is not told."""
    packed: edits.Packed | None = None
    letters: similar.Letters | None = None
    """Both serve near agreement, where a comparison has it."""


@dataclass(frozen=True)
class _Read:
    """What the engine tells of a column: the hash of each row's value as it stands, and what distinct ones become."""

    numbers: list[int]
    """The columns of codes that are made of it."""
    rows: Hashes
    raw: Hashes
    """The distinct values as they stand."""
    told: list[Hashes]
    """What they become, for each of ``numbers``."""
    texts: dict[int, tuple[Hashes, list[str]]]
    """The distinct values in their form, with their hashes, for comparisons that look at text."""


class Columns:
    """The rows of tables by mention_id, for comparing and for blocking.

    ``codes`` (rows, columns) has the number of each value, -1 for null: those of a row stand side by side, so that one
    fetch from memory brings all of them. First come the comparisons, then what rules need beside them. So do the bands
    of a row, ``banded`` (rows,), in their places in a pattern. ``keys`` are the columns of codes of each rule.
    """

    def __init__(self, db: Engine, spec: Spec, rows: Rows, *, threads: int) -> None:
        """Read the rows for a spec of `fields`; writes ``text_<n>`` (h, value) of comparisons that look at text.

        Raises `UsageError` when a column or a part of a rule cannot be read.
        """
        self._db, self._spec, self._rows = db, spec, rows
        caps = {f.column: f.cap for f in rows.fields}
        # A rule blocks on a value that is too common to be compared: that is another column of codes.
        wanted = {(rows.part(c.name), caps[c.name]): n for n, c in enumerate(spec.comparisons)}
        self.keys: list[tuple[int, ...]] = []
        for key in rows.rules:
            asked = [(rows.part(told), None) for told in key]
            self.keys.append(tuple(wanted.setdefault(each, len(wanted)) for each in asked))
        self._wanted = list(wanted)
        self.codes = side_by_side(len(rows), len(wanted))
        known: dict[int, Column] = {}
        self._read(known)
        self.known = [known[n] for n in range(len(spec.comparisons))]
        for n, c in enumerate(spec.comparisons):
            if c.band:
                self.known[n].band = self._bands(n, c)
        self.banded = np.zeros(len(rows), dtype=np.int64)
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(self._put_bands, range(0, len(rows), BLOCK)))

    def _read(self, known: dict[int, Column]) -> None:
        by_column: dict[tuple[str | None, int], list[int]] = {}
        for n, (part, _) in enumerate(self._wanted):
            by_column.setdefault((part.column, 0 if part.column else n), []).append(n)
        with ThreadPoolExecutor(1) as pool:
            before: Future[None] | None = None
            for (column, _), numbers in by_column.items():
                read = self._column(column, numbers) if column else self._expression(numbers[0])
                if before:
                    before.result()
                before = pool.submit(self._number, read, known)
                del read
            if before:
                before.result()

    def _expression(self, n: int) -> _Read:
        """Read what an expression over several columns makes of each row."""
        return _Read([n], self._rows.hashes(self._wanted[n][0]), np.zeros(0, dtype=np.uint64), [], {})

    def _column(self, column: str, numbers: list[int]) -> _Read:
        """Read a column, and what is made of its distinct values."""
        hashes = self._rows.hashes(self._rows.part(column))
        self._rows.distinct(column, "raw_value")
        raw, *told = self._rows.told("raw_value", column, [self._wanted[n][0] for n in numbers])
        compared = [n for n in numbers if n < len(self._spec.comparisons)]
        texts = {n: self._text(n) for n in compared if len(self._spec.comparisons[n].levels) > 2}
        self._db.run("DROP TABLE raw_value")
        return _Read(numbers, hashes, raw, told, texts)

    def _text(self, n: int) -> tuple[Hashes, list[str]]:
        value = self._spec.comparisons[n].value
        self._db.run(
            f"CREATE OR REPLACE TEMP TABLE text_{n} AS SELECT DISTINCT {number_sql('value')} AS h, value AS {value} "
            "FROM raw_value WHERE value IS NOT NULL"
        )
        text = self._db.frame(f"SELECT h, {value} AS value FROM text_{n}")
        return text["h"].to_numpy(), text["value"].tolist()

    def _number(self, read: _Read, known: dict[int, Column]) -> None:
        """Write the codes of what was read, and what is known of the compared values."""
        raw = Raw.of(read.rows)
        made = [raw.become(read.raw, told) for told in read.told] if read.told else [raw.number(raw.hashes)]
        for n, values in zip(read.numbers, made, strict=True):
            cap = self._wanted[n][1]
            kept = values if cap is None else values.without(cap)
            np.subtract(kept.code, kept.code == 0, out=self.codes[:, n])
            if n < len(self._spec.comparisons):
                known[n] = self._known(n, kept, *read.texts.get(n, (values.hashes[:0], [])))

    def _known(self, n: int, values: Values, hashes: Hashes, texts: list[str]) -> Column:
        c, sizes = self._spec.comparisons[n], self._rows.sizes
        ones = values.counts(slice(sizes[0]))
        others = values.counts(slice(sizes[0], None))
        agree = _agree(ones, others if len(sizes) == 2 else None)
        column = Column(values.hashes, ones + others, agree, np.zeros(len(values), dtype=np.int8))
        place = places(values.hashes, hashes)
        if c.edits:
            column.packed = np.zeros(len(values), dtype=np.int64)
            column.packed[place] = edits.pack(texts)
        if c.similar is not None:
            column.letters = similar.letters(len(values), place, texts)
        return column

    def _bands(self, n: int, c: Comparison) -> Bands:
        """Return the band of each value: by its share of the rows, or of the people, or by the one from outside."""
        known, frequency = self.known[n], self._spec.bands[str(c.band)]
        band, count = np.zeros(len(known.hashes), dtype=np.int8), known.count
        if frequency.table:
            told = self._db.frame(f"SELECT {number_sql('value')} AS h, share FROM ({share_sql(frequency)})")
            place = places(known.hashes, told["h"].to_numpy())
            band[place[place >= 0]] = band_of(told["share"].to_numpy()[place >= 0])
            return band
        if frequency.by:
            by_value = {c.value: n for n, c in enumerate(self._spec.comparisons)}
            people = together([self.codes[:, by_value[value]] for value in frequency.by])
            first = self.codes[np.unique(people, return_index=True)[1], n]
            count = np.bincount(first[first > 0], minlength=len(band))
        band[count > 0] = band_of(count[count > 0] / count.sum())
        return band

    def _put_bands(self, start: int) -> None:
        """Put the bands of some rows in their places."""
        rows = slice(start, start + BLOCK)
        for n, c in enumerate(self._spec.comparisons):
            if c.band:
                # Null, -1, takes the last one.
                placed = np.r_[self.known[n].band.astype(np.int64) << (c.shift + c.bits), 0]
                self.banded[rows] |= placed[self.codes[rows, n]]


def _agree(ones: Counts, others: Counts | None) -> tuple[float, float]:
    one = ones.astype(np.float64)
    if others is None:
        return float(one @ np.maximum(one - 1, 0)), float(one.sum() * (one.sum() - 1))
    other = others.astype(np.float64)
    return float(one @ other), float(one.sum() * other.sum())
