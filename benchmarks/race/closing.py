"""The table that ends a race over several sets: what each size cost, by row and by pair, beside the quickest peer."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from benchmarks import figures
from benchmarks.race import OURS

PEER = "splink_fast"
"""The strongest fair settings of the strongest peer."""
COSTS = ("seconds", "cpu_seconds", "peak_mb")
HEADER = ("set", "rows", "pairs", "rounds", "F1", "seconds", "CPU s", "MB", "µs CPU/row", "µs CPU/pair")
BESIDE = ("set", "F1", "seconds", "CPU s", "MB", "ours/s", "worst round", "ours/CPU", "ours/MB")
NOTE = (
    "Medians; F1 of pairs at one's own threshold. A cost per row or pair that stays level from set to set is in "
    "proportion; below 100,000 rows it is mostly start-up."
)


def closing(console: Console, found: dict[str, Any]) -> None:
    """Print one line a set, smallest first: our cost against size, and the peer with our ratios to it."""
    names = sorted(found, key=lambda name: sum(found[name]["set"]["rows"]))
    figures.show(console, "All sets: Inbeeld, cost against size", HEADER, [line(n, found[n]) for n in names], NOTE)
    note = "The strongest fair settings of the strongest peer; ratios are ours / theirs within a round."
    figures.show(console, "All sets: Splink 5, fast, beside it", BESIDE, [beside(n, found[n]) for n in names], note)


def line(name: str, figure: dict[str, Any]) -> list[object]:
    """Return what a set cost us; a dash where we did not finish."""
    rows, ours = sum(figure["set"]["rows"]), _finished(figure["contestants"].get(OURS))
    cpu, pairs = ours.get("cpu_seconds"), ours.get("candidates")
    per = [None if cpu is None or not many else cpu / many * 1e6 for many in (rows, pairs)]
    return [name, rows, pairs, len(ours.get("rounds", ())), _f1(ours), *(ours.get(each) for each in COSTS), *per]


def beside(name: str, figure: dict[str, Any]) -> list[object]:
    """Return what a set cost the peer, and our share of that."""
    ours, peer = (_finished(figure["contestants"].get(each)) for each in (OURS, PEER))
    sides = list(zip(ours.get("rounds", ()), peer.get("rounds", ()), strict=False))
    ratios = {each: [mine[each] / theirs[each] for mine, theirs in sides] for each in COSTS}
    seconds, cpu, memory = (figures.middle(values) if values else None for values in ratios.values())
    worst = max(ratios["seconds"], default=None)
    return [name, _f1(peer), *(peer.get(each) for each in COSTS), seconds, worst, cpu, memory]


def _finished(figure: dict[str, Any] | None) -> dict[str, Any]:
    return {} if figure is None or "error" in figure else figure


def _f1(figure: dict[str, Any]) -> str:
    return figures.share(figure["own"]["f1"] if "own" in figure else None)
