"""The figures that may leave: counts of incidents and the indicators, with the disclosure rule applied to all together.

What a page without records shows is one release: small counts are withheld, further ones where they would give one
back, the rest is rounded (`linkage.disclosure`). The choice is made for the page as a whole, so for every reader anew:
what the one may see depends on what else the same page gives it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from math import sqrt
from typing import Any

import pandas as pd

from linkage import indicators
from linkage.disclosure import BASE, THRESHOLD, release
from linkage.disclosure.release import records
from linkage.engine.base import Engine, Row
from linkage.indicators import ALL
from linkage.reports.facts import SEEN, STATUSES

PERIOD, PLACE, SOURCE = "period", "municipality", "source"
"""What figures are split by; `PERIOD` is a scope of this page alone."""
STEPS = ("month", "quarter", "year")
LEAST_SHOWN = 0.5
"""Share of the periods that must have both counts at `THRESHOLD` or more; else the next longer step is taken."""
_ADDED = ("K02", "K05", "K18")
"""Indicators that count incidents, which add up over municipalities."""
TABLES = (
    ("K02", "rate", ALL),
    ("K02", "rate", PERIOD),
    ("K02", "rate", PLACE),
    ("K14", "incidents", ALL),
    ("K05", "", ALL),
    ("K18", "", ALL),
    ("K06", "", ALL),
    ("K03", "", ALL),
    ("K07", "censored", ALL),
)
"""Indicator, figure (any) and scope of the tables that share counts with the gap, what matters most first."""
Z = 1.959964
"""Of the 95 % interval of a share (E. B. Wilson, 1927)."""

_COUNTS = """
SELECT i.municipality_code, CAST(date_trunc('month', i.reported_at) AS DATE), i.source_id, i.expected_steunpunt,
  s.status, s.cause, count(*)
