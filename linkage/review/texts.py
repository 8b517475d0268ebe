"""Every word that the review page says, in the language of the settings, with its numbers and dates."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from linkage.config import Limits
from linkage.reports.layout import ENGLISH
from linkage.reports.words import Words, words

WHOLE = 8
"""Digits of a date of birth as delivered."""
NOTATION = ("language", "months", "notation")
"""What is the same on all pages of a language."""


class Texts(Words):
    """The words of the review page."""

    def percent(self, share: float | None) -> str:
        """Return a share in percent with one decimal, never rounded to certainty."""
        if share is not None and 0.9995 <= share < 1:
            return f"> {super().percent(0.999)}"
        return super().percent(share)

    def decimal(self, value: float) -> str:
        """Return a number with two decimals."""
        return self._pointed(f"{value:.2f}")

    def bits(self, value: float) -> str:
        """Return a weight with its sign."""
        return self._pointed(str(ENGLISH["bits"](value)))

    def birth(self, raw: str | None) -> str:
        """Return a date of birth as delivered, ``yyyymmdd`` with parts that may be 00, as a day with dots there."""
        digits = (raw or "").strip()
        if len(digits) != WHOLE or not digits.isdigit():
            return digits
        dd, mm, y = (part if int(part) else "." * len(part) for part in (digits[6:], digits[4:6], digits[:4]))
        month = self["months"][int(mm) - 1] if mm.isdigit() and int(mm) <= len(self["months"]) else mm
        return self.say("notation.day", d=dd.removeprefix("0"), dd=dd, mm=mm, month=month, y=y)

    def _pointed(self, digits: str) -> str:
        return digits.replace(".", str(self["notation.decimal"]))


@cache
def texts(language: str) -> Texts:
    """Return every word that a page says in a language."""
    shared = words(Limits(), language)
    own = tomllib.loads(Path(__file__).with_name(f"texts_{language}.toml").read_text(encoding="utf-8"))
    return Texts(own | {name: shared[name] for name in NOTATION})
