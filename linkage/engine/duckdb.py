"""The default engine: one DuckDB file, hardened, with its spill encrypted in a private folder."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

import duckdb
import numpy as np
import pandas as pd

from linkage.engine.base import Arrays, Row
from linkage.errors import StoreError

NO_ROOM = ("No space left", "File too large", "max_temp_directory_size")
"""What DuckDB's errors say of a disk that is full; nothing else of their text is told, it may quote a row."""
LEAST_MEMORY = 500_000_000
"""Bytes that a night with little to do may always take."""
UPDATE = re.compile(r'\bUPDATE\s+(?:"?\w+"?\.)*"?(\w+)', re.IGNORECASE)


class DuckDBEngine:
    """A DuckDB database as an `Engine`.

    Extensions are never fetched, spill goes encrypted into ``spill`` (DuckDB's default writes it in
    clear, and beside the database), and an error is raised again without the row that it quotes.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        read_only: bool = False,
        memory_limit: str = "2GB",
        threads: int = 2,
        spill: Path | None = None,
    ) -> None:
        options: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "python_enable_replacements": False,
            "memory_limit": memory_limit,
            "threads": threads,
            "preserve_insertion_order": False,
        }
        try:
            self.connection = duckdb.connect(str(path or ":memory:"), read_only=read_only, config=options)
        except duckdb.Error as error:
            raise StoreError(f"cannot open {path.name if path else 'memory'}: {type(error).__name__}") from None
        self._path, self._memory_limit, self._threads = path, memory_limit, threads
        self.is_narrow, self._in_transaction = False, False
        self.updated: set[str] = set()
        self.run("SET TimeZone='Europe/Amsterdam'")
        if spill is not None:
            self._encrypt_spill(spill)
        else:
            self.run("SET temp_directory=''")

    def _encrypt_spill(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.run(f"LOAD '{httpfs_path()}'")
        self.run("SET temp_file_encryption=true")
        self.run(f"SET temp_directory='{str(folder).replace(chr(39), chr(39) * 2)}'")

    def run(self, sql: str, params: Sequence[object] = ()) -> None:
        """Run a statement, or several without parameters; raises `StoreError` without the values that DuckDB quotes."""
        self._execute(sql, params)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Let statements hold together, or none of them when one fails."""
        self.run("BEGIN TRANSACTION")
        self._in_transaction = True
        try:
            yield
            self.run("COMMIT")
        except BaseException:
            with suppress(StoreError):  # a failure of the disk has ended the transaction already
                self.run("ROLLBACK")
            raise
        finally:
            self._in_transaction = False

    def rows(self, sql: str, params: Sequence[object] = ()) -> list[Row]:
        """Return all rows of a query."""
        return self._execute(sql, params).fetchall()

    def frame(self, sql: str, params: Sequence[object] = ()) -> pd.DataFrame:
        """Return a query's result as a data frame."""
        return self._execute(sql, params).df()

    def arrays(self, sql: str) -> Arrays:
        """Return a query's result as one numpy array a column (masked where null)."""
        return {name: np.ma.asanyarray(column) for name, column in self._execute(sql, ()).fetchnumpy().items()}

    def unordered(self, sql: str) -> Arrays:
        """Return the same as `arrays`, with the rows in any order: DuckDB writes a table with all threads, and hands
        out a result with one.
        """
        self.run(f"CREATE OR REPLACE TEMP TABLE _unordered AS {sql}")
        try:
            return self.arrays("SELECT * FROM _unordered")
        finally:
            self.run("DROP TABLE _unordered")

    def register(self, name: str, frame: pd.DataFrame) -> None:
        """Write a data frame as a table ``name`` of this connection alone, replacing it."""
        self.connection.register("_frame", frame)
        try:
            self.run(f'CREATE OR REPLACE TEMP TABLE "{name}" AS SELECT * FROM _frame')
        finally:
            self.connection.unregister("_frame")

    def show(self, name: str, frame: pd.DataFrame) -> None:
        """Let queries read a data frame as ``name`` where it stands, without writing it; it is kept until the end.

        Raises `StoreError` when a column cannot be read.
        """
        try:
            self.connection.register(name, frame)
        except (duckdb.Error, UnicodeError, TypeError, ValueError) as error:
            raise StoreError(f"cannot read frame {name}: {type(error).__name__}") from None

    def append(self, name: str, frame: pd.DataFrame) -> None:
        """Add the rows of a data frame to table ``name``, columns by name."""
        self.connection.register("_frame", frame)
        try:
            self.run(f'INSERT INTO "{name}" BY NAME SELECT * FROM _frame')
        finally:
            self.connection.unregister("_frame")

    def insert(self, name: str, rows: Sequence[Sequence[object]]) -> None:
        """Add a few rows of Python values to table ``name``, in one statement: each by itself is a write to disk."""
        if rows:
            places = ", ".join([f"({', '.join('?' * len(rows[0]))})"] * len(rows))
            self.run(f'INSERT INTO "{name}" VALUES {places}', [value for row in rows for value in row])

    @contextmanager
    def shown(self, tables: Mapping[str, str]) -> Iterator[None]:
        """Let queries that name one of some tables read the rows of another query, in this block.

        A temporary view stands before a table of the database that has its name.
        """
        made: list[str] = []
        try:
            for name, query in tables.items():
                self.run(f'CREATE TEMP VIEW "{name}" AS {query}')
                made.append(name)
            yield
        finally:
            for name in made:
                self.run(f'DROP VIEW temp."{name}"')

    @contextmanager
    def narrowed(self, rows: Mapping[str, str]) -> Iterator[None]:
        """Let queries that name one of some tables read the rows of a condition only, in this block."""
        [(database,)] = self.rows("SELECT current_database()")
        of_these = {name: f'FROM "{database}".main."{name}" WHERE {which}' for name, which in rows.items()}
        with self.shown(of_these):
            yield

    def narrow(self) -> None:
        """Take one thread, and no more memory than the database is large, until `widen` or a statement that needs more.

        Where there is little to do, two threads cost a fifth more and are hardly quicker; and most blocks are read
        once, so that it is cheaper to read the next one where the last one lay than to have new memory cleared.
        """
        size = self._path.stat().st_size if self._path else 0
        self.run("SET threads = 1")
        [(most,)] = self.rows("SELECT parse_formatted_bytes(current_setting('memory_limit'))")
        self.run(f"SET memory_limit = '{min(int(most), max(size, LEAST_MEMORY))}B'")
        self.is_narrow = True

    def widen(self) -> None:
        """Take all the threads and the memory of the settings."""
        self.is_narrow = False
        self.run(f"SET memory_limit = '{self._memory_limit}'")
        self.run(f"SET threads = {self._threads}")

    def has(self, name: str) -> bool:
        """Tell whether a table or view of that name exists, where a query would look for it."""
        try:
            # To list all tables takes ten times as long, and a night asks some hundreds of times.
            self.connection.execute(f'FROM "{name}" LIMIT 0')
        except duckdb.CatalogException:
            return False
        except duckdb.Error as error:
            raise StoreError(f"cannot look for table {name}: {type(error).__name__}") from None
        return True

    def close(self) -> None:
        """Close the database."""
        self.connection.close()

    def __enter__(self) -> DuckDBEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _execute(self, sql: str, params: Sequence[object]) -> duckdb.DuckDBPyConnection:
        self.updated.update(UPDATE.findall(sql))
        try:
            return self.connection.execute(sql, params) if params else self.connection.execute(sql)
        except duckdb.Error as error:
            told = f"{type(error).__name__} in: {' '.join(sql.split())[:160]}"
            if any(sign in str(error) for sign in NO_ROOM):
                told = f"no space left on the disk of the output folder, free some and run again ({told})"
            elif isinstance(error, duckdb.OutOfMemoryException):
                if self.is_narrow and not self._in_transaction:  # which a statement that fails has ended
                    self.widen()
                    return self._execute(sql, params)
                more = "run again with --from-scratch" if self.is_narrow else "raise it and run again"
                told = f"machine.memory_limit is {self._memory_limit}: {more} ({told})"
            raise StoreError(told) from None


def httpfs_path() -> Path:
    """Return the signed httpfs extension that the locked package ships (it holds DuckDB's cipher)."""
    import duckdb_extension_httpfs

    root = Path(duckdb_extension_httpfs.__file__).parent
    found = sorted(root.rglob("httpfs.duckdb_extension*"))
    if not found:
        raise StoreError("the httpfs extension is not installed: run make again")
    return found[0]
