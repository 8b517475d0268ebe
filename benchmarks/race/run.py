"""All contestants on each set, in turn and round after round, every one in a process of its own.

Nothing heavy is imported here: the peak memory of a child never reads lower than that of its parent.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks import child, figures
from benchmarks.race import OURS, PEERS
from benchmarks.race.closing import COSTS, closing

LARGE = {
    "scale_1m": {"splink_fast": 3, "ours": 3, "splink_usual": 1, "mismo": 1},
    "scale_5m": {"splink_fast": 1, "ours": 1},
}
"""Who is measured on millions of rows, in how many rounds; on the other sets it is everybody, once."""
LIMIT = 900.0
"""Seconds after which a contestant is stopped: it is told as a row, and the others go on."""
FOLDER = figures.OUT / "sets"
NOTE = (
    "Pairs, at the contestant's own threshold (0.95 for the peers) and, best F1, at the one that the truth likes best, "
    "which nobody can know; clusters F1: pairs within its clusters. All have the same fields, comparisons and blocking "
    "rules, and no label. Seconds and MB are those of the whole process; ratios are ours / theirs in the same round."
)
HEADER = (
    "contestant", "candidates", "precision", "recall", "F1", "best F1", "clusters F1", "seconds", "CPU s", "MB",
    "ours/s", "ours/CPU", "ours/MB",
)  # fmt: skip


def race(
    console: Console, *, sets: Sequence[str], repeat: int | None = None, only: Sequence[str] | None = None
) -> dict[str, Any]:
    """Measure everybody who is installed, print a table per set and one of all, and keep the figures."""
    found = {}
    names = _present(console, only or tuple(PEERS))
    for name in sets:
        folder = _made(console, name)
        if folder is None:
            continue
        told = json.loads((folder / "set.json").read_text(encoding="utf-8"))
        rounds = planned(name, [each for each in names if PEERS[each].fits(told)], repeat, everybody=not only)
        found[name] = {"set": told, "contestants": contest(rounds, folder)}
        title = (
            f"{name}: {told['true_pairs']:,} true pairs, {told['candidate_recall']:.4f} of them among the candidates"
        )
        figures.show(console, title, HEADER, rows(found[name]["contestants"]), NOTE)
        # A part of the contestants does not take the place of all.
        kept = figures.save(
            f"race_{name}{'_part' if only else ''}", {"rounds": rounds, "labels_given": "none", **found[name]}
        )
        console.print(f"kept in {kept}")
    if found:
        closing(console, found)
    return found


def planned(name: str, names: Sequence[str], repeat: int | None, *, everybody: bool) -> dict[str, int]:
    """Return in how many rounds each contestant is measured on a set; who was asked for by name always is."""
    plan = LARGE.get(name)
    return {each: repeat or (plan or {}).get(each, 1) for each in names if not everybody or not plan or each in plan}


def contest(rounds: dict[str, int], folder: Path) -> dict[str, Any]:
    """Return scores and costs of each contestant on one set; a failed one has the end of what it said instead."""
    measured: dict[str, Any] = {name: {"rounds": []} for name in rounds}
    with tempfile.TemporaryDirectory(prefix="inbeeld-race-") as work:
        for number in range(max(rounds.values(), default=0)):
            for name in rounds:
                if number < rounds[name] and "error" not in measured[name]:
                    _measure(name, folder, Path(work) / name, measured[name])
    for name in rounds:
        if "error" not in measured[name]:
            _sum_up(measured, name)
    return measured


def rows(measured: dict[str, Any]) -> list[list[object]]:
    """Return the lines of a table."""
    made: list[list[object]] = []
    for name, figure in measured.items():
        title = PEERS[name].title
        if "error" in figure:
            why = figure["error"].splitlines()[-1][:60]
            made.append([f"{title}: failed ({why})", *[None] * (len(HEADER) - 1)])
            continue
        own, best, clusters = figure["own"], figure["best"] or {}, figure["clusters"]
        shares = [own["precision"], own["recall"], own["f1"], best.get("f1"), clusters["f1"]]
        costs = [figure[cost] for cost in COSTS]
        made.append([title, figure["candidates"], *map(figures.share, shares), *costs, *figure["ratios"].values()])
    return made


def _measure(name: str, folder: Path, out: Path, figure: dict[str, Any]) -> None:
    """Add one round of one contestant; its scores are those of the first."""
    peer = PEERS[name]
    style = ["--style", peer.style] if peer.style else []
    try:
        ran = child.run(
            [str(peer.python), "-m", f"benchmarks.race.{peer.module}", str(folder), str(out), *style], LIMIT
        )
        if not figure["rounds"]:
            figure.update(json.loads(child.module("benchmarks.race.scoring", folder, out).text))
    except child.ChildError as error:
        figure["error"] = str(error)
        return
    stages = json.loads((out / "stages.json").read_text(encoding="utf-8"))["stages"]
    figure["rounds"].append({**{cost: getattr(ran, cost) for cost in COSTS}, "stages": stages})


def _sum_up(measured: dict[str, Any], name: str) -> None:
    """Add medians of costs, and of ours / theirs within a round."""
    figure, ours = measured[name], measured.get(OURS, {"rounds": []})
    ratios: dict[str, float | None] = {}
    for cost in COSTS:
        figure[cost] = figures.middle(each[cost] for each in figure["rounds"])
        if name == OURS or "error" in ours or not ours["rounds"]:
            ratios[cost] = None
            continue
        sides = zip(ours["rounds"], figure["rounds"], strict=False)
        ratios[cost] = figures.middle(mine[cost] / theirs[cost] for mine, theirs in sides)
    figure["ratios"] = ratios


def _present(console: Console, asked: Sequence[str]) -> list[str]:
    """Return who can run here; says who cannot."""
    found = []
    for name in asked:
        why = PEERS[name].missing()
        if why:
            console.print(f"{PEERS[name].title} is left out: {why} (make bench)")
        else:
            found.append(name)
    return found


def _made(console: Console, name: str) -> Path | None:
    """Return the folder of a set, made first where it is not there yet."""
    folder = FOLDER / name
    if not (folder / "set.json").exists():
        try:
            child.module("benchmarks.sets", name, "--out", FOLDER)
        except child.ChildError as error:
            console.print(f"{name} is left out: {str(error).splitlines()[-1]}")
            return None
    return folder
