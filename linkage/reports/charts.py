"""The geometry of the charts: counts in, positions out. The page's template draws them as inline SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from linkage.reports.facts import Gap

BAR_WIDTH = 1000.0
LEAST_WIDTH = 3.0
"""A status that has at least one incident is never too thin to see."""

SHOWN_MONTHS = 24


@dataclass(frozen=True)
class Segment:
    """A piece of the bar of statuses."""

    status: str
    x: float
    width: float


@dataclass(frozen=True)
class Point:
    """A month on the chart: ``y`` is its gap rate, ``top`` and ``bottom`` the band, ``bar`` the height of its count."""

    month: date
    x: float
    y: float | None
    top: float | None
    bottom: float | None
    bar: float
    unmatched: int
    has_label: bool


@dataclass(frozen=True)
class MonthChart:
    """The gap over months: a line with a band, over a row of bars with counts."""

    width: float
    height: float
    left: float
    right: float
    floor: float
    bars_top: float
    bars_floor: float
    bar_width: float
    points: Sequence[Point]
    lines: Sequence[Sequence[Point]]
    """Runs of months that have a rate; the line breaks where nothing can be said."""
    ticks: Sequence[tuple[float, float]]
    """Height and share of each horizontal line."""
    most: int
    """The highest count of unmatched incidents in a month."""
    dropped: bool

    def path(self, run: Sequence[Point]) -> str:
        """Return the line through a run of months."""
        return "M" + "L".join(f"{p.x:.1f},{p.y:.1f}" for p in run)

    def band(self, run: Sequence[Point]) -> str:
        """Return the outline between the highest and the lowest possible rate."""
        there = [f"{p.x:.1f},{p.top:.1f}" for p in run]
        back = [f"{p.x:.1f},{p.bottom:.1f}" for p in reversed(run)]
        return "M" + "L".join(there + back) + "Z"


def status_bar(statuses: Mapping[str, int]) -> list[Segment]:
    """Return the statuses that occur as pieces of one bar that is exactly full."""
    total = sum(statuses.values())
    widths = {s: max(BAR_WIDTH * n / total, LEAST_WIDTH) for s, n in statuses.items() if n}
    scale = BAR_WIDTH / sum(widths.values()) if widths else 1.0
    segments, x = [], 0.0
    for status, width in widths.items():
        segments.append(Segment(status, round(x, 2), round(width * scale, 2)))
        x += width * scale
    return segments


MOST_LABELS = 8
"""Names of months under the chart; more would touch."""
MOST_WAITING = 0.05
"""Share of a month's incidents that may wait before its rate says more about the calendar than about the gap."""


def month_chart(months: Sequence[Gap]) -> MonthChart | None:
    """Return the chart of the last two years, or None when no month has a rate."""
    known = [m for m in months if m.month is not None]
    shown = known[-SHOWN_MONTHS:]
    if not any(m.rate is not None for m in shown):
        return None
    width, height, left, right, floor, bars_top, bars_floor = 720.0, 310.0, 46.0, 696.0, 196.0, 226.0, 280.0
    top = 14.0
    highest, step = scale(max(m.high or m.rate or 0.0 for m in shown))
    most = max(m.unmatched for m in shown)
    slot = (right - left) / len(shown)
    every = max(1, -(-len(shown) // MOST_LABELS))

    def height_of(month: Gap, share: float | None) -> float | None:
        return None if share is None or _still_waits(month) else floor - (floor - top) * share / highest

    points = [
        Point(
            month=m.month or date.min,
            x=left + slot * (i + 0.5),
            y=height_of(m, m.rate),
            top=height_of(m, m.high),
            bottom=height_of(m, m.low),
            bar=(bars_floor - bars_top) * m.unmatched / most if most else 0.0,
            unmatched=m.unmatched,
            has_label=(len(shown) - 1 - i) % every == 0,
        )
        for i, m in enumerate(shown)
    ]
    lines_at = [step * i for i in range(round(highest / step) + 1)]
    return MonthChart(
        width=width,
        height=height,
        left=left,
        right=right,
        floor=floor,
        bars_top=bars_top,
        bars_floor=bars_floor,
        bar_width=min(slot * 0.6, 26.0),
        points=points,
        lines=_runs(points),
        ticks=[(floor - (floor - top) * share / highest, share) for share in lines_at],
        most=most,
        dropped=len(known) > len(shown),
    )


def _still_waits(month: Gap) -> bool:
    """Tell whether so many incidents of a month wait that its rate would fall for that alone."""
    return month.pending > MOST_WAITING * (month.incidents - month.excluded)


def scale(highest: float) -> tuple[float, float]:
    """Return a round top for the axis and the step between its lines, three to five of them."""
    for top, step in ((0.04, 0.01), (0.1, 0.02), (0.2, 0.05), (0.4, 0.1), (0.6, 0.2), (0.8, 0.2)):
        if highest <= top:
            return top, step
    return 1.0, 0.25


def _runs(points: Sequence[Point]) -> list[list[Point]]:
    runs: list[list[Point]] = [[]]
    for point in points:
        if None in (point.y, point.top, point.bottom):
            runs.append([])
        else:
            runs[-1].append(point)
    return [run for run in runs if run]
