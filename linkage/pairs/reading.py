"""Any two tables as ``mention``: the fields' values as text, under names of our own, and the keys of the rules.

The columns of a stranger's table have names with spaces, quotes or capitals, and the values that a frame or a file
makes of one column differ (12 and 12.0, a date and a midnight). Both end here: behind this door a column is a plain
word and every value a text, or null.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import StoreError, UsageError
from linkage.pairs.coding import number_sql
from linkage.pairs.fields import PLAIN, Field, Keys

Table = pd.DataFrame | Path | str
ROW = '"inbeeld row"'
WHOLE = 1e15
"""Numbers without a fraction below this are told as whole: a null makes 12 a 12.0 in a frame."""


def read(db: DuckDBEngine, tables: Sequence[Table], fields: Sequence[Field], rules: Keys) -> tuple[int, ...]:
    """Write ``mention`` and the outside shares; return the tables' rows.

    Columns are mention_id, which counts through the tables in their order, side, the values, ``hash_of_<value>`` and
    ``rule_<n>``, hashes that are 0 for null. Raises `UsageError` for a table, column or rule that cannot
    be used.
    """
    opened = [_Opened(db, table, side, fields, rules) for side, table in enumerate(tables, start=1)]
    shared = [c for c in opened[0].texts if all(c in other.texts for other in opened)]
    texts = {f.column: f.text for f in fields}
    sizes = [table.rows for table in opened]
    parts: list[tuple[str, list[tuple[tuple[str, ...], str]]]] = []
    for side, table in enumerate(opened, start=1):
        told = [f"{texts.get(c, PLAIN).format(column=table.texts[c])} AS {quoted(c)}" for c in shared]
        inner = f"SELECT {table.row} AS {ROW}, {', '.join(told)} FROM {table.source}"
        values = [f"{quoted(f.column)} AS {f.comparison.value}" for f in fields]
        values += [f"{_key((quoted(f.column),))} AS hash_of_{f.comparison.value}" for f in fields]
        keys = [f"{_key(key, shared)} AS rule_{n}" for n, key in enumerate(rules)]
        query = (
            f"SELECT CAST({sum(sizes[: side - 1])} + {ROW} AS INTEGER) AS mention_id, "
            f"CAST({side} AS TINYINT) AS side, {', '.join(values + keys)} FROM ({inner})"
        )
        parts.append((query, [(key, f"SELECT count({_key(key, shared)}) FROM ({inner})") for key in rules]))
    _write(db, parts)
    for f in fields:
        if f.cap is not None:
            value = f.comparison.value
            common = f"SELECT {value} FROM mention GROUP BY {value} HAVING count(*) > {f.cap}"
            db.run(f"UPDATE mention SET {value} = NULL, hash_of_{value} = 0 WHERE {value} IN ({common})")
        _outside(db, f)
    return tuple(sizes)


def ids(db: DuckDBEngine, table: Table, column: str, side: int) -> pd.Series[Any]:
    """Return the user's own id of each row (a column, or the name of a frame's index).

    Raises `UsageError` when there is no such column, or when its values do not tell the rows apart.
    """
    if isinstance(table, pd.DataFrame):
        if column in table.columns:
            found = table[column]
        elif column in table.index.names:
            found = pd.Series(table.index.get_level_values(column))
        else:
            raise _missing(column, side, [str(c) for c in table.columns])
    else:
        known = _columns(db, _parquet(table), side)
        if column not in known:
            raise _missing(column, side, list(known))
        rows = f"SELECT {quoted(column)} AS id FROM {_parquet(table)} ORDER BY file_row_number"
        found = db.frame(rows)["id"]
    if found.isna().any() or found.duplicated().any():
        raise UsageError(f"table {side}: column {column} names some rows twice or not at all, so it is no id")
    return found.reset_index(drop=True)


def quoted(name: str) -> str:
    """Return a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


class _Opened:
    """A table as the engine reads it: ``source`` after FROM, its row number, and the text of each column as SQL."""

    def __init__(self, db: DuckDBEngine, table: Table, side: int, fields: Sequence[Field], rules: Keys) -> None:
        wanted = {f.column for f in fields}
        named = " ".join(part for key in rules for part in key).lower()
        self.row = "file_row_number"
        if isinstance(table, pd.DataFrame):
            labels = [c for c in table.columns if c in wanted or str(c).lower() in named]
            _check([str(c) for c in labels], [str(c) for c in table.columns], wanted, side)
            self.source, self.rows = f"table_{side}", len(table)
            _register(db, self.source, table, labels, side)
            types = {f"c{n}": t for n, t in enumerate(_columns(db, self.source, side).values())}
            self.texts = {str(c): _text(f"c{n}", types[f"c{n}"]) for n, c in enumerate(labels)}
        else:
            self.source = _parquet(table)
            known = _columns(db, self.source, side)
            self.rows = int(db.rows(f"SELECT count(*) FROM {self.source}")[0][0])
            known.pop("file_row_number", None)
            _check([c for c in known if c in wanted or c.lower() in named], list(known), wanted, side)
            self.texts = {c: _text(quoted(c), kind) for c, kind in known.items() if c in wanted or c.lower() in named}


def _check(chosen: list[str], known: list[str], wanted: set[str], side: int) -> None:
    for column in sorted(wanted):
        if column not in chosen:
            raise _missing(column, side, known)
    for n, column in enumerate(chosen):
        if column.lower() in [c.lower() for c in chosen[:n]]:
            raise UsageError(f"table {side} has two columns {column} (capitals do not tell them apart): rename one")


