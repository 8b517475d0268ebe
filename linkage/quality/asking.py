"""Asks DuckDB, through the engine of Great Expectations, how many rows break the checks of a gate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from linkage.quality import proofs, statements
from linkage.quality.proofs import Proof, Since
from linkage.quality.suite import FEW, Check

Part = tuple[str, int, int]
"""Name, wrong rows and rows of a part."""


class Found(NamedTuple):
    """Wrong rows and rows of a check, and those of its parts."""

    wrong: int
    total: int
    parts: tuple[Part, ...] = ()


def questions(checks: Sequence[Check], told: Sequence[Proof], since: Since) -> dict[str, Any]:
    """Return what to ask of some checks, as JSON can hold it; ``told`` are the proofs of their suite."""
    by_table: dict[str, dict[str, str]] = {}
    for check in sorted(checks, key=lambda c: c.table):
        if counted := statements.count(check):
            by_table.setdefault(check.table, {})[check.id] = counted
    return {
        "counts": by_table,
        "apart": {check.table: check.apart for check in checks},
        "columns": {c.id: [c.table, c.columns] for c in checks if c.kind == "columns"},
        "queries": {c.id: query for c in checks if (query := statements.query(c))},
        "both": {c.id: c.both for c in checks if c.both},
        "proofs": [[proof.of, proof.holds] for proof in proofs.of(checks, told, since)],
        "right": sorted(since.right),
        "tonight": since.first,
    }


def answer(engine: Any, asked: dict[str, Any]) -> dict[str, Found]:
    """Return what can be counted of what `questions` asks."""
    found = columns(engine, asked["columns"]) | _noughts(engine, asked)
    for table, counts in asked["counts"].items():
        found |= scan(engine, table, {n: c for n, c in counts.items() if n not in found}, asked["apart"][table])
    at_once = {name: told for name, query in asked["both"].items() if len(told := _told(engine, query)) == 2}
    found |= {name: Found(int(wrong), int(total)) for name, (wrong, total) in at_once.items()}
    rest = {name: pair for name, pair in asked["queries"].items() if name not in found}
    return found | queries(engine, rest, asked["proofs"])


def _noughts(engine: Any, asked: dict[str, Any]) -> dict[str, Found]:
    """Return which counts are nought, of those that were so of all rows before those of tonight."""
    right, first = set(asked["right"]), asked["tonight"]
    were_right = {
        table: [name for name in counts if name in right] for table, counts in asked["counts"].items() if table in first
    }
    made = {
        table: f'(SELECT {" + ".join(asked["counts"][table][name] for name in names)} FROM "{table}" '
        f"WHERE rowid >= {first[table]})"
        for table, names in were_right.items()
        if names
    }
    wrong = _numbers(engine, made)
    totals = _numbers(engine, {table: f'(SELECT count(*) FROM "{table}")' for table, n in wrong.items() if n == 0})
    return {name: Found(0, total) for table, total in totals.items() for name in were_right[table]}


def scan(engine: Any, table: str, counts: dict[str, str], apart: str) -> dict[str, Found]:
    """Return for each count that can be computed its wrong rows, the rows, and the parts that may break it."""
    if not counts:
        return {}
    try:
        [[total, *wrong]] = _rows(engine, f'SELECT count(*), {", ".join(counts.values())} FROM "{table}"')
        often = {name: counts[name] for name, n in zip(counts, wrong, strict=True) if n >= FEW}
        parts = _parts(engine, table, often, apart) if apart and often else {}
    except sa.exc.SQLAlchemyError:
        engine.forget()
        if len(counts) < 2:
            return {}
        # One check that fails on a row must not silence those beside it.
        return {k: v for name in counts for k, v in scan(engine, table, {name: counts[name]}, apart).items()}
    return {n: Found(int(broken), int(total), parts.get(n, ())) for n, broken in zip(counts, wrong, strict=True)}


def _parts(engine: Any, table: str, counts: dict[str, str], apart: str) -> dict[str, tuple[Part, ...]]:
    """Return the parts of a table in their order: fewer than `FEW` wrong rows break none, so they are rarely read."""
    counted = ", ".join(["count(*)", *counts.values()])
    rows = f'SELECT {apart} AS part, {counted} FROM "{table}" WHERE part IS NOT NULL GROUP BY part ORDER BY part'
    found = _rows(engine, rows)
    return {
        name: tuple((part, int(wrong[number]), int(total)) for part, total, *wrong in found)
        for number, name in enumerate(counts)
    }


def columns(engine: Any, declared: dict[str, list[Any]]) -> dict[str, Found]:
    """Count the columns that a table has and its declaration has not, or the other way round."""
    if not declared:
        return {}
    there: dict[str, set[str]] = {}
    for table, column in _rows(
        engine,
        "SELECT table_name, column_name FROM duckdb_columns() "
        "WHERE database_name = current_database() AND schema_name = current_schema()",
    ):
        there.setdefault(table, set()).add(column)
    return {
        name: Found(len(there[table].symmetric_difference(columns)), len(columns))
        for name, (table, columns) in declared.items()
        if table in there
    }


def queries(engine: Any, asked: dict[str, list[str]], proofs: list[list[Any]]) -> dict[str, Found]:
    """Return what can be computed; each query is asked once, and not at all how many rows are wrong where it is proven.

    ``asked`` holds for each check the query of its wrong rows, and of its rows; ``proofs`` the names and the query.
    """
    answers: dict[str, int | None] = {}
    for names, holds in proofs:
        if all(asked[name][0] in answers for name in names if name in asked):
            continue
        kept = [name for name, is_kept in zip(names, _told(engine, holds), strict=False) if is_kept is True]
        answers |= {asked[name][0]: 0 for name in kept if name in asked}
    answers |= _numbers(engine, {total: total.removeprefix("SELECT ") for _, total in asked.values()})
    for query in dict.fromkeys(query for pair in asked.values() for query in pair):
        if query not in answers:
            answers[query] = _number(engine, query)
    found = {name: (answers[wrong], answers[total]) for name, (wrong, total) in asked.items()}
    return {name: Found(n, of) for name, (n, of) in found.items() if n is not None and of is not None}


def _told(engine: Any, holds: str) -> Sequence[Any]:
    try:
        [row] = _rows(engine, holds)
    except sa.exc.SQLAlchemyError:
        engine.forget()
        return ()
    return tuple(row)


def _numbers(engine: Any, asked: dict[str, str]) -> dict[str, int]:
    """Return the numbers that some expressions are, all in one statement; none where one of them fails."""
    told = " UNION ALL ".join(f"SELECT {place}, {number}" for place, number in enumerate(asked.values()))
    try:
        rows = _rows(engine, told) if told else []
    except sa.exc.SQLAlchemyError:
        engine.forget()
        return {}
    names = list(asked)
    return {names[place]: int(number) for place, number in rows}


def _number(engine: Any, query: str) -> int | None:
    try:
        [[value]] = _rows(engine, query)
    except sa.exc.SQLAlchemyError:
        engine.forget()
        return None
    return int(value)


def _rows(engine: Any, query: str) -> list[Any]:
    rows: list[Any] = engine.execute_query(sa.text(query.replace(":", "\\:"))).fetchall()
    return rows
