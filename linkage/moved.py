"""Which rows of a table may be others than the night before: told by the step that wrote them, for the one that copies.

A night that looks at a few families leaves most rows as they were. A step that knows of which tells it here; a table of
which nobody tells anything is taken for another one.
"""

from __future__ import annotations

from linkage.engine.base import Engine


def tell(db: Engine, table: str, keys: str) -> None:
    """Tell that rows of ``table`` without one of these keys are as they were the night before.

    ``keys`` is a query whose columns are some of the table's, none of them null in it: a row that has, or had, their
    values may be another. Told again in a night, the last word counts.
    """
    db.run(f'CREATE OR REPLACE TEMP TABLE "{_name(table)}" AS SELECT DISTINCT * FROM ({keys})')


def told(db: Engine, table: str) -> str | None:
    """Return the name of the table of keys of ``table``, None when all of its rows may be others."""
    name = _name(table)
    return name if db.has(name) else None


def forget(db: Engine, table: str) -> None:
    """Take back what was told of a table."""
    db.run(f'DROP TABLE IF EXISTS "{_name(table)}"')


def _name(table: str) -> str:
    return f"moved_{table}_row"