FROM incident AS i JOIN incident_status AS s USING (source_id, incident_number) GROUP BY ALL ORDER BY ALL
"""
_COLUMNS = (
    "kpi_code", "figure", "part", "scope", "scope_code", "period", "numerator", "denominator", "value", "unit", "norm",
    "status",
)  # fmt: skip
_REGION = (
    "SELECT {columns} FROM kpi WHERE period = 'all' AND kpi_code NOT IN ('K01', 'K02', 'K04', 'K05', 'K18', 'K25') "
    "AND (scope = 'all' OR (scope = 'source' AND kpi_code = 'K19')) ORDER BY rowid"
)


@dataclass(frozen=True)
class Figure:
    """One figure as it may be shown: rounded counts, or none of them."""

    kpi_code: str
    name: str
    part: str
    scope: str
    scope_code: str
    numerator: int | None
    denominator: int | None
    value: float | None
    unit: str
    norm: float | None
    status: str
    is_withheld: bool

    @property
    def is_known(self) -> bool:
        """There is a value to show."""
        return self.value is not None

    @property
    def margin(self) -> tuple[float, float] | None:
        """The 95 % interval of a share, by counts like these; what rounding hides is added at both ends."""
        if self.unit != "share" or not self.numerator or not self.denominator:
            return None
        reach = (BASE - 1) // 2
        most, of = self.numerator + reach, max(self.denominator - reach, 1)
        return (
            _wilson(max(self.numerator - reach, 0), self.denominator + reach)[0],
            _wilson(min(most, of), of)[1],
        )


@dataclass(frozen=True)
class Figures:
    """What one reader may see of the figures of a scope."""

    rows: Mapping[tuple[str, str, str, str, str], Figure]
    step: str
    """The length of the periods: month, quarter or year."""

    def get(self, code: str, name: str, part: str = ALL, scope: str = ALL, scope_code: str = ALL) -> Figure | None:
        """Return a figure; None when this page has none."""
        return self.rows.get((code, name, part, scope, scope_code))

    def of(self, code: str, name: str | None = None, scope: str = ALL) -> list[Figure]:
        """Return the figures of an indicator, of the total or split by a scope, in the order of their definition."""
        own = [f for f in self.rows.values() if f.kpi_code == code and f.scope == scope and name in (None, f.name)]
        return sorted(own, key=lambda f: _order()[f.kpi_code, f.name, f.part])


@cache
def _order() -> dict[tuple[str, str, str], int]:
    """Return the place of each figure and part in its definition."""
    return {(f.kpi_code, f.name, part): n for n, (f, part) in enumerate(
        (f, part) for f in indicators.figures() for part in f.parts
    )}  # fmt: skip


def count(db: Engine) -> list[Row]:
    """Return the incidents counted by all that a scope may look at."""
    return db.rows(_COUNTS)


def whole(db: Engine, counts: Sequence[Row]) -> Figures:
    """Return the figures of the whole region, with the indicators where the night has them."""
    frame = _frame(counts, _places(counts))
    if db.has("kpi"):
        more = db.frame(_REGION.format(columns=", ".join(_COLUMNS)))
        frame = pd.concat([frame, more.astype(object)], ignore_index=True)
    return _released(frame, _step(counts))


def part(counts: Sequence[Row], places: Iterable[str], holds: Callable[[str | None, str, str | None], bool]) -> Figures:
    """Return the figures of the incidents that a scope holds, of all its municipalities."""
    own = [row for row in counts if holds(row[0], row[2], row[3])]
    return _released(_frame(own, sorted(places), _months(counts)), _step(own, _months(counts)))


def exported(db: Engine, places: Sequence[str]) -> Figures:
    """Return the figures of municipalities as the export of the indicators gives them, for who has that too.

    Two releases of the same counts withhold different ones, and together could tell what neither does. Of several
    municipalities there is a total where all parts are given; there are no periods.
    """
    columns = ", ".join(_COLUMNS)
    given = release(db.frame(f"SELECT {columns} FROM kpi WHERE period = 'all' ORDER BY rowid").astype(object))
    own = given[(given["scope"] == PLACE) & given["scope_code"].isin(places)]
    rows = {(f.kpi_code, f.name, f.part, f.scope, f.scope_code): f for f in map(_figure, records(own))}
    for code, name, part in dict.fromkeys(key[:3] for key in rows):
        parts = [rows.get((code, name, part, PLACE, place)) for place in places]
        if len(parts) == 1 or code in _ADDED:
            rows[code, name, part, ALL, ALL] = _total([figure for figure in parts if figure is not None], len(places))
    return Figures(rows, STEPS[-1])


def _total(parts: Sequence[Figure], places: int) -> Figure:
    """Return a figure of all municipalities, from what is given of each."""
    if len(parts) == 1 == places:
        return replace(parts[0], scope=ALL, scope_code=ALL)
    numerators, denominators = ([getattr(f, name) for f in parts] for name in ("numerator", "denominator"))
    known = len(parts) == places and None not in (*numerators, *denominators)
    numerator, denominator = (sum(numerators), sum(denominators)) if known else (None, None)
    value = numerator / denominator if numerator is not None and denominator else None
    return replace(
        parts[0], scope=ALL, scope_code=ALL, numerator=numerator, denominator=denominator, value=value,
        is_withheld=value is None,
    )  # fmt: skip


def _released(frame: pd.DataFrame, step: str) -> Figures:
    frame = frame[~((frame["scope"] == PERIOD) & (frame["unit"] != step))].copy()
    frame.loc[frame["scope"] == PERIOD, "unit"] = "share"
    made = _figures(frame, step)
    own = frame[(frame["kpi_code"] == "K02") & (frame["scope"] == ALL)]
    if not _has_headline(made) and (own[["numerator", "denominator"]] >= THRESHOLD).all(axis=None):
        made = _figures(frame[_affordable(frame, step)], step)
    return made


def _affordable(frame: pd.DataFrame, step: str) -> pd.Series[bool]:
    """Return the rows that can be given beside the gap of all, by the order of `TABLES`.

    In a small region the tables together would cost the one figure that the page is about; a table that does is left
    out as a whole. That says no more than withholding its counts would.
    """
    last = len(TABLES)
    table = pd.Series(
        [
            next((n for n, t in enumerate(TABLES) if _is_of(t, code, name, scope)), last)
            for code, name, scope in zip(frame["kpi_code"], frame["figure"], frame["scope"], strict=True)
        ],
        index=frame.index,
    )
    kept = table == last
    for number in range(last):
        more = kept | (table == number)
        if number == 0 or _has_headline(_figures(frame[more & (table < last)], step)):
            kept = more
    return kept if _has_headline(_figures(frame[kept], step)) else kept & (table < last)


def _is_of(table: tuple[str, str, str], code: str, name: str, scope: str) -> bool:
    return all(wanted in ("", told) for wanted, told in zip(table, (code, name, scope), strict=True))


def _has_headline(figures: Figures) -> bool:
    headline = figures.get("K02", "rate")
    return headline is not None and not headline.is_withheld


def _figures(frame: pd.DataFrame, step: str) -> Figures:
    made = map(_figure, records(release(frame)))
    return Figures({(f.kpi_code, f.name, f.part, f.scope, f.scope_code): f for f in made}, step)


def _figure(row: dict[str, Any]) -> Figure:
    told: dict[str, Any] = {name: None if pd.isna(value) else value for name, value in row.items()}
    return Figure(
        **{key: told[key] for key in ("kpi_code", "part", "scope", "scope_code", "unit", "norm", "status")},
        name=told["figure"],
        numerator=_whole(told["numerator"]),
        denominator=_whole(told["denominator"]),
        value=told["value"] if told["status"] == "computed" and not told["is_withheld"] else None,
        is_withheld=bool(told["is_withheld"]) and told["status"] == "computed",
    )


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def _frame(counts: Sequence[Row], places: Sequence[str], months: Sequence[date] | None = None) -> pd.DataFrame:
    """Return rows like those of table ``kpi``: the gap by municipality and period, statuses and causes of the total."""
    rows = list(_gap(counts, places, _months(counts) if months is None else months))
    statuses, causes = dict.fromkeys(STATUSES, 0), dict.fromkeys(_parts("K18", "cause"), 0)
    for _, _, _, _, status, cause, incidents in counts:
        statuses[status] += incidents
        if status == "unmatched" and cause in causes:
            causes[cause] += incidents
    rows += [_share("K05", "status", (s, ALL, ALL), n, sum(statuses.values())) for s, n in statuses.items()]
    if sum(causes.values()) == statuses["unmatched"]:  # a cause that no indicator knows would make the others a lie
        rows += [_share("K18", "cause", (c, ALL, ALL), n, statuses["unmatched"]) for c, n in causes.items()]
    return pd.DataFrame(rows, columns=list(_COLUMNS)).astype(object)


def _gap(counts: Sequence[Row], places: Sequence[str], months: Sequence[date]) -> Iterator[tuple[Any, ...]]:
    cells = {(ALL, ALL): [0, 0]} | {(PLACE, place): [0, 0] for place in places}
    steps = {(step, label(month, step)): [0, 0] for step in STEPS for month in months}
    for place, month, _, _, status, _, incidents in counts:
        if status not in SEEN and status != "unmatched":
            continue
        own = [cells[ALL, ALL], *(steps[step, label(month, step)] for step in STEPS)]
        own += [cells[PLACE, place]] if (PLACE, place) in cells else []
        for cell in own:
            cell[0] += incidents * (status == "unmatched")
            cell[1] += incidents
    for (scope, code), cell in cells.items():
        yield _share("K02", "rate", (ALL, scope, code), *cell)
    for (step, code), cell in steps.items():
        yield (*_share("K02", "rate", (ALL, PERIOD, code), *cell)[:9], step, None, _status(cell[1]))


def _share(code: str, figure: str, where: tuple[str, str, str], numerator: int, denominator: int) -> tuple[Any, ...]:
    value = numerator / denominator if denominator else None
    return (code, figure, *where, ALL, numerator, denominator, value, "share", None, _status(denominator))


def _status(denominator: int) -> str:
    return "computed" if denominator else "nothing_to_count"


def _parts(code: str, name: str) -> tuple[str, ...]:
    return next(f.parts for f in indicators.figures() if (f.kpi_code, f.name) == (code, name))


def _places(counts: Sequence[Row]) -> list[str]:
    return sorted({row[0] for row in counts if row[0]})


def _months(counts: Sequence[Row]) -> list[date]:
    """Return every month from the first to the last: one without an incident tells as little as any other."""
    found = [row[1] for row in counts]
    if not found:
        return []
    first, last = min(found), max(found)
    return [date(n // 12, n % 12 + 1, 1) for n in range(first.year * 12 + first.month - 1, last.year * 12 + last.month)]


def _step(counts: Sequence[Row], months: Sequence[date] | None = None) -> str:
    """Return the shortest step of which enough periods have counts that may be shown; the longest when none has."""
    all_months = _months(counts) if months is None else months
    for step in STEPS[:-1]:
        seen = {label(month, step): [0, 0] for month in all_months}
        for _, month, _, _, status, _, incidents in counts:
            seen[label(month, step)][0] += incidents * (status == "unmatched")
            seen[label(month, step)][1] += incidents * (status == "unmatched" or status in SEEN)
        enough = [cell for cell in seen.values() if min(cell) >= THRESHOLD]
        if seen and len(enough) >= LEAST_SHOWN * len(seen):
            return step
    return STEPS[-1]


@cache
def label(month: date, step: str) -> str:
    """Return the period that a month lies in: 2025-03, 2025-Q1 or 2025."""
    return {
        "month": f"{month:%Y-%m}",
        "quarter": f"{month.year}-Q{(month.month + 2) // 3}",
        "year": f"{month.year}",
    }[step]


def _wilson(part: int, of: int) -> tuple[float, float]:
    share = part / of
    middle = (share + Z * Z / (2 * of)) / (1 + Z * Z / of)
    reach = Z * sqrt(share * (1 - share) / of + Z * Z / (4 * of * of)) / (1 + Z * Z / of)
    return max(middle - reach, 0.0), min(middle + reach, 1.0)
