"""The words and the notation of a language: labels of codes, numbers and dates."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from linkage import municipalities
from linkage.config import Limits
from linkage.reports.lists import Case
from linkage.reports.night import Source
from linkage.reports.once import Once
from linkage.reports.since import GONE

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@dataclass(frozen=True)
class Words:
    """The texts of one language with the limits of this run filled in."""

    texts: Mapping[str, Any]

    def __getitem__(self, path: str) -> Any:
        """Return the text (or the section) at a dotted path such as ``page.title``."""
        found: Any = self.texts
        for part in path.split("."):
            found = found[part]
        return found

    def say(self, path: str, **values: object) -> str:
        """Return the text at a path with its placeholders filled in."""
        return str(self[path]).format(**values)

    def label(self, section: str, code: str | None) -> str:
        """Return the word for a code; a code that has no word is shown as it is, readable."""
        if not code:
            return str(self["unknown"])
        words: Mapping[str, str] = self.texts.get(section, {})
        return str(words[code]) if code in words else code.replace("_", " ")

    def join(self, parts: Sequence[str]) -> str:
        """Return ``a, b en c``."""
        if len(parts) < 2:
            return "".join(parts)
        return f"{', '.join(parts[:-1])} {self['page.and']} {parts[-1]}"

    def stale(self, behind: Sequence[Source]) -> str:
        """Return the warning about the sources that are behind, with the last day and the age of each."""
        return self.say("page.stale", sources=self.join([self._until(source) for source in behind]))

    def _until(self, source: Source) -> str:
        if source.covers_until is None or source.age_days is None:
            return self.say("page.source_nothing", source=source.source_id)
        age = self.say("page.day_one" if source.age_days == 1 else "page.day_many", days=source.age_days)
        return self.say("page.source_until", source=source.source_id, until=self.day(source.covers_until), age=age)

    def until(self, source: Source) -> str:
        """Return how far a source has delivered."""
        if source.covers_until is None:
            return str(self["page.source_never"])
        key = "page.source_stale" if source.is_stale else "page.source_fresh"
        return self.say(key, until=self.day(source.covers_until))

    def month(self, first: date) -> str:
        """Return a month as ``mrt 2025``."""
        return f"{self['months'][first.month - 1]} {first.year}"

    def period(self, code: str) -> str:
        """Return the period of a code: 2025-03, 2025-Q1 or 2025."""
        if "Q" in code:
            year, quarter = code.split("-Q")
            return self.say("notation.quarter", quarter=quarter, year=year)
        return self.month(date.fromisoformat(f"{code}-01")) if "-" in code else code

    def number(self, value: float) -> str:
        """Return a whole number, with a sign between thousands."""
        return f"{value:,.0f}".replace(",", str(self["notation.thousands"]))

    def percent(self, share: float | None) -> str:
        """Return a share in percent with one decimal; nothing known is a dash."""
        if share is None:
            return "–"
        digits = f"{share * 100:.1f}".replace(".", str(self["notation.decimal"]))
        return self.say("notation.percent", n=digits)

    def whole_percent(self, share: float) -> str:
        """Return a share in whole percents."""
        return self.say("notation.percent", n=f"{share * 100:.0f}")

    def day(self, value: date | None) -> str:
        """Return a day; nothing known is a dash."""
        if value is None:
            return "–"
        month = self["months"][value.month - 1]
        return self.say("notation.day", d=value.day, dd=f"{value:%d}", mm=f"{value:%m}", month=month, y=value.year)

    def moment(self, value: datetime) -> str:
        """Return a moment on the Dutch clock."""
        return f"{self.day(local(value).date())} {local(value):%H:%M}"

    def place(self, code: str | None, merged: Sequence[str] = ()) -> str:
        """Return the name of a municipality, or its code when it is not known; with those that it took over."""
        if not merged:
            return self._places[code]
        others = self.join([municipalities.name(c) for c in merged])
        return self.say("merged", name=self._places[code], others=others)

    @cached_property
    def _places(self) -> Once[str]:
        return Once(lambda code: municipalities.name(code) if code else str(self["unknown"]))

    def lacks(self, case: Case, expected: str) -> str:
        """Return what is missing of an incident, and which source lacks it; empty for a cause that has no word."""
        told = self["lacks"].get(case.cause or "", "")
        return str(told).format(source=case.source_id, expected=expected or self["steunpunt"])

    def how(self, code: str) -> str:
        """Return how an incident left the list: its status, or that its source no longer delivers it."""
        return str(self["gone"]) if code == GONE else self.label("status", code)

    def resolve(self, cause: str | None) -> str:
        """Return what would take an incident with this cause off the list; empty for a cause that has no word."""
        return str(self["resolve"].get(cause or "", ""))

    def part(self, figure: Any) -> str:
        """Return the word for a part of a figure, whatever it is split by."""
        for section in ("part", "status", "cause"):
            if figure.part in self.texts.get(section, {}):
                return str(self.texts[section][figure.part])
        return str(figure.part).replace("_", " ")

    def figure(self, figure: Any, dutch: str) -> str:
        """Return the name of a figure: as it is defined, in Dutch, where this language has no other."""
        return str(self.texts.get("figure", {}).get(f"{figure.kpi_code}.{figure.name}", dutch))


@cache
def words(limits: Limits, language: str = "nl") -> Words:
    """Return the texts of a language, with the limits in days filled in."""
    path = Path(__file__).with_name(f"texts_{language}.toml")
    values = {
        "early": limits.early_days,
        "timely": limits.timely_days,
        "timely_next": limits.timely_days + 1,
        "late": limits.late_days,
        "late_next": limits.late_days + 1,
        "very_late": limits.very_late_days,
    }
    filled = _fill(tomllib.loads(path.read_text(encoding="utf-8")), {f"{{{k}}}": str(v) for k, v in values.items()})
    return Words(filled)


def _fill(value: Any, limits: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _fill(inner, limits) for key, inner in value.items()}
    if isinstance(value, list):
        return [_fill(inner, limits) for inner in value]
    for placeholder, days in limits.items():
        value = value.replace(placeholder, days)
    return value


def local(value: datetime) -> datetime:
    """Return a moment as Dutch wall time; one without a zone already is."""
    return value if value.tzinfo is None else value.astimezone(AMSTERDAM).replace(tzinfo=None)


def share_of(part: int, whole: int) -> float | None:
    """Return a part as a share of the whole; of nothing there is no share."""
    return part / whole if whole else None
