"""What the engine is told about the people it links: comparisons with their levels, and blocking rules.

A comparison reduces two values to one small level. Levels are grouped by what could be compared at all
(two full birth dates, or a full one and a year): probabilities are normalised within a group, so that the
lack of a value is never evidence (Fellegi & Sunter 1969, with missing data ignored). Level 0 is null.
Where agreement on a rare value says more than agreement on a common one (Winkler 1988), the value's band
stands beside the level. Levels and bands of all comparisons are packed into one integer, the agreement
pattern: all that the model learns or says is about patterns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

BANDS = 9
"""Bands of a value's share: band 1 is 1 in 64 people or more, each next one four times rarer, 9 is below 2^-20."""
BAND_BITS = 4
BITS = 62
"""Room in a pattern: a signed integer of 64 bits, as every engine has it."""


def band_sql(share: str) -> str:
    """Return the SQL of the band of a share (DOUBLE between 0 and 1); null stays null."""
    return f"CAST(least({BANDS}, greatest(1, floor(-log2({share}) / 2) - 1)) AS TINYINT)"


def band_of(share: npt.NDArray[np.float64]) -> npt.NDArray[np.int8]:
    """Return the band of each share as `band_sql` does."""
    found: npt.NDArray[np.int8] = np.clip(np.floor(-np.log2(share) / 2) - 1, 1, BANDS).astype(np.int8)
    return found


def log_share(band: Ints) -> npt.NDArray[np.float64]:
    """Return log2 of the share in the middle of each band."""
    return -2.0 * np.asarray(band, dtype=np.float64) - 3.0


@dataclass(frozen=True)
class Level:
    """One outcome of a comparison: its name and the group within which it competes."""

    name: str
    group: int
    meaning: str


@dataclass(frozen=True)
class Comparison:
    """A comparison with its levels from 1 (0 is null) and its place in the pattern.

    ``sql`` gives the level of two rows, ``l`` and ``r``, of the prepared columns. With ``band``, the name of a
    prepared column, agreement (level 1) on a value is as likely by chance as the value is common, and near agreement
    (levels up to ``near``) on a common value is told apart from that on a rare one; of two bands the more common one
    counts. ``household`` says that members of one household share the value. ``value`` names a prepared column that is
    equal exactly when level 1 is reached. ``edits`` names a column whose further levels are one typing error, two, and
    more: comparing in process counts them on integers. ``similar`` is the lowest Jaro-Winkler similarity of the levels
    between equal and different, where they are told by it: comparing in process finds first what is far below.
    """

    name: str
    levels: tuple[Level, ...]
    sql: str
    band: str | None = None
    near: int = 1
    household: bool = False
    value: str | None = None
    edits: str | None = None
    similar: float | None = None
    shift: int = 0

    @property
    def size(self) -> int:
        """Number of levels, null included."""
        return len(self.levels) + 1

    @property
    def bits(self) -> int:
        """Bits of the level in the pattern."""
        return len(self.levels).bit_length()

    @property
    def width(self) -> int:
        """Bits of level and band in the pattern."""
        return self.bits + (BAND_BITS if self.band else 0)

    @property
    def mask(self) -> int:
        """The bits of the level, in their place."""
        return ((1 << self.bits) - 1) << self.shift

    @property
    def groups(self) -> Ints:
        """Group of each level, -1 for null."""
        return np.array([-1] + [item.group for item in self.levels], dtype=np.int64)

    def level_sql(self, pattern: str = "pattern") -> str:
        """Return the SQL that reads this comparison's level out of a pattern."""
        return f"(({pattern} >> {self.shift}) & {(1 << self.bits) - 1})"

    def level_of(self, pattern: Ints) -> Ints:
        """Return the level in each pattern."""
        return (pattern >> self.shift) & ((1 << self.bits) - 1)

    def band_of(self, pattern: Ints) -> Ints:
        """Return the band in each pattern, 0 where there is none."""
        if self.band is None:
            return np.zeros_like(pattern)
        return (pattern >> (self.shift + self.bits)) & ((1 << BAND_BITS) - 1)

    def number(self, level: str) -> int:
        """Return the number of a level by its name; raises ``KeyError`` for an unknown one."""
        for number, item in enumerate(self.levels, start=1):
            if item.name == level:
                return number
        raise KeyError(f"{self.name} has no level {level}")

    def banded_sql(self, levels: str, band: str) -> str:
        """Return the SQL of the band in its place, where the packed ``levels`` say agreement or near agreement."""
        held = f"CASE WHEN {self.level_sql(levels)} BETWEEN 1 AND {self.near} THEN coalesce({band}, 0) ELSE 0 END"
        return f"(CAST({held} AS BIGINT) << {self.shift + self.bits})"


