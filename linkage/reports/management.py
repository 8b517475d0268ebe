"""The page of figures for managers: one self-contained file without a script, of what may leave and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from markupsafe import Markup

from linkage import indicators
from linkage.disclosure import BASE, THRESHOLD
from linkage.reports import drawings
from linkage.reports.facts import STATUSES, Estimate
from linkage.reports.figures import SOURCE, Figure, Figures
from linkage.reports.layout import HERE, asset, environment, policy
from linkage.reports.night import Check, Source
from linkage.reports.words import Words

SEEN_FIRST = ("matched_reference", "matched_timely", "matched_late", "matched_very_late", "covered_open_case")
WAITING = ("review", "pending", "excluded")
LEAST_ESTIMATED = 100
"""Judged incidents from which the fitted interval of the gap is given, in whole percents: one percent is one incident
or more, so it tells no count."""
LEAST_FILLED = 0.8
"""Share of a field that is filled below which the mirror marks it."""


@dataclass(frozen=True)
class Edition:
    """A month's page that was kept, and what of its figures reads differently now."""

    month: date
    kept_on: date
    href: str
    corrections: Sequence[tuple[str, str, str]] = ()
    """Period, what the edition says of it, what is said now."""
    more: int = 0


@dataclass(frozen=True)
class Board:
    """What the page shows: figures that may leave, and of the night what tells of no incident."""

    figures: Figures
    as_of: date
    sources: Sequence[Source]
    checks: Sequence[Check] = ()
    audience: str | None = None
    estimate: Estimate | None = None
    editions: Sequence[Edition] = ()
    frozen: date | None = None
    """The month that this page is the edition of."""
    merged: Mapping[str, Sequence[str]] | None = None
    has_editions: bool = False
    """Whether editions are kept for this reader."""

    @property
    def stale(self) -> list[Source]:
        """The sources that are behind."""
        return [source for source in self.sources if source.is_stale]


def write(path: Path, board: Board, texts: Words, *, run_id: str, made_at: datetime) -> None:
    """Write the page; the same board gives the same bytes."""
    path.write_text(render(board, texts, run_id=run_id, made_at=made_at), encoding="utf-8", newline="\n")


def render(board: Board, texts: Words, *, run_id: str, made_at: datetime) -> str:
    """Return the page."""
    css = asset(HERE / "page.css") + asset(HERE / "management.css")
    figures = board.figures
    known = [f for f in indicators.indicators() if figures.of(f.code)]
    return (
        environment(filters=_filters(texts, board))
        .get_template("management.html.j2")
        .render(
            words=texts.texts,
            policy=policy(css),
            css=Markup(css),
            title=texts["steering.title"],
            board=board,
            figures=figures,
            gap=figures.get("K02", "rate"),
            flow=drawings.flow(figures, SEEN_FIRST, WAITING),
            periods=drawings.periods(figures),
            tiles=_by_name(drawings.tiles(figures), texts),
            mirror=_mirror(figures),
            logic=_logic(board.checks),
            logic_tables=len({check.table_name for check in board.checks}),
            indicators=known,
            rows={one.code: _ordered(figures, one) for one in known},
            statuses=STATUSES,
            **_sentences(board, texts, run_id, made_at),
        )
    )


def _sentences(board: Board, texts: Words, run_id: str, made_at: datetime) -> dict[str, str]:
    say, gap = texts.say, board.figures.get("K02", "rate")
    told = {
        "as_of": say("page.as_of", as_of=texts.day(board.as_of)) + (f" · {board.audience}" if board.audience else ""),
        "stale": texts.stale(board.stale) if board.stale else "",
        "made": say("page.made", made_at=texts.moment(made_at), run_id=run_id),
        "rule": say("steering.rule", threshold=THRESHOLD, base=BASE),
        "legend": say("steering.withheld_legend", threshold=THRESHOLD),
        "frozen": say("steering.frozen", month=texts.month(board.frozen)) if board.frozen else "",
        "step": str(texts[f"steering.{board.figures.step}"]),
        "rate_help": "",
        "lead": texts["steering.lead_none"],
        "headline": texts["steering.headline_none"],
    }
    if gap is None or gap.value is None or gap.numerator is None or gap.denominator is None:
        return told
    told["headline"] = say("steering.headline_rate", rate=texts.percent(gap.value))
    told["lead"] = say("steering.lead", unmatched=texts.number(gap.numerator), judged=texts.number(gap.denominator))
    if board.estimate and gap.denominator >= LEAST_ESTIMATED:
        shares = {name: texts.whole_percent(getattr(board.estimate, name)) for name in ("rate", "low", "high")}
        told["rate_help"] = say("steering.estimate_help", **shares)
    elif gap.margin:
        low, high = (texts.percent(end) for end in gap.margin)
        told["rate_help"] = say("steering.rate_help", low=low, high=high)
    return told


