"""Any two tables, as the engine reads them: every column as text.

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
from linkage.pairs.fields import Field, Keys

Table = pd.DataFrame | Path | str
WHOLE = 1e15
"""Numbers without a fraction below this are told as whole: a null makes 12 a 12.0 in a frame."""


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


class Opened:
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


def outside(db: DuckDBEngine, field: Field) -> None:
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