@dataclass(frozen=True)
class Rule:
    """One blocking rule: rows with an equal key are candidate pairs; a null key blocks nothing.

    ``key`` is the SQL of the key over the columns of the mention; with ``many`` it is a query of
    (mention_id, key) that may give a mention several keys. ``also`` are further parts of the key.
    """

    name: str
    why: str
    key: str
    many: bool = False
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Frequency:
    """How common a value is: over distinct rows of ``by``, so that one person's many mentions count once.

    ``table`` names a table (value, share) from outside to take the shares from instead. ``own`` is how many of the
    rows are those of one household: a stranger agrees with the others.
    """

    value: str
    by: tuple[str, ...] = ()
    table: str | None = None
    own: int = 0


@dataclass(frozen=True)
class Spec:
    """All that is told: comparisons in the order of their telling, rules, prepared columns, who may be a pair.

    ``columns`` are prepared columns by name with their SQL over a mention; ``bands`` prepared columns that hold
    the band of a value; ``pairs`` is the SQL over ``l`` and ``r`` of pairs that may be one person at all,
    ``two_sided`` that they are a row of side 1 and one of side 2; ``seats`` a query of (mention_id, seat) that gives
    rows of a record that name one human the same number. ``follows`` names two comparisons with bands, the second of
    which hangs together with the first among strangers: a given name follows the origin of a surname.
    """

    comparisons: tuple[Comparison, ...]
    rules: tuple[Rule, ...]
    columns: Mapping[str, str]
    bands: Mapping[str, Frequency] = field(default_factory=dict)
    pairs: str = "l.mention_id < r.mention_id"
    two_sided: bool = False
    seats: str | None = None
    follows: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        placed, shift = [], 0
        for c in self.comparisons:
            placed.append(replace(c, shift=shift))
            shift += c.width
        if shift > BITS:
            raise ValueError(f"{shift} bits of levels do not fit into a pattern of {BITS}: leave out a comparison")
        object.__setattr__(self, "comparisons", tuple(placed))

    @cached_property
    def by_name(self) -> dict[str, Comparison]:
        """Comparisons by name."""
        return {c.name: c for c in self.comparisons}

    @cached_property
    def household(self) -> tuple[Comparison, ...]:
        """Comparisons of what members of one household share."""
        return tuple(c for c in self.comparisons if c.household)

    def patterns_sql(self, columns: Mapping[str, str], pairs: str) -> str:
        """Return the query of ``columns`` and ``pattern`` for ``pairs``: FROM … WHERE … with rows ``l`` and ``r``.

        Levels come first, and bands by the levels, so that no comparison is computed twice.
        """
        banded = [c for c in self.comparisons if c.band]
        levels = " | ".join(f"(CAST({c.sql} AS BIGINT) << {c.shift})" for c in self.comparisons)
        bands = "".join(f", least(l.{c.band}, r.{c.band}) AS band_of_{n}" for n, c in enumerate(banded))
        added = "".join(f" | {c.banded_sql('levels', f'band_of_{n}')}" for n, c in enumerate(banded))
        told = ", ".join(f"{text} AS {name}" for name, text in columns.items())
        inner = f"SELECT {told}, {levels} AS levels{bands} {pairs}"
        return f"SELECT {', '.join(columns)}, levels{added} AS pattern FROM ({inner})"

    def names(self, pattern: int) -> dict[str, str]:
        """Return the level of each comparison in a pattern by name; nulls are left out."""
        found = {c.name: int(c.level_of(np.array([pattern], dtype=np.int64))[0]) for c in self.comparisons}
        return {name: self.by_name[name].levels[n - 1].name for name, n in found.items() if n}


def numbers(levels: tuple[Level, ...]) -> Any:
    """Return the numbers of levels by their names, for use in SQL text."""
    return SimpleNamespace(**{item.name: n for n, item in enumerate(levels, start=1)})