def _by_name(tiles: Sequence[drawings.Tile], texts: Words) -> list[drawings.Tile]:
    return sorted(tiles, key=lambda tile: texts.place(tile.code).casefold())


def _ordered(figures: Figures, indicator: indicators.Indicator) -> list[tuple[indicators.Figure, list[Figure]]]:
    """Return the figures of an indicator with their parts, both in the order in which it is defined."""
    found = []
    for figure in indicator.figures:
        own = {f.part: f for f in figures.of(indicator.code, figure.name)}
        parts = [own[part] for part in figure.parts if part in own]
        if parts:
            found.append((figure, parts))
    return found


def _mirror(figures: Figures) -> dict[str, Any]:
    """Return how far each source fills each field: rows of fields, columns of sources."""
    told = figures.of("K19", scope=SOURCE)
    sources = sorted({f.scope_code for f in told})
    groups = []
    for name in dict.fromkeys(f.name for f in figures.of("K19")):
        fields = []
        for total in figures.of("K19", name):
            own = [figures.get("K19", name, total.part, SOURCE, source) for source in sources]
            fields.append((total, own))
        groups.append((name, fields))
    return {"sources": sources, "groups": groups, "limit": LEAST_FILLED}


def _logic(checks: Sequence[Check]) -> list[tuple[str, int, list[str]]]:
    """Return each table of which a check needs attention, with how many were done, and which need it."""
    tables: dict[str, list[Check]] = {}
    for check in checks:
        tables.setdefault(check.table_name, []).append(check)
    told = [(name, len(own), [c.description for c in own if c.outcome != "passed"]) for name, own in tables.items()]
    return [row for row in told if row[2]]


def _filters(texts: Words, board: Board) -> dict[str, Any]:
    merged = board.merged or {}
    hidden = f"{texts['steering.withheld_short']}"
    named = {(f.kpi_code, f.name): f.nl for f in indicators.figures()}

    def amount(count: int | None) -> Any:
        return Markup('<abbr title="{}">{}</abbr>').format(texts["steering.withheld"], hidden) if count is None else (
            texts.number(count)
        )  # fmt: skip

    def value(figure: Figure | None) -> Any:
        if figure is None or figure.value is None:
            if figure is not None and figure.status in ("not_delivered", "no_truth", "nothing_to_count"):
                return texts[f"steering.{figure.status}"]
            return amount(None)
        if figure.unit in ("days", "working_days"):
            key = "steering.days_one" if figure.value == 1 else "steering.days_many"
            return texts.say(key, n=texts.number(figure.value))
        return texts.percent(figure.value) if figure.unit == "share" else texts.number(figure.value)

    return {
        "amount": amount,
        "value": value,
        "number": texts.number,
        "percent": texts.percent,
        "whole_percent": texts.whole_percent,
        "day": texts.day,
        "month": texts.month,
        "period": texts.period,
        "place": lambda code: texts.place(code, merged.get(code, ())),
        "short_place": texts.place,
        "part": lambda figure: texts.part(figure),
        "named": lambda figure: texts.figure(figure, named[figure.kpi_code, figure.name]),
        "title": lambda one: one.en if texts["language"] == "en" else one.nl,
        "until": lambda source: texts.until(source),
        "margin": lambda f: "–" if not f.margin else " – ".join(texts.percent(end) for end in f.margin),
    }
