"""A small world to the figures of one indicator, as a table that a manager could read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from linkage import families, kpi
from tests.worlds import World, fill

AS_OF = date(2025, 12, 31)


class Place:
    """A municipality of its own in a larger world: its incidents, reports and people are nobody else's."""

    def __init__(self, world: World, number: int) -> None:
        self.world, self.number = world, number
        self.code = f"GM{9000 + number}"  # nobody's: a code that was used may count as another

    def incident(self, number: int, reported: str, *people: Any, **values: Any) -> Place:
        """Add an incident, see `World.incident`."""
        values = {"incident_municipality_code": self.code} | values
        self.world.incident(self.number * 100 + number, reported, *map(self._own, people), **values)
        return self

    def report(self, report_id: str, received: str, *people: Any, **values: Any) -> Place:
        """Add a report, see `World.report`."""
        values = {"municipality_code": self.code} | values
        self.world.report(f"{self.code}-{report_id}", received, *map(self._own, people), **values)
        return self

    def care(self, number: int, care_report_number: str) -> Place:
        """Add a care report, see `World.care`."""
        self.world.care(self.number * 100 + number, f"{self.code}-{care_report_number}")
        return self

    def _own(self, person: Any) -> Any:
        named = isinstance(person, dict)
        return person | {"name": f"{self.code}-{person['name']}"} if named else f"{self.code}-{person}"


Tell = Callable[[Place], object]
STORIES: list[tuple[str, Tell, str]] = []
"""Indicator, what happens at a place, and the figures of that place."""


def story(code: str, expected: str) -> Callable[[Tell], Tell]:
    """Add what a function lets happen to the stories, each of which has a municipality to itself."""

    def add(tell: Tell) -> Tell:
        STORIES.append((code, tell, expected))
        return tell

    return add


def measure(world: World, as_of: date = AS_OF, **tables: list[dict[str, object]]) -> World:
    """Do what a night does after the households; ``tables`` are rows of tables that the casebook does not make."""
    world.reconcile(as_of)
    for name in ("decision", *tables):
        fill(world.db, name, tables.get(name, []))
    families.build(world.db, world.config, as_of=as_of, progress=lambda _: None)
    kpi.build(world.db, world.config, as_of=as_of, progress=lambda _: None)
    return world


def table(world: World, code: str, scope: str = "all", period: str = "all", place: str | None = None) -> str:
    """Return the figures of an indicator: scope, figure, part, numerator, of, value; parts of nought are left out."""
    rows = world.db.rows(
        "SELECT scope_code, figure, part, numerator, denominator, value, unit, status, censored FROM kpi "
        "WHERE kpi_code = $1 AND scope = $2 AND period = $3 AND scope_code = coalesce($4, scope_code) "
        "ORDER BY scope_code, rowid",
        [code, scope, period, place],
    )
    told = []
    for where, figure, part, numerator, denominator, value, unit, status, censored in rows:
        if numerator == 0 and part != "all":
            continue
        words = [] if scope == "all" or place else [where]
        words += [figure, *([part] if part != "all" else [])]
        words += [] if numerator is None and denominator is None else ["-" if numerator is None else str(numerator)]
        words += [] if denominator is None else ["of", str(denominator)]
        words += ["=", _value(value, unit) if status == "computed" else status]
        words += ["censored", str(censored)] if censored else []
        told.append(" ".join(words))
    return "\n".join(told)


def _value(value: float, unit: str) -> str:
    return f"{100 * value:.0f}%" if unit == "share" else f"{value:g}"


def lines(text: str) -> str:
    """Take the indentation off an expected table."""
    return "\n".join(line.strip() for line in text.strip().splitlines())
