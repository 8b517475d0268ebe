"""The SQL that measures a check: a predicate over one row, or a query for what one row cannot tell."""

from __future__ import annotations

from collections.abc import Callable

from linkage.quality.suite import Check


def count(check: Check) -> str | None:
    """Return the expression that counts the wrong rows of a table, None for what one row cannot tell."""
    made = _COUNTS.get(check.kind)
    return made and f"count(CASE WHEN {made(check)} THEN 1 END)"


def query(check: Check) -> tuple[str, str] | None:
    """Return the queries of how many are wrong, and of how many; None for what one row tells."""
    made = _QUERIES.get(check.kind)
    return made and (made(check), f'SELECT ({check.total or f"""SELECT count(*) FROM "{check.table}" """.strip()})')


def _outside(check: Check) -> str:
    bounds = (("<", check.minimum), (">", check.maximum))
    return " OR ".join(f'"{check.column}" {sign} {bound}' for sign, bound in bounds if bound is not None)


def _not_in_set(check: Check) -> str:
    # Not NOT IN, which is measured for every row: a function is for every value that a column's dictionary holds.
    listed = ", ".join("'" + value.replace("'", "''") + "'" for value in check.values)
    return f'NOT list_contains([{listed}], "{check.column}")'


def _not_unique(check: Check) -> str:
    names = ", ".join(f'"{name}"' for name in check.columns)
    filled = " OR ".join(f'"{name}" IS NOT NULL' for name in check.columns)
    double = f'SELECT count(*) AS n FROM "{check.table}" WHERE {filled} GROUP BY {names} HAVING count(*) > 1'
    return f"SELECT coalesce(sum(n), 0) FROM ({double})"


_COUNTS: dict[str, Callable[[Check], str]] = {
    "not_null": lambda check: f'"{check.column}" IS NULL',
    "in_set": _not_in_set,
    "between": _outside,
    "where": lambda check: check.where,
}
"""Predicates that select the wrong rows of a table."""

_QUERIES: dict[str, Callable[[Check], str]] = {
    "unique": _not_unique,
    "rows": lambda check: f"SELECT count(*) FROM ({check.rows})",
}
"""Queries that return how many are wrong."""
