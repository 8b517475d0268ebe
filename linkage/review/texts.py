"""Every word that the review page says, and Dutch numbers and dates."""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from functools import cache
from pathlib import Path

from linkage.reports.layout import ENGLISH
from linkage.reports.words import Words, local


@cache
def texts() -> Words:
    """Return every word that a page says."""
    return Words(tomllib.loads((Path(__file__).parent / "texts_nl.toml").read_text(encoding="utf-8")))


def number(value: float) -> str:
    """Return a whole number as 1.234."""
    return f"{value:,.0f}".replace(",", ".")


def percent(share: float) -> str:
    """Return a share as 12,3 %, never rounded to certainty."""
    if 0.9995 <= share < 1:
        return "> 99,9\u00a0%"
    return f"{100 * share:.1f}".replace(".", ",") + "\u00a0%"


def day(value: date | None) -> str:
    """Return a day as dd-mm-jjjj; nothing known is a dash."""
    return "–" if value is None else f"{value:%d-%m-%Y}"


def moment(value: datetime) -> str:
    """Return a moment as dd-mm-jjjj uu:mm on the Dutch clock."""
    return f"{local(value):%d-%m-%Y %H:%M}"


def decimal(value: float) -> str:
    """Return a number with two decimals."""
    return f"{value:.2f}".replace(".", ",")


def bits(value: float) -> str:
    """Return a weight in Dutch notation with its sign."""
    return str(ENGLISH["bits"](value)).replace(".", ",")
