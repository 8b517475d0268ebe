"""Birth dates as intervals: what is known, and no more.

The BRP writes unknown parts as zeros (``19720000``). Registers of people who came without papers hold default days
(1 January, 1 July): such a day is only a year.
"""

from __future__ import annotations

import calendar
import re
from datetime import date
from typing import NamedTuple

_EIGHT = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})")
_DUTCH = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")
DEFAULT_DAYS = frozenset({(1, 1), (7, 1)})


class Birth(NamedTuple):
    """First and last possible day, and how much is known: day, month, year or none."""

    earliest: date | None
    latest: date | None
    precision: str


UNKNOWN = Birth(None, None, "none")


def parse(raw: str, born_abroad: bool) -> Birth:
    """Return the interval of a birth date as delivered; an impossible one is unknown, never repaired.

    Guessing that ``19801331`` meant 31 January would make evidence out of an error.
    """
    text = raw.strip()
    if found := _EIGHT.fullmatch(text):
        year, month, day = (int(part) for part in found.groups())
    elif found := _DUTCH.fullmatch(text):
        day, month, year = (int(part) for part in found.groups())
    else:
        return UNKNOWN
    if not 1850 <= year <= 2200:
        return UNKNOWN
    if month == 0 or (born_abroad and (month, day) in DEFAULT_DAYS):
        return Birth(date(year, 1, 1), date(year, 12, 31), "year")
    if not 1 <= month <= 12:
        return UNKNOWN
    last = calendar.monthrange(year, month)[1]
    if day == 0:
        return Birth(date(year, month, 1), date(year, month, last), "month")
    if day > last:
        return UNKNOWN
    return Birth(date(year, month, day), date(year, month, day), "day")


def is_abroad(country: str) -> bool:
    """Tell whether a folded country of birth is known and not the Netherlands."""
    return bool(country) and country not in ("nederland", "nl", "nld", "netherlands", "holland", "onbekend")
