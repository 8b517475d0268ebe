"""The geometry of the page of figures: how incidents flow to their statuses, the gap by period, tiles of places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from linkage.reports.charts import scale
from linkage.reports.figures import PERIOD, PLACE, Figure, Figures

NOT_SHOWN = "not_shown"
"""What counts that are withheld come to together, by the counts that are given."""
WIDTH, HEIGHT, GAP, BAR, SLOT = 760.0, 330.0, 12.0, 14.0, 24.0
COLUMNS = (0.0, 250.0, 500.0)
SHADES = 5
MOST_PERIODS = 24
ABOVE, BELOW, TEXT = -6.0, 16.0, 4.0
"""Where the baseline of a share is, above or below its dot, and how far it stays from the axis."""


@dataclass(frozen=True)
class Node:
    """A place where incidents are: its column, what it is called, how many, from where to where it is drawn."""

    key: str
    count: int
    x: float
    y: float
    height: float

    @property
    def middle(self) -> float:
        """The height of its label."""
        return self.y + self.height / 2


@dataclass(frozen=True)
class Ribbon:
    """Incidents that go from one place to another."""

    key: str
    path: str


@dataclass(frozen=True)
class Flow:
    """How incidents flow from what was received to their statuses."""

    nodes: Sequence[Node]
    ribbons: Sequence[Ribbon]
    width: float
    height: float


@dataclass(frozen=True)
class Step:
    """A period on the chart; without ``y`` nothing may be said of it."""

    label: str
    x: float
    y: float | None
    top: float
    bottom: float
    has_label: bool
    figure: Figure


@dataclass(frozen=True)
class Periods:
    """The gap over time, a point and its interval for each period."""

    steps: Sequence[Step]
    ticks: Sequence[tuple[float, float]]
    lines: Sequence[str]
    left: float
    right: float
    floor: float

    def share_at(self, place: int) -> float:
        """Return the height at which the share of a period is written: beside its dot, where the line does not run.

        Below the dot where the line rises to the next one, unless the axis is there. The period has a ``y``.
        """
        y, after = self.steps[place].y, self.steps[place + 1 : place + 2]
        assert y is not None
        rises = any(step.y is not None and step.y < y for step in after)
        return y + (BELOW if rises and y + BELOW + TEXT <= self.floor else ABOVE)


@dataclass(frozen=True)
class Tile:
    """A municipality: ``shade`` is 0 where nothing may be said, else 1 to `SHADES`, the largest gap darkest."""

    code: str
    figure: Figure
    shade: int


def flow(figures: Figures, seen: Sequence[str], waiting: Sequence[str]) -> Flow | None:
    """Return the flow from all incidents to the statuses that may be shown; None where not even the sums may be."""
    gap = figures.get("K02", "rate")
    if gap is None or gap.denominator is None or gap.numerator is None:
        return None
    told = {f.part: f.numerator for f in figures.of("K05", "status") if f.numerator is not None}
    ends = [(key, told[key]) for key in seen if key in told]
    rest = gap.denominator - gap.numerator - sum(count for _, count in ends)
    ends += [(NOT_SHOWN if ends else "seen", rest)] if rest > 0 else []
    aside = [(key, told[key]) for key in waiting if key in told]
    columns = (
        [("received", gap.denominator + sum(count for _, count in aside))],
        [("judged", gap.denominator), *aside],
        [*ends, ("unmatched", gap.numerator)],
    )
    total = columns[0][0][1]
    if not total:
        return None
    room = HEIGHT - max(len(column) - 1 for column in columns) * (SLOT + GAP)
    scaled = max(room, HEIGHT / 3) / total
    drawn = [_column(column, x, scaled) for column, x in zip(columns, COLUMNS, strict=True)]
    ribbons = [*_ribbons(drawn[0][0], drawn[1], scaled), *_ribbons(drawn[1][0], drawn[2], scaled)]
    bottom = max(node.y + max(node.height, SLOT) for column in drawn for node in column)
    return Flow([node for column in drawn for node in column], ribbons, WIDTH, bottom + 4)


def _column(column: Sequence[tuple[str, int]], x: float, scaled: float) -> list[Node]:
    nodes, y = [], 2.0
    for key, count in column:
        height = max(count * scaled, 1.5)
        slot = max(height, SLOT)
        nodes.append(Node(key, count, x, y + (slot - height) / 2, height))
        y += slot + GAP
    return nodes


def _ribbons(start: Node, ends: Sequence[Node], scaled: float) -> list[Ribbon]:
    made, y = [], start.y
    for end in ends:
        one, other, middle = start.x + BAR, end.x, (start.x + BAR + end.x) / 2
        height = min(max(end.count * scaled, 1.5), start.y + start.height - y) if y < start.y + start.height else 0.0
        path = (
            f"M{one:.1f},{y:.1f}C{middle:.1f},{y:.1f} {middle:.1f},{end.y:.1f} {other:.1f},{end.y:.1f}"
            f"V{end.y + end.height:.1f}C{middle:.1f},{end.y + end.height:.1f} {middle:.1f},{y + height:.1f} "
            f"{one:.1f},{y + height:.1f}Z"
        )
        made.append(Ribbon(end.key, path))
        y += end.count * scaled
    return made


def periods(figures: Figures) -> Periods | None:
    """Return the chart of the last periods, or None when none has a figure that may be shown."""
    shown = figures.of("K02", "rate", PERIOD)[-MOST_PERIODS:]
    ends = [f.margin[1] if f.margin else f.value or 0.0 for f in shown if f.is_known]
    if not ends:
        return None
    left, right, top, floor = 46.0, 696.0, 14.0, 200.0
    highest, step = scale(max(ends))
    slot, every = (right - left) / len(shown), -(-len(shown) // 8)

    def height(share: float) -> float:
        return floor - (floor - top) * min(share, highest) / highest

    steps = []
    for i, figure in enumerate(shown):
        low, high = figure.margin or (figure.value or 0.0, figure.value or 0.0)
        y = None if figure.value is None else height(figure.value)
        x, has_label = left + slot * (i + 0.5), (len(shown) - 1 - i) % every == 0
        steps.append(Step(figure.scope_code, x, y, height(high), height(low), has_label, figure))
    ticks = [(height(step * i), step * i) for i in range(round(highest / step) + 1)]
    return Periods(steps, ticks, _lines(steps), left, right, floor)


def _lines(steps: Sequence[Step]) -> list[str]:
    """Return the lines through periods that follow on one another."""
    runs: list[list[Step]] = [[]]
    for step in steps:
        if step.y is None:
            runs.append([])
        else:
            runs[-1].append(step)
    return ["M" + "L".join(f"{s.x:.1f},{s.y:.1f}" for s in run) for run in runs if len(run) > 1]


def tiles(figures: Figures) -> list[Tile]:
    """Return a tile for every municipality."""
    places = figures.of("K02", "rate", PLACE)
    most = max((f.value for f in places if f.value is not None), default=0.0)
    return [
        Tile(
            f.scope_code,
            f,
            0 if f.value is None else min(SHADES, 1 + int(SHADES * f.value / most)) if most else 1,
        )
        for f in places
    ]
