"""Municipalities with the days on which they were there, and which of them a code counts as.

``schemas/codes/municipality.toml`` is the source; days are half-open, as in the BRP's table 33: a municipality is there
from ``valid_from`` until the day before ``valid_until``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from linkage import contracts
from linkage.engine.base import Engine
from linkage.errors import ContractError

LIST = "municipality"


@dataclass(frozen=True)
class Municipality:
    """A municipality; without a day it was there before 2009, or still is."""

    code: str
    name: str
    valid_from: date | None = None
    valid_until: date | None = None
    successor: str | None = None

    def is_there(self, on: date) -> bool:
        """Tell whether a record of that day may have this code."""
        return (self.valid_from or date.min) <= on < (self.valid_until or date.max)


@cache
def known() -> Mapping[str, Municipality]:
    """Return all municipalities by code; raises `ContractError` for a period that cannot be or leads nowhere."""
    listed = contracts.codes(LIST)
    return read(listed.codes, listed.periods)


def read(codes: Mapping[str, str], periods: Mapping[str, Iterable[str]]) -> dict[str, Municipality]:
    """Return municipalities by code, from names and from ``[first day, first day without it, successor]``."""
    found = {code: Municipality(code, name) for code, name in codes.items()}
    for code, period in periods.items():
        if code not in found:
            raise ContractError(f"schemas/codes/{LIST}.toml: periods: {code} is not among the codes")
        try:
            first, ended, into = period
            since, until = (date.fromisoformat(text) if text else None for text in (first, ended))
        except ValueError:
            raise ContractError(f"schemas/codes/{LIST}.toml: periods: {code} is not [day, day, code]") from None
        if since and until and until <= since:
            raise ContractError(f"schemas/codes/{LIST}.toml: periods: {code} ends before it begins")
        if into and (into not in found or until is None):
            raise ContractError(f"schemas/codes/{LIST}.toml: periods: {code} leads to no municipality, or never ends")
        found[code] = Municipality(code, codes[code], since, until, into or None)
    for code in found:
        counted_as(code, date.max, found)
    return found


def counted_as(code: str, on: date, among: Mapping[str, Municipality] | None = None) -> str:
    """Return the code of the municipality that has taken the place of this one by that day; an unknown code is kept."""
    among = known() if among is None else among
    passed = [code]
    while (here := among.get(code)) and here.successor and here.valid_until and here.valid_until <= on:
        code = here.successor
        if code in passed:
            raise ContractError(f"schemas/codes/{LIST}.toml: periods: {code} leads back to itself")
        passed.append(code)
    return code


def name(code: str) -> str:
    """Return the name of a municipality, or its code when the name is not known."""
    return known()[code].name if code in known() else code


def write(db: Engine, on: date) -> None:
    """Write table ``municipality``, with the code that each one counts as on that day; it stays where it says that."""
    declared = contracts.table("municipality")
    told = [
        (m.code, m.name, m.valid_from, m.valid_until, m.successor, counted_as(m.code, on)) for m in known().values()
    ]
    if not declared.is_in(db) or set(db.rows("FROM municipality")) != set(told):
        db.run(declared.ddl())
        db.insert("municipality", told)
