"""What the linkage asks of an engine. SQL is written in the DuckDB dialect's common subset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np
import pandas as pd

Row = tuple[Any, ...]
Arrays = dict[str, np.ndarray[Any, Any]]


class Engine(Protocol):
    """A place where tables live and SQL runs."""

    updated: set[str]
    """Tables that statements may have changed rows of in place, among other names."""

    def run(self, sql: str, params: Sequence[object] = ()) -> None:
        """Run a statement whose result is not needed, or several without parameters."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """Return a block of statements that hold together or not at all."""
        ...

    def rows(self, sql: str, params: Sequence[object] = ()) -> list[Row]:
        """Return all rows of a query."""
        ...

    def frame(self, sql: str, params: Sequence[object] = ()) -> pd.DataFrame:
        """Return a query's result as a data frame."""
        ...

    def arrays(self, sql: str) -> Arrays:
        """Return a query's result as one numpy array a column (masked where null)."""
        ...

    def unordered(self, sql: str) -> Arrays:
        """Return the same as `arrays`, quicker, with the rows in any order."""
        ...

    def register(self, name: str, frame: pd.DataFrame) -> None:
        """Write a data frame as a table ``name`` that goes with the connection, replacing it."""
        ...

    def append(self, name: str, frame: pd.DataFrame) -> None:
        """Add the rows of a data frame to table ``name``, columns by name."""
        ...

    def insert(self, name: str, rows: Sequence[Sequence[object]]) -> None:
        """Add a few rows of Python values to table ``name``, in the order of its columns."""
        ...

    def shown(self, tables: Mapping[str, str]) -> AbstractContextManager[None]:
        """Return a block in which queries that name one of some tables read other rows.

        ``tables`` gives the query of these rows for each. Such a table is not to be written to in the block.
        """
        ...

    def narrowed(self, rows: Mapping[str, str]) -> AbstractContextManager[None]:
        """Return a block in which queries that name one of some tables read the rows of a condition only.

        ``rows`` gives the condition of each table. Such a table is not to be written to in the block.
        """
        ...

    def widen(self) -> None:
        """Take all the threads of the settings from here on: what follows reads and writes whole tables."""
        ...

    def has(self, name: str) -> bool:
        """Tell whether a table or view of that name exists."""
        ...
