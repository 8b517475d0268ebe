"""Comparisons of single fields, for a model of one's own: names, dates, codes, and what is equal or not.

Each says whether members of a household share the field; that is what lets given name and birth date decide
between brothers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from zlib import crc32

import pandas as pd

from linkage.errors import UsageError
from linkage.pairs.spec import BITS, Comparison, Frequency, Level, Rule, Spec

_LOWER = "strip_accents(lower({column}))"
FOLDED = (
    f"CASE WHEN {_LOWER} LIKE ' %' OR {_LOWER} LIKE '% ' OR {_LOWER} = '' "
    f"THEN nullif(trim({_LOWER}), '') ELSE {_LOWER} END"
)
"""Names are compared in lower case without accents; blank is missing. Only what needs it is trimmed: that is slow."""
TYPED = FOLDED
"""So are codes and dates: a capital is no typing error, and DuckDB's distances would count an accent as two."""
PLAIN = "nullif(trim({column}), '')"

Keys = tuple[tuple[str, ...], ...]
Shares = pd.DataFrame | Path | str


@dataclass(frozen=True)
class Field:
    """A compared column: the comparison, its text, and the share of its values where that counts.

    ``outside`` is the table (value, share) that the shares come from, where they are not counted in the data.
    """

    column: str
    comparison: Comparison
    frequency: Frequency | None = None
    text: str = PLAIN
    outside: Shares | None = field(default=None, compare=False, repr=False)
    cap: int | None = None
    """A value that more rows share than this says nothing (a placeholder, a shelter's phone): it counts as missing."""


def name(
    column: str,
    thresholds: tuple[float, ...] = (0.92, 0.80),
    *,
    household: bool = False,
    frequency: bool | Shares = True,
) -> Field:
    """Names by Jaro-Winkler similarity (Winkler 1990), equal and at or above each threshold.

    With ``frequency`` agreement on a rare name weighs more; a table (value, share), as a frame or a Parquet file,
    tells the shares instead of counting them. Raises `UsageError` unless thresholds descend between 1 and 0.
    """
    if not all(high > low for high, low in pairwise((1, *thresholds, 0))):
        raise UsageError(f"{column}: thresholds must descend between 1 and 0, not {thresholds}")
    value = column_of(column)
    similarity = f"jaro_winkler_similarity(l.{value}, r.{value})"
    steps = "".join(f" WHEN {similarity} >= {t} THEN {n}" for n, t in enumerate(thresholds, start=2))
    levels = (*(Level(f"similar_{t:g}", 0, f"similarity of at least {t:g}") for t in thresholds),)
    least = thresholds[-1] if thresholds else None
    return _field(column, levels, steps, household=household, frequency=frequency, similar=least, text=FOLDED)


def typed(
    column: str,
    errors: int = 1,
    *,
    household: bool = False,
    frequency: bool | Shares = False,
    cap: int | None = None,
) -> Field:
    """Codes and dates by the number of typing errors (Damerau 1964) up to ``errors``, 1 or 2.

    A value that more than ``cap`` rows share counts as missing. Raises `UsageError` for another number of errors.
    """
    if errors not in (1, 2):
        raise UsageError(f"{column}: typing errors are counted up to 1 or 2, not {errors}")
    levels = tuple(Level(f"errors_{n}", 0, f"{n} typing error{'s' * (n > 1)}") for n in range(1, errors + 1))
    value = column_of(column)
    counted = f"damerau_levenshtein(l.{value}, r.{value})"
    steps = "".join(f" WHEN {counted} <= {n} THEN {n + 1}" for n in range(1, errors + 1))
    return _field(column, levels, steps, household=household, frequency=frequency, edits=value, text=TYPED, cap=cap)


def exact(column: str, *, household: bool = False, frequency: bool | Shares = False, cap: int | None = None) -> Field:
    """Values that are equal or not; a value that more than ``cap`` rows share counts as missing."""
    return _field(column, (), "", household=household, frequency=frequency, cap=cap)


def column_of(column: str) -> str:
    """Return the plain word under which a column of any name stands in ``mention``.

    Engines differ in how they quote a name and whether capitals count; what is not a plain word already gets a
    checksum of its name instead.
    """
    if re.fullmatch("[a-z][a-z0-9_]*", column):
        return f"value_{column}"
    word = re.sub("[^a-z0-9]+", "_", column.lower()).strip("_")
    return f"value_{word}_{crc32(column.encode('utf-8', 'surrogatepass')):08x}"


def _field(
    column: str,
    between: tuple[Level, ...],
    steps: str,
    *,
    household: bool,
    frequency: bool | Shares,
    edits: str | None = None,
    similar: float | None = None,
    text: str = PLAIN,
    cap: int | None = None,
) -> Field:
    levels = (Level("equal", 0, "equal"), *between, Level("different", 0, "different"))
    value = column_of(column)
    sql = (
        f"CASE WHEN l.{value} = r.{value} THEN 1 WHEN l.{value} IS NULL OR r.{value} IS NULL THEN 0"
        f"{steps} ELSE {len(levels)} END"
    )
    is_counted, outside = (frequency, None) if isinstance(frequency, bool) else (True, frequency)
    comparison = Comparison(
        column,
        levels,
        sql,
        band=f"band_of_{value}" if is_counted else None,
        near=len(levels) - 1,
        household=household,
        value=value,
        edits=edits,
        similar=similar,
    )
    shares = Frequency(value, table=None if outside is None else f"outside_{value}") if is_counted else None
    return Field(column, comparison, shares, text, outside, cap)


def spec(fields: tuple[Field, ...], block_on: Keys, *, two_sided: bool) -> Spec:
    """Return the spec of fields, what a household shares first, and of rules over table ``mention`` of `reading`.

    Where one table holds a person often, the distinct rows of what tells people apart stand for people when values
    are counted. Raises `UsageError` for fields that cannot be told together.
    """
    names = [f.column for f in fields]
    if not fields:
        raise UsageError("no fields: give at least one name, typed or exact")
    if twice := sorted({n for n in names if names.count(n) > 1}):
        raise UsageError(f"column {twice[0]} stands in two fields: compare a column once")
    if (bits := sum(f.comparison.width for f in fields)) > BITS:
        raise UsageError(f"{len(fields)} fields take {bits} of {BITS} bits: leave out a field or a frequency")
    ordered = sorted(fields, key=lambda f: not f.comparison.household)
    values = [str(f.comparison.value) for f in ordered]
    people = () if two_sided else tuple(str(f.comparison.value) for f in fields if f.frequency or f.comparison.edits)
    bands = {str(f.comparison.band): replace(f.frequency, by=people) for f in ordered if f.frequency}
    pairs = "l.side = 1 AND r.side = 2" if two_sided else "l.mention_id < r.mention_id"
    columns = {"side": "side"} | {v: v for v in values}
    return Spec(tuple(f.comparison for f in ordered), _rules(block_on), columns, bands, pairs, two_sided)


def _rules(block_on: Keys) -> tuple[Rule, ...]:
    told = [" and ".join(key) for key in block_on]
    return tuple(Rule(text, f"the same {text}", f"rule_{n}") for n, text in enumerate(told))
