"""An explanation as one page that asks nothing of a network: the same waterfalls as in the terminal, drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linkage.explain.incident import Explanation
from linkage.explain.pair import PairExplanation
from linkage.explain.shortfall import UNLINKED
from linkage.explain.steps import Cost, Scale, Step
from linkage.reports import layout
from linkage.thresholds import Thresholds

HERE = Path(__file__).parent
WIDTH = 1000.0
THINNEST = 3.0
"""Least width of a bar, so that a part of almost nothing can be seen."""

VERDICTS = {
    "sure": "certain enough to be one person",
    "possible": "possibly one person: a reviewer decides",
    "below": "below the possible threshold: two people for all that is known",
}

NOBODY = "Nobody on a report that came in time has anything in common with the persons of this incident."


@dataclass(frozen=True)
class Bar:
    """One row of a waterfall: the step, and its bar on an axis of `WIDTH`."""

    step: Step
    x: float
    width: float
    tone: str


@dataclass(frozen=True)
class Waterfall:
    """The rows of a weight with the places of nought and of the thresholds; ``link`` joins one row to the next."""

    bars: Sequence[Bar]
    nought: float
    sure: float
    possible: float
    thresholds: Thresholds


def render(told: Explanation | PairExplanation) -> str:
    """Return the page of an incident or of a pair."""
    template = "pair.html.j2" if isinstance(told, PairExplanation) else "incident.html.j2"
    title = "Two mentions" if isinstance(told, PairExplanation) else f"Incident {told.incident['incident_number']}"
    return layout.sheet(
        template,
        HERE,
        "explain.css",
        {"waterfall": waterfall(told.thresholds), "cost": cost, "verdict": VERDICTS.__getitem__, "resolved": resolved},
        title=title,
        told=told,
        is_unlinked=isinstance(told, Explanation) and told.incident["status"] in UNLINKED,
        nobody=NOBODY,
    )


def cost(item: Cost | dict[str, Any]) -> str:
    """Return in words what cost a pair most."""
    held = item if isinstance(item, Cost) else Cost(**item)
    best = held.best_level.replace("_", " ")
    return f"{held.comparison}, {held.meaning}: {best} would have added {held.lift:.1f} bits"


def resolved(told: PairExplanation) -> str:
    """Return in words what the night made of a pair."""
    if told.is_same_person:
        return f"both were resolved to {told.left.person_id}"
    why = "; rows of one record are different people unless they prove to be one" if told.is_same_record else ""
    return f"they were resolved to two persons{why}"


def waterfall(thresholds: Thresholds) -> Callable[[Sequence[Step | dict[str, Any]]], Waterfall]:
    """Return what draws steps against the thresholds."""

    def drawn(parts: Sequence[Step | dict[str, Any]]) -> Waterfall:
        steps = [part if isinstance(part, Step) else Step(**part) for part in parts]
        scale = Scale.of(steps, (thresholds.sure, thresholds.possible))
        return Waterfall(
            [_bar(scale, step) for step in steps],
            scale.at(0.0, WIDTH),
            scale.at(thresholds.sure, WIDTH),
            scale.at(thresholds.possible, WIDTH),
            thresholds,
        )

    return drawn


def _bar(scale: Scale, step: Step) -> Bar:
    left, right = scale.bar(step, WIDTH)
    tone = "start" if step.comparison == "start" else "plus" if step.weight >= 0 else "minus"
    return Bar(step, round(left, 2), round(max(right - left, THINNEST), 2), tone)
