"""A small world to what the tables of families say of the household of a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from linkage import families
from linkage.colours import Override
from tests.worlds import World

AS_OF = date(2025, 12, 31)


def describe(world: World, as_of: date = AS_OF, overrides: Sequence[Override] = ()) -> World:
    """Do what a night does up to and with the families."""
    return again(world.reconcile(as_of), overrides, as_of)


def again(world: World, overrides: Sequence[Override] = (), as_of: date = AS_OF) -> World:
    """Describe the families of a world once more, with other overrides."""
    families.build(world.db, world.config, as_of=as_of, progress=lambda _: None, overrides=overrides)
    return world


def told(world: World, table: str, columns: str, *names: str) -> Any:
    """Return the rows of the household of each person: columns of one row, or a list where there are several."""
    found: dict[str, Any] = {}
    for name in names:
        rows = world.db.rows(
            f"SELECT {columns} FROM {table} WHERE household_id IN "
            "(SELECT household_id FROM household_member WHERE person_id = ?) ORDER BY ALL",
            [f"p-{name}"],
        )
        rows = [row[0] if len(row) == 1 else row for row in rows]
        found[name] = rows[0] if len(rows) == 1 else rows or None
    return found
