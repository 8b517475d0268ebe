"""Every word that the review page says, and its notation of weights."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from linkage.reports.layout import ENGLISH
from linkage.reports.words import Words


@cache
def texts() -> Words:
    """Return every word that a page says."""
    return Words(tomllib.loads((Path(__file__).parent / "texts_nl.toml").read_text(encoding="utf-8")))


def bits(value: float) -> str:
    """Return a weight in Dutch notation with its sign."""
    return str(ENGLISH["bits"](value)).replace(".", ",")
