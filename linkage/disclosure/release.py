"""The indicators as they may leave: rows of table ``kpi`` with counts withheld and rounded, and values to match."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from linkage import indicators
from linkage.disclosure.control import BASE, THRESHOLD, Counts, Mask, protect, rounded
from linkage.disclosure.program import Relations
from linkage.errors import ContractError
from linkage.indicators import ALL, Figure

RELEASED = (
    f"counts below {THRESHOLD} are withheld, and others where they would give one back; "
    f"the rest is rounded to {BASE}, percentages are made of rounded counts"
)
COUNTED = ("computed", "nothing_to_count")


class Cell(NamedTuple):
    """A quantity of one municipality (source, unit, …) or of all: the same one, wherever it is shown."""

    quantity: str
    scope: str
    scope_code: str


def release(table: pd.DataFrame, period: str = ALL) -> pd.DataFrame:
    """Return the rows of table ``kpi`` of one period as they may leave: with ``is_withheld``, without ``censored``.

    Give all of the period, and choose rows afterwards: which counts are safe depends on all that is published.
    Raises `ContractError` when two figures that show one quantity differ.
    """
    table = table[table["period"] == period]
    cells, counts, distinct = _cells(table)
    withheld = protect(counts, _relations(cells, counts, distinct), _costs(cells, counts))
    number = {cell: place for place, cell in enumerate(cells)}
    rows = [_row(row, number, rounded(counts), withheld) for row in records(table)]
    out = pd.DataFrame(rows, columns=[*(c for c in table.columns if c != "censored"), "is_withheld"])
    return out.astype({"numerator": "Int64", "denominator": "Int64"})


def records(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table by the names of its columns."""
    for row in table.to_dict("records"):
        yield {str(name): value for name, value in row.items()}


def shown(row: dict[str, Any]) -> Iterator[tuple[str, Cell]]:
    """Yield the counts that a row of the table shows, each with the column that shows it."""
    if row["status"] not in COUNTED:
        return
    figure = _figures()[row["kpi_code"], row["figure"]]
    where = (row["scope"], row["scope_code"])
    if not pd.isna(row["numerator"]):
        yield "numerator", Cell(figure.numerator(row["part"]), *where)
    if not pd.isna(row["denominator"]):
        yield "denominator", Cell(figure.denominator(row["part"]), *where)


def relations(table: pd.DataFrame) -> tuple[list[Cell], Counts, Relations]:
    """Return all counts that the table shows, and what everybody knows of how they hang together."""
    cells, counts, distinct = _cells(table)
    return cells, counts, _relations(cells, counts, distinct)


def _figures() -> dict[tuple[str, str], Figure]:
    return {(figure.kpi_code, figure.name): figure for figure in indicators.figures()}


def _cells(table: pd.DataFrame) -> tuple[list[Cell], Counts, frozenset[str]]:
    """Return the counts, their values, and the quantities that do not add up because a person counts once in each."""
    found: dict[Cell, int] = {}
    for row in records(table):
        for column, cell in shown(row):
            if found.setdefault(cell, int(row[column])) != int(row[column]):
                raise ContractError(f"figures of {row['kpi_code']} and others disagree on {cell.quantity}")
    distinct = frozenset(f.numerator(part) for f in indicators.figures() if f.distinct for part in f.parts)
    return list(found), np.array(list(found.values()), dtype=np.int64), distinct


def _relations(cells: list[Cell], counts: Counts, distinct: frozenset[str]) -> Relations:
    """Return the relations between the counts; one that records without a date or place break is nobody's knowledge."""
    number = {cell: place for place, cell in enumerate(cells)}
    found = Relations()
    for total, parts in _splits(cells):
        places = tuple(number[part] for part in parts)
        if total.quantity in distinct:
            found.at_most += [(number[total], places), *((place, (number[total],)) for place in places)]
        else:
            found.sums.append((number[total], places))
    smaller = {pair for f in indicators.figures() if f.unit == "share" for part in f.parts for pair in _pair(f, part)}
    made, over = defaultdict[str, list[tuple[str, ...]]](list), defaultdict[str, list[str]](list)
    for name, quantities in indicators.sums():
        made[name].append(quantities)
    for small, large in sorted(smaller):
        over[small].append(large)
    for cell, place in number.items():
        for quantities in made[cell.quantity]:
            made_of = [number.get(cell._replace(quantity=quantity)) for quantity in quantities]
            if None not in made_of:
                found.sums.append((place, tuple(part for part in made_of if part is not None)))
        for large in over[cell.quantity]:
            if (whole := number.get(cell._replace(quantity=large))) is not None:
                found.at_most.append((place, (whole,)))
    found.sums = [(one, parts) for one, parts in found.sums if counts[one] == counts[list(parts)].sum()]
    return found


def _pair(figure: Figure, part: str) -> Iterator[tuple[str, str]]:
    """Yield numerator and denominator of a share, unless the one is a part of the other anyhow."""
    if not figure.is_distribution:
        yield figure.numerator(part), figure.denominator(part)


def _costs(cells: list[Cell], counts: Counts) -> Counts:
    """Return what it costs to withhold each count: its size, more for what managers steer by and for the region."""
    kept, most = indicators.kept(), int(counts.max(initial=0)) + 1
    extra = [(cell.quantity in kept) + (cell.scope == ALL) * (1 + (cell.quantity in kept)) for cell in cells]
    return counts + most * np.array(extra, dtype=np.int64)


def _splits(cells: list[Cell]) -> Iterator[tuple[Cell, list[Cell]]]:
    """Yield every total with its parts: the municipalities, and the sources, units, channels or reporters."""
    known, parts = set(cells), defaultdict[tuple[Cell, str], list[Cell]](list)
    for cell in cells:
        if cell.scope != ALL:
            parts[Cell(cell.quantity, ALL, ALL), cell.scope].append(cell)
    for (total, _), listed in parts.items():
        if total in known:
            yield total, listed


def _row(row: dict[str, Any], number: dict[Cell, int], given: Counts, withheld: Mask) -> dict[str, Any]:
    """Return a row as it may leave: with rounded counts, or with none of its figures."""
    places = {column: number[cell] for column, cell in shown(row)}
    row = {**row, "is_withheld": any(withheld[place] for place in places.values())}
    for column, place in places.items():
        row[column] = pd.NA if withheld[place] else int(given[place])
    if row["is_withheld"]:
        row["value"] = None
    elif row["status"] == "computed":
        row["value"] = _value(row)
    return row


def _value(row: dict[str, Any]) -> float:
    """Return the value that follows from the rounded counts; days stand as they are, on ten records at least."""
    if row["unit"] == "share":
        return float(min(1.0, row["numerator"] / row["denominator"]))
    if row["unit"] == "difference":
        return float(row["numerator"] - row["denominator"])
    return float(row["numerator"] if row["unit"] == "count" else row["value"])
