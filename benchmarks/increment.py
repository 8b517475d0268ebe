"""A night after many: what it costs to take in one more day, beside the night that took in everything before."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks import child, figures
from benchmarks.night import CLOCK, step_seconds

INCIDENTS = 20_000
NIGHTS = 9
MORE = 3
"""Nights of one day more, each on top of the one before: the median is told."""
COMPARED = re.compile(
    r"^(?P<mentions>\d+) mentions, (?P<changed>\d+) new or changed; pairs of (?P<fresh>\d+) compared anew"
)
NOTE = (
    "All: the full deliveries of three sources in one night. One day more: the increments of the next day, the median "
    f"of {MORE} such nights by CPU. Two days more: the next two in one night. Anew: the last night with everything "
    "compared anew (--from-scratch). CPU seconds are those of the whole process."
)


def increment(console: Console, *, sizes: Sequence[int], noise: str, seed: int) -> dict[str, Any]:
    """Measure at every size, print the table and keep the figures."""
    found = {incidents: _one(incidents, noise, seed) for incidents in sorted(set(sizes))}
    header = ["incidents", "night", "seconds", "CPU s", "MB", "mentions", "compared anew", "CPU of all"]
    rows: list[list[object]] = []
    for incidents, told in found.items():
        for name, one in told["nights"].items():
            share = figures.ratio(one["cpu_seconds"], told["nights"]["all"]["cpu_seconds"])
            cells = [one[c] for c in ("seconds", "cpu_seconds", "peak_mb", "mentions", "fresh")]
            rows.append([f"{incidents:,}", name, *cells, share])
    figures.show(console, "One day more", header, rows, NOTE)
    for incidents, told in found.items():
        least, most = told["spread"]
        console.print(f"{incidents:,} incidents, one day more: {least} to {most} CPU seconds in {MORE} nights")
    steps = list(dict.fromkeys(s for told in found.values() for one in told["nights"].values() for s in one["steps"]))
    names = [f"{incidents:,} {name}" for incidents, told in found.items() for name in told["nights"]]
    told = [one["steps"] for found_one in found.values() for one in found_one["nights"].values()]
    figures.show(console, "Seconds of each step", ["", *names], [[s, *(one.get(s) for one in told)] for s in steps])
    kept = {"noise": noise, "seed": seed, "sizes": found}
    console.print(f"kept in {figures.save('increment', kept)}")
    return kept


def _one(incidents: int, noise: str, seed: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="inbeeld-bench-") as name:
        sample, inbox, out = Path(name), Path(name) / "arrived", Path(name) / "out"
        asked = ("--incidents", str(incidents), "--noise", noise, "--seed", str(seed), "--nights", str(NIGHTS))
        child.inbeeld("sample", "--out", sample, *asked)
        days = sorted({d.name for s in (sample / "inbox").iterdir() for d in s.iterdir()})
        nights = []
        for came in [*([day] for day in days[: MORE + 1]), days[MORE + 1 : MORE + 3]]:
            for delivery in (path for day in came for path in (sample / "inbox").glob(f"*/{day}")):
                shutil.copytree(delivery, inbox / delivery.parent.name / delivery.name)
            nights.append(_told(child.inbeeld("run", "--inbox", inbox, "--out", out)))
        anew = _told(child.inbeeld("run", "--inbox", inbox, "--out", out, "--from-scratch"))
        more = sorted(nights[1 : MORE + 1], key=lambda night: float(night["cpu_seconds"]))
        spread = [more[0]["cpu_seconds"], more[-1]["cpu_seconds"]]
        told = {"all": nights[0], "one day more": more[len(more) // 2], "two days more": nights[-1], "anew": anew}
        return {"nights": told, "spread": spread}


def _told(run: child.Child) -> dict[str, Any]:
    told: dict[str, Any] = {"mentions": None, "fresh": None}
    for line in run.lines:
        said = CLOCK.match(line.text)
        if said and (match := COMPARED.match(said["said"])):
            told = {"mentions": int(match["mentions"]), "fresh": int(match["fresh"])}
    costs = {"seconds": run.seconds, "cpu_seconds": run.cpu_seconds, "peak_mb": run.peak_mb}
    return {**costs, **told, "steps": step_seconds(run)}