def _missing(column: str, side: int, known: list[str]) -> UsageError:
    return UsageError(f"table {side} has no column {column}: it has {', '.join(sorted(known)) or 'none'}")


def _parquet(table: Path | str) -> str:
    if not Path(table).is_file():
        raise UsageError(f"{Path(table).name} is not a file: give a data frame or the path of one Parquet file")
    return "read_parquet('" + str(table).replace("'", "''") + "', file_row_number = true)"


def _columns(db: DuckDBEngine, source: str, side: int) -> dict[str, str]:
    try:
        return {row[0]: row[1] for row in db.rows(f"DESCRIBE SELECT * FROM {source}")}
    except StoreError:
        raise UsageError(f"table {side} cannot be read: give a data frame or the path of one Parquet file") from None


def _register(db: DuckDBEngine, name: str, table: pd.DataFrame, labels: list[Any], side: int) -> None:
    """Show the engine the columns that are needed, under names that cannot clash, with the number of each row."""
    columns = {f"c{n}": _readable(table[c]).reset_index(drop=True) for n, c in enumerate(labels)}
    frame = pd.DataFrame(columns | {"file_row_number": pd.Series(np.arange(len(table), dtype=np.int64))}, copy=False)
    try:
        db.show(name, frame)
    except StoreError:
        raise UsageError(
            f"table {side} cannot be read: a column holds values that are neither text nor number"
        ) from None


def _readable(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return a column whose type the engine knows; what is mixed in an object column becomes text here."""
    kind = column.dtype
    if isinstance(kind, np.dtype) and kind.kind in "iufMb":
        return column
    if isinstance(kind, pd.StringDtype) and kind.storage == "python":
        return column
    plain = column.astype(object)
    if pd.api.types.infer_dtype(plain, skipna=True) not in ("string", "empty"):
        plain = plain.map(_as_text, na_action="ignore")
    return plain.astype("string[python]")


def _as_text(value: object) -> str | None:
    """Return what the SQL of `_text` makes of a value."""
    if isinstance(value, float | np.floating):
        number = float(value)
        return str(int(number)) if number.is_integer() and abs(number) < WHOLE else str(number)
    if isinstance(value, datetime):
        return str(value.date() if not (value - datetime.combine(value, datetime.min.time(), value.tzinfo)) else value)
    if isinstance(value, bool | np.bool_):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date) else str(value)


def _text(column: str, kind: str) -> str:
    """Return the SQL of a column's text: a number without a fraction as whole, a midnight as a day."""
    if kind in ("DOUBLE", "FLOAT"):
        whole = f"{column} = trunc({column}) AND abs({column}) < {WHOLE}"
        number = f"WHEN {whole} THEN CAST(CAST({column} AS BIGINT) AS VARCHAR)"
        return f"CASE WHEN isnan({column}) THEN NULL {number} ELSE CAST({column} AS VARCHAR) END"
    if kind.startswith("TIMESTAMP"):
        day = f"CAST(CAST({column} AS DATE) AS VARCHAR)"
        return f"CASE WHEN {column} = date_trunc('day', {column}) THEN {day} ELSE CAST({column} AS VARCHAR) END"
    return f"CAST({column} AS VARCHAR)"


def _key(key: tuple[str, ...], columns: Sequence[str] = ()) -> str:
    """Return the SQL of a hash, 0 where a part of the key is null."""
    parts = [quoted(part) if part in columns else part for part in key]
    return number_sql(*parts)


def _write(db: DuckDBEngine, parts: list[tuple[str, list[tuple[tuple[str, ...], str]]]]) -> None:
    """Read the tables in one statement, side by side; when that fails, tell which table and rule it was."""
    made = "CREATE OR REPLACE TEMP TABLE mention AS "
    try:
        db.run(made + " UNION ALL ".join(query for query, _ in parts))
        return
    except StoreError:
        pass
    for side, (query, checks) in enumerate(parts, start=1):
        try:
            db.run(made + query)
        except StoreError:
            raise _unreadable(db, side, checks) from None
    raise UsageError("the tables cannot be read as one: a rule gives text in one and numbers in the other")


def _unreadable(db: DuckDBEngine, side: int, checks: list[tuple[tuple[str, ...], str]]) -> UsageError:
    for key, check in checks:
        try:
            db.rows(check)
        except StoreError as error:
            why = str(error).split(" ", 1)[0]
            if why == "FatalException":  # the engine has stopped: it was not the rule
                break
            return UsageError(
                f"rule {' and '.join(key)} cannot be used ({why}): write SQL over the columns that every table has"
            )
    return UsageError(f"table {side} cannot be read: a file is damaged, or a column's values are no text")


def _outside(db: DuckDBEngine, field: Field) -> None:
    """Write the shares that a field takes from outside, with values in the field's form, as the table it names."""
    if field.outside is None or field.frequency is None:
        return
    name = str(field.frequency.table)
    if isinstance(field.outside, pd.DataFrame):
        labels = [c for c in ("value", "share") if c in field.outside.columns]
        _check(labels, [str(c) for c in field.outside.columns], {"value", "share"}, 0)
        _register(db, f"{name}_frame", field.outside, labels, 0)
        source, value, share = f"{name}_frame", "c0", "c1"
    else:
        source, value, share = _parquet(field.outside), "value", "share"
        _check(list(_columns(db, source, 0)), list(_columns(db, source, 0)), {"value", "share"}, 0)
    text = field.text.format(column=f"CAST({value} AS VARCHAR)")
    db.run(
        f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {text} AS value, "
        f"least(1.0, sum({share})) AS share FROM {source} WHERE {share} > 0 GROUP BY 1 HAVING value IS NOT NULL"
    )
