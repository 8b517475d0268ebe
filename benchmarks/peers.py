"""Person linkage by several methods on the same standardised mentions, each in a process of its own."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks import child, figures
from benchmarks.contest import PEERS

NOISE = ("low", "medium", "high")
OURS = "ours"
COSTS = ("seconds", "cpu_seconds", "peak_mb")
NOTE = (
    "No contestant gets a label. Rules: BSN, or surname, given name (or first initial) and birth date. Splink usual: "
    "names, birth date, sex, address, BSN; all: also initials, phone, the source's person number. Best F1: at the "
    "threshold that the truth likes best, which nobody can know. In household: false links that join members of one "
    "true household. Seconds and MB are those of the whole process; ratios are ours / theirs in the same round: below "
    "1 is quicker or smaller."
)
HEADER = (
    "contestant", "pairs", "precision", "recall", "F1", "best F1", "false links", "in household", "seconds", "CPU s",
    "MB", "ours/s", "ours/CPU", "ours/MB",
)  # fmt: skip


def peers(
    console: Console, *, incidents: int, noise: Sequence[str], seed: int, repeat: int, mentions: Path | None = None
) -> dict[str, Any]:
    """Measure every contestant that is installed, print a table per noise, and keep the figures.

    ``mentions`` is a prepared file to measure on in the place of a sample.
    """
    names = [name for name, peer in PEERS.items() if find_spec(peer.package)]
    for name in PEERS.keys() - set(names):
        console.print(f"{PEERS[name].title} is left out: {PEERS[name].package} is not installed (make bench)")
    found = {}
    with tempfile.TemporaryDirectory(prefix="inbeeld-bench-") as folder:
        for level in noise if mentions is None else ["given"]:
            file = mentions or child.mentions(Path(folder) / level, incidents=incidents, noise=level, seed=seed)
            found[level] = contest(names, file, Path(folder), repeat)
            title = f"Persons, {incidents:,} incidents, noise {level}" if mentions is None else f"Persons, {file.name}"
            figures.show(console, title, HEADER, rows(found[level]), NOTE)
    told = {"incidents": incidents, "seed": seed, "repeat": repeat, "labels_given": "none", "noise": found}
    console.print(f"kept in {figures.save(f'peers_{incidents}' if mentions is None else 'peers_given', told)}")
    return told


def contest(names: Sequence[str], mentions: Path, folder: Path, repeat: int) -> dict[str, dict[str, Any]]:
    """Run all contestants in turn, round after round, and judge the last result of each."""
    taken: dict[str, list[child.Child]] = {name: [] for name in names}
    for _ in range(repeat):
        for name in names:
            taken[name].append(child.module("benchmarks.contest", name, mentions, folder / f"{name}.npz"))
    found = {}
    for name in names:
        judged = json.loads(child.module("benchmarks.scoring", mentions, folder / f"{name}.npz").text)
        found[name] = judged | _taken(taken[name], taken.get(OURS, []))
    return found


def _taken(theirs: Sequence[child.Child], ours: Sequence[child.Child]) -> dict[str, Any]:
    """Sum up the rounds of one contestant; a ratio is taken within a round, where both met the same machine."""
    rounds = list(zip(ours, theirs, strict=False))
    return {
        **{cost: figures.middle(getattr(run, cost) for run in theirs) for cost in COSTS},
        "ours_to_theirs": {
            cost: figures.middle(getattr(us, cost) / getattr(them, cost) for us, them in rounds) if rounds else None
            for cost in COSTS
        },
        "rounds": [vars(run) | {"lines": None} for run in theirs],
    }


def rows(found: dict[str, dict[str, Any]]) -> list[list[object]]:
    """Return a table's rows: quality, then cost, then ours beside theirs."""
    told: list[list[object]] = []
    for name, one in found.items():
        own, best = one["own"], one["best"]
        quality = [figures.share(own[part]) for part in ("precision", "recall", "f1")]
        home = own["share_in_household"]
        told.append(
            [
                PEERS[name].title,
                one["candidates"],
                *quality,
                figures.share(best["f1"] if best else None),
                own["false_links"],
                None if home is None else f"{100 * home:.0f}%",
                *(one[cost] for cost in COSTS),
                *(None if name == OURS else one["ours_to_theirs"][cost] for cost in COSTS),
            ]
        )
    return told
