"""The diagnostics of a model as one page that asks nothing of a network."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from pathlib import Path

from linkage.diagnose import Diagnosis, charts
from linkage.diagnose.blocking import RuleCounts
from linkage.reports import layout

HERE = Path(__file__).parent


def render(told: Diagnosis, *, run_id: str) -> str:
    """Return the page of the model of one night."""
    return layout.sheet(
        "model.html.j2",
        HERE,
        "model.css",
        {"dots": charts.dots, "weight_bar": charts.weight_bar, "rule_bars": _rule_bars(told.rules)},
        title="Model of the night",
        told=told,
        run_id=run_id,
        comparisons=[(name, list(rows)) for name, rows in groupby(told.levels, key=lambda row: row.comparison)],
        decades=charts.decades(),
        most_bits=charts.MOST_BITS,
        histogram=charts.weights(told.histogram, told.thresholds),
        unlinkable=charts.unlinkable(told.unlinkable, told.thresholds),
        curve=charts.precision_recall(told.accuracy) if told.accuracy else None,
    )


def _rule_bars(rules: list[RuleCounts]) -> Callable[[RuleCounts], tuple[float, float]]:
    most = max((rule.pairs or 0 for rule in rules), default=0) or 1

    def bars(rule: RuleCounts) -> tuple[float, float]:
        """Return the widths of what a rule finds, and of what it alone finds, on an axis of 1000."""
        return round(1000 * (rule.pairs or 0) / most, 1), round(1000 * (rule.alone or 0) / most, 1)

    return bars
