"""Comparisons of single fields, for a model of one's own: names, dates, codes, and what is equal or not.

Each says whether members of a household share the field; that is what lets given name and birth date decide
between brothers.
"""

from __future__ import annotations

from dataclasses import dataclass

from linkage.pairs.spec import Comparison, Frequency, Level, Rule, Spec

FOLDED = "nullif(trim(strip_accents(lower(CAST({column} AS VARCHAR)))), '')"
"""Names are compared in lower case without accents, because DuckDB's distances work on bytes; blank is missing."""
PLAIN = "nullif(trim(CAST({column} AS VARCHAR)), '')"


@dataclass(frozen=True)
class Field:
    """A compared column: the comparison, its text, and the share of its values where that counts."""

    column: str
    comparison: Comparison
    frequency: Frequency | None = None
    text: str = PLAIN

    @property
    def sql(self) -> str:
        """The column's text as SQL."""
        return self.text.format(column=f'"{self.column}"')


def name(
    column: str,
    thresholds: tuple[float, ...] = (0.92, 0.80),
    *,
    household: bool = False,
    frequency: bool | str = True,
) -> Field:
    """Names by Jaro-Winkler similarity (Winkler 1990), equal and at or above each threshold.

    With ``frequency`` agreement on a rare name weighs more; a text names a table (value, share) to look the share up
    in instead of counting it.
    """
    similarity = f'jaro_winkler_similarity(l."{column}", r."{column}")'
    steps = "".join(f" WHEN {similarity} >= {t} THEN {n}" for n, t in enumerate(thresholds, start=2))
    levels = (*(Level(f"similar_{t:g}", 0, f"similarity of at least {t:g}") for t in thresholds),)
    return _field(column, levels, steps, household=household, frequency=frequency, text=FOLDED)


def typed(column: str, errors: int = 1, *, household: bool = False, frequency: bool | str = False) -> Field:
    """Codes and dates by the number of typing errors (Damerau 1964) up to ``errors``, 1 or 2.

    Raises ``ValueError`` for another number.
    """
    if errors not in (1, 2):
        raise ValueError(f"{column}: typing errors are counted up to 1 or 2, not {errors}")
    levels = tuple(Level(f"errors_{n}", 0, f"{n} typing error{'s' * (n > 1)}") for n in range(1, errors + 1))
    counted = f'damerau_levenshtein(l."{column}", r."{column}")'
    steps = "".join(f" WHEN {counted} <= {n} THEN {n + 1}" for n in range(1, errors + 1))
    return _field(column, levels, steps, household=household, frequency=frequency, edits=column)


def exact(column: str, *, household: bool = False, frequency: bool | str = False) -> Field:
    """Values that are equal or not."""
    return _field(column, (), "", household=household, frequency=frequency)


def _field(
    column: str,
    between: tuple[Level, ...],
    steps: str,
    *,
    household: bool,
    frequency: bool | str,
    edits: str | None = None,
    text: str = PLAIN,
) -> Field:
    levels = (Level("equal", 0, "equal"), *between, Level("different", 0, "different"))
    sql = (
        f'CASE WHEN l."{column}" = r."{column}" THEN 1 WHEN l."{column}" IS NULL OR r."{column}" IS NULL THEN 0'
        f"{steps} ELSE {len(levels)} END"
    )
    comparison = Comparison(
        column,
        levels,
        sql,
        band=f"{column}_band" if frequency else None,
        household=household,
        value=column,
        edits=edits,
    )
    shares = Frequency(column, table=frequency if isinstance(frequency, str) else None) if frequency else None
    return Field(column, comparison, shares, text)


def spec(
    fields: tuple[Field, ...],
    block_on: tuple[tuple[str, ...], ...],
    *,
    two_sided: bool,
    counted_by: tuple[str, ...] = (),
) -> Spec:
    """Return the spec of fields, what a household shares first, and rules: tuples of SQL over the compared texts.

    ``counted_by`` are the columns whose distinct rows stand for people when values are counted.
    """
    ordered = sorted(fields, key=lambda f: not f.comparison.household)
    rules = tuple(Rule(" and ".join(key), f"the same {' and '.join(key)}", key[0], also=key[1:]) for key in block_on)
    bands = {str(f.comparison.band): Frequency(f.column, counted_by, f.frequency.table) for f in ordered if f.frequency}
    columns = {f.column: f.column for f in ordered}
    pairs = "l.side = 1 AND r.side = 2" if two_sided else "l.mention_id < r.mention_id"
    comparisons = tuple(f.comparison for f in ordered)
    return Spec(comparisons, rules, {"side": "side", **columns}, bands, pairs, two_sided)
