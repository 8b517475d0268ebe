"""The rows of one or two tables, a column at a time: a hash of every value, and the text of distinct ones.

No row's text is kept, and what brings values into the form in which they are compared is slow: it is done once a value.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import StoreError, UsageError
from linkage.pairs.coding import number_sql
from linkage.pairs.fields import PLAIN, Field, Keys
from linkage.pairs.reading import Opened, Table, outside, quoted
from linkage.pairs.values import Hashes

ROW = '"inbeeld row"'
SYNTAX = {"cast", "try_cast", "coalesce", "nullif", "in", "and", "or", "not", "case", "when", "then", "else", "between"}
"""Words of SQL before a bracket that are no functions, and say the same of a value each time."""


@dataclass(frozen=True)
class Part:
    """What rows are numbered by: the SQL of a column, or of an expression, and the one column that it reads, if so."""

    sql: str
    column: str | None


class Rows:
    """The rows of one or two tables, numbered through the tables in their order, as queries that read them.

    A column is read under its own name and in the form in which its field compares it.
    """

    def __init__(self, db: DuckDBEngine, tables: Sequence[Table], fields: Sequence[Field], rules: Keys) -> None:
        """Open the tables and write the outside shares; raises `UsageError` for what cannot be used."""
        self.db, self.fields, self.rules = db, fields, rules
        self._opened = [Opened(db, table, side, fields, rules) for side, table in enumerate(tables, start=1)]
        self.sizes = tuple(table.rows for table in self._opened)
        self._columns = [c for c in self._opened[0].texts if all(c in other.texts for other in self._opened)]
        self._forms = {f.column: f.text for f in fields}
        for f in fields:
            outside(db, f)

    def __len__(self) -> int:
        """Return how many rows there are."""
        return sum(self.sizes)

    def part(self, told: str) -> Part:
        """Return a part of a rule as it is read: an expression is worked out on the distinct values of one column if
        the engine says that it needs no other, and that it says the same of a value each time.
        """
        if told in self._columns:
            return Part(quoted(told), told)
        called = {word.lower() for word in re.findall(r"(\w+)\s*\(", told)} - SYNTAX
        pure = "function_type = 'scalar' AND stability = 'CONSISTENT'"
        known = self.db.rows(f"SELECT DISTINCT function_name FROM duckdb_functions() WHERE {pure}") if called else []
        if called <= {name for (name,) in known}:
            for column in self._columns:
                try:
                    self.db.rows(f"SELECT {told} FROM (SELECT CAST(NULL AS VARCHAR) AS {quoted(column)}) LIMIT 0")
                except StoreError:
                    continue
                return Part(told, column)
        return Part(told, None)

    def hashes(self, part: Part) -> Hashes:
        """Return a hash of each row (rows,): of a column as it stands, or of an expression, 0 for null.

        Raises `UsageError` when it cannot be read.
        """
        asked = [self._hashed(part, side) for side in range(len(self.sizes))]
        try:
            told = self.db.arrays(" UNION ALL ".join(asked))
        except StoreError:
            raise self._unreadable(part, asked) from None
        placed = np.zeros(len(self), dtype=np.uint64)
        placed[np.ma.getdata(told["mention_id"])] = np.ma.getdata(told["h"])
        return placed

    def distinct(self, column: str, target: str) -> None:
        """Write ``target`` (raw_h, value): a column's distinct values, null too; hashed as they stand, and in form."""
        sides = (f"SELECT {table.texts[column]} AS raw FROM {table.source}" for table in self._opened)
        self.db.run(
            f"CREATE OR REPLACE TEMP TABLE {target} AS SELECT hash(raw) AS raw_h, {self._form(column, 'raw')} AS value "
            f"FROM (SELECT DISTINCT raw FROM ({' UNION ALL '.join(sides)}))"
        )

    def told(self, source: str, column: str, parts: Sequence[Part]) -> list[Hashes]:
        """Return the hashes of a column's values as they stand, and of what parts that read it make of their form.

        ``source`` is what `distinct` wrote. Raises `UsageError` for a part of a rule that fails.
        """
        values = f"SELECT raw_h, value AS {quoted(column)} FROM {source}"
        made = "".join(f", {number_sql(part.sql)} AS h_{n}" for n, part in enumerate(parts))
        try:
            found = self.db.arrays(f"SELECT raw_h{made} FROM ({values})")
        except StoreError:
            wrong = (self._unusable(part, f"SELECT count({part.sql}) FROM ({values})") for part in parts)
            raise next(filter(None, wrong), _unread(1)) from None
        return [np.ma.getdata(hashes) for hashes in found.values()]

    def write(self) -> None:
        """Write ``mention`` (mention_id, side, the compared values in their form)."""
        sides = []
        for side, table in enumerate(self._opened):
            values = (f"{self._form(f.column, table.texts[f.column])} AS {f.comparison.value}" for f in self.fields)
            told = f"{self._row(side)} AS mention_id, CAST({side + 1} AS TINYINT) AS side, {', '.join(values)}"
            sides.append(f"SELECT {told} FROM {table.source}")
        self.db.run("CREATE OR REPLACE TEMP TABLE mention AS " + " UNION ALL ".join(sides))
        for f in self.fields:
            if f.cap is not None:
                value = f.comparison.value
                common = f"SELECT {value} FROM mention GROUP BY {value} HAVING count(*) > {f.cap}"
                self.db.run(f"UPDATE mention SET {value} = NULL WHERE {value} IN ({common})")

    def _row(self, side: int) -> str:
        return f"CAST({sum(self.sizes[:side])} + {self._opened[side].row} AS INTEGER)"

    def _form(self, column: str, text: str) -> str:
        return self._forms.get(column, PLAIN).format(column=text)

    def _hashed(self, part: Part, side: int) -> str:
        table = self._opened[side]
        if part.sql == quoted(part.column or ""):
            inner = f"SELECT {self._row(side)} AS {ROW}, {table.texts[str(part.column)]} AS told FROM {table.source}"
            return f"SELECT {ROW} AS mention_id, hash(told) AS h FROM ({inner})"
        columns = "".join(f", {self._form(c, table.texts[c])} AS {quoted(c)}" for c in self._columns)
        inner = f"SELECT {self._row(side)} AS {ROW}{columns} FROM {table.source}"
        return f"SELECT {ROW} AS mention_id, {number_sql(part.sql)} AS h FROM ({inner})"

    def _unreadable(self, part: Part, asked: list[str]) -> UsageError:
        """Return what to say of a part that cannot be read: the expression is wrong, or a table."""
        for side, query in enumerate(asked, start=1):
            try:
                self.db.rows(f"SELECT count(h) FROM ({query})")
            except StoreError:
                return self._unusable(part, query) or _unread(side)
        return _unread(1)

    def _unusable(self, part: Part, query: str) -> UsageError | None:
        """Return what to say of a rule whose part fails in a query; none if it is no expression, or does not fail."""
        rules = [key for key in self.rules if part.sql in key]
        try:
            self.db.rows(query)
        except StoreError as error:
            why = str(error).split(" ", 1)[0]
            if rules and why != "FatalException":  # the engine has stopped: it was not the rule
                return UsageError(
                    f"rule {' and '.join(rules[0])} cannot be used ({why}): write SQL over the columns that every "
                    "table has"
                )
        return None


def _unread(side: int) -> UsageError:
    return UsageError(f"table {side} cannot be read: a file is damaged, or a column's values are no text")
