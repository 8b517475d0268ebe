"""The geometry of the charts of a model: numbers in, positions out. The template draws them as inline SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from linkage.diagnose.accuracy import Accuracy
from linkage.diagnose.levels import LevelRow
from linkage.diagnose.self_weight import Unlinkable
from linkage.diagnose.weights import Histogram
from linkage.thresholds import Thresholds

Tick = tuple[float, str]
"""A place on an axis and its label."""

DECADES = 7
"""Powers of ten on the axis of probabilities: a level of the rarest kind is one in ten million."""
MOST_BITS = 25.0
"""Weight of a level at the end of its bar; more is drawn as this much."""


@dataclass(frozen=True)
class Plot:
    """A frame with axes: ``left`` to ``right`` and ``top`` to ``floor`` hold the drawing, thresholds are places."""

    width: float
    height: float
    left: float
    right: float
    top: float
    floor: float
    across: Sequence[Tick]
    up: Sequence[Tick]
    sure: float | None = None
    possible: float | None = None


FRAME = {"width": 720.0, "height": 280.0, "left": 58.0, "right": 694.0, "top": 16.0, "floor": 232.0}


@dataclass(frozen=True)
class Bars:
    """A histogram; ``bars`` are (x, y, width, height, tone)."""

    plot: Plot
    bars: Sequence[tuple[float, float, float, float, str]]


@dataclass(frozen=True)
class Lines:
    """Lines on a plot, each as the path of an SVG, and marked points."""

    plot: Plot
    paths: Sequence[str]
    marks: Sequence[tuple[float, float, str]] = ()


def dots(row: LevelRow) -> dict[str, float]:
    """Return the places of the three probabilities of a level on a logarithmic axis of 1000, with room at its ends."""
    values = {"chance": row.chance, "family": row.family, "same": row.same}
    return {name: round(_at_decade(DECADES + float(np.log10(p))), 1) for name, p in values.items()}


def decades() -> list[float]:
    """Return the lines of that axis."""
    return [round(_at_decade(n), 1) for n in range(DECADES + 1)]


def _at_decade(number: float) -> float:
    return 20 + 960 * max(0.0, number) / DECADES


def weight_bar(weight: float) -> tuple[float, float, str]:
    """Return place, width and tone of a weight's bar around the middle of an axis of 1000."""
    size = 500 * min(abs(weight), MOST_BITS) / MOST_BITS
    return round(500 - size if weight < 0 else 500.0, 1), round(max(size, 3.0), 1), "plus" if weight >= 0 else "minus"


def weights(told: Histogram, thresholds: Thresholds) -> Bars | None:
    """Return the histogram of match weights, its counts on a logarithmic axis."""
    if not told.bins:
        return None
    low, high = told.bins[0][0], told.bins[-1][1]
    top = max(1, int(np.ceil(np.log10(max(n for *_, n in told.bins)))))
    plot = _plot(low, high, [(n / top, f"{10**n:,}") for n in range(top + 1)], thresholds)
    bars = []
    for start, end, n in told.bins:
        if n:
            left, right = _across(plot, low, high, start), _across(plot, low, high, end)
            # A bin of one pair has a logarithm of nought, and is drawn as a thin bar all the same.
            height = max(2.0, (plot.floor - plot.top) * float(np.log10(n)) / top)
            tone = thresholds.verdict((start + end) / 2)
            bars.append((round(left + 0.5, 1), plot.floor - height, round(max(right - left - 1, 1.0), 1), height, tone))
    return Bars(plot, bars)


def unlinkable(told: Unlinkable, thresholds: Thresholds) -> Lines | None:
    """Return the curves of the share of mentions whose weight with a copy of themselves is below each weight."""
    if not told.curve:
        return None
    highest = next(s for s in (0.02, 0.05, 0.1, 0.25, 0.5, 1.0) if s >= _needed(told, thresholds))
    shown = [p for p in told.curve if min(p[1], p[2]) <= highest]
    low, high = shown[0][0], max(shown[-1][0], min(thresholds.sure, 60.0) + 1)
    plot = _plot(low, high, [(n / 4, f"{25 * n * highest:.3g}%") for n in range(5)], thresholds)
    paths = []
    for line in (1, 2):
        points = [
            (_across(plot, low, high, p[0]), plot.floor - (plot.floor - plot.top) * p[line] / highest)
            for p in shown
            if p[line] <= highest
        ]
        paths.append(_path(points))
    return Lines(plot, paths)


def _needed(told: Unlinkable, thresholds: Thresholds) -> float:
    """Return the share at which the axis may end: enough to read the curves well beyond the certain threshold."""
    near = [max(p[1], p[2]) for p in told.curve if p[0] <= thresholds.sure + 10]
    return min(1.0, max(near, default=1.0))


def precision_recall(told: Accuracy) -> Lines | None:
    """Return precision over recall, from the strongest pairs down, with both thresholds marked."""
    known = [(p.recall, p.precision) for p in told.curve if p.recall is not None and p.precision is not None]
    if not known:
        return None
    # Nearly all that can be learnt stands in the corner of the thresholds, so the axes begin not far below them.
    first = _base(min(p.recall or 0.0 for p in (told.sure, told.possible)))
    base = _base(min(p for r, p in known if r >= first))
    plot = Plot(**FRAME, across=_shares(first), up=_shares(base))

    def place(recall: float, precision: float) -> tuple[float, float]:
        return (
            round(plot.left + (plot.right - plot.left) * (recall - first) / (1 - first), 1),
            round(plot.floor - (plot.floor - plot.top) * (precision - base) / (1 - base), 1),
        )

    start = max(0, sum(r < first for r, _ in known) - 1)
    marks = [
        (*place(point.recall, point.precision), name)
        for name, point in (("possible", told.possible), ("sure", told.sure))
        if point.recall is not None and point.precision is not None
    ]
    return Lines(plot, [_path([place(max(r, first), p) for r, p in known[start:]])], marks)


def _base(least: float) -> float:
    """Return a round beginning of an axis of shares, somewhat below the least one that it must show."""
    return next((b for b in (0.98, 0.95, 0.9, 0.8, 0.6) if b < least), 0.0)


def _shares(base: float) -> list[Tick]:
    return [(n / 4, f"{100 * (base + n * (1 - base) / 4):.4g}%") for n in range(5)]


def _plot(low: float, high: float, up: Sequence[Tick], thresholds: Thresholds) -> Plot:
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100) if (high - low) / s <= 14)
    first = int(np.ceil(low / step) * step)
    span = high - low or 1.0
    across = [
        ((at - low) / span, f"{at:+d}".replace("-", "\N{MINUS SIGN}") if at else "0")
        for at in range(first, int(high) + 1, step)
    ]
    plain = Plot(**FRAME, across=across, up=up)
    places = [
        _across(plain, low, high, w) if low <= w <= high else None for w in (thresholds.sure, thresholds.possible)
    ]
    return Plot(**FRAME, across=across, up=up, sure=places[0], possible=places[1])


def _across(plot: Plot, low: float, high: float, at: float) -> float:
    return round(plot.left + (plot.right - plot.left) * (at - low) / ((high - low) or 1.0), 1)


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in points)
