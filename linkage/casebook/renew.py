"""Bring rows of a kept table up to date: a night that knows which may be others looks at no more of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from linkage import contracts
from linkage.casebook.sql import Night, query
from linkage.engine.base import Engine


@dataclass(frozen=True)
class Touched:
    """Which rows of a table a night looks at."""

    now: str = "true"
    """Condition of rows of its query."""
    was: str = ""
    """The same of rows of the table as it stands, where it is to be told in another way."""
    among: str = ""
    """What the query reads of the table that it begins with (``$among``)."""
    narrow: tuple[str, ...] = ()
    """Tables of which the query reads touched rows only."""


WORK = ("cb_now", "cb_was", "cb_other")
_OTHER = """
CREATE OR REPLACE TEMP TABLE cb_other AS
SELECT was.place AS was, now.place AS now
FROM cb_was AS was FULL JOIN (SELECT rowid AS place, hash({told}) AS said FROM cb_now) AS now USING (said)
WHERE was.place IS NULL OR now.place IS NULL
"""
_COUNTS = """
SELECT (SELECT count(*) FROM cb_was) - count(was) + count(now) = (SELECT count(*) FROM cb_now), count(was), count(now)
FROM cb_other
"""


def renew(
    db: Engine, night: Night, name: str, rows: Touched, *, later: Sequence[str] = (), keys: Sequence[str] = ()
) -> None:
    """Write touched rows of a declared table that are others than the night before.

    Columns of ``later`` are filled by another step: a row that says the same otherwise keeps them. Of rows that go or
    come ``keys`` are kept, in ``cb_other_<name>``, some twice.
    """
    declared = contracts.table(name)
    columns, key = ", ".join(f'"{column.name}"' for column in declared.columns), ", ".join(keys)
    told = ", ".join(f'"{column.name}"' for column in declared.columns if column.name not in later)
    db.run(declared.ddl("cb_now", temporary=True))
    db.run(f"INSERT INTO cb_now BY NAME SELECT * FROM ({query(night, name, among=rows.among)}) WHERE {rows.now}")
    db.run(
        f"CREATE OR REPLACE TEMP TABLE cb_was AS SELECT rowid AS place, hash({told}) AS said "
        f"FROM {name} WHERE {rows.was or rows.now}"
    )
    db.run(_OTHER.format(told=told))
    [(is_right, goes, comes)] = db.rows(_COUNTS)
    went, came = "rowid IN (SELECT was FROM cb_other)", "rowid IN (SELECT now FROM cb_other)"
    if not is_right:
        # A row that occurs twice, which no table with a key has, is told from its double by nothing.
        went, came, goes, comes = "rowid IN (SELECT place FROM cb_was)", "true", True, True
    if keys:
        db.run(
            f"CREATE OR REPLACE TEMP TABLE cb_other_{name} AS SELECT {key} FROM {name} WHERE {went} "
            f"UNION ALL SELECT {key} FROM cb_now WHERE {came}"
        )
    if goes:
        db.run(f"DELETE FROM {name} WHERE {went}")
    if comes:
        db.run(f"INSERT INTO {name} BY NAME SELECT {columns} FROM cb_now WHERE {came}")
