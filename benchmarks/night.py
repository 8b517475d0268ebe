"""A whole night, measured from outside: what it costs, where the time goes, and how it grows with its size."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks import child, figures
from linkage.pipeline import STEPS

STEP_NAMES = tuple(step.name for step in STEPS)
CLOCK = re.compile(r"^\d\d:\d\d:\d\d (?P<said>.*)$")
LINKED = re.compile(r"^(?P<mentions>\d+) mentions, (?P<pairs>\d+) candidate pairs$")
AGREEMENTS = (
    "persons_pairwise", "persons_b_cubed", "households_pairwise", "households_b_cubed", "incident_has_report",
    "incident_links",
)  # fmt: skip
COSTS = ("seconds", "cpu_seconds", "peak_mb", "published_mb", "mentions", "candidate_pairs", "nothing_new_seconds")


def night(console: Console, *, sizes: Sequence[int], noise: str, seed: int, repeat: int) -> dict[str, Any]:
    """Measure a night at every size, print the tables and keep the figures."""
    found: dict[int, dict[str, Any]] = {}
    for incidents in sorted(set(sizes)):
        console.print(f"a night of {incidents:,} incidents, noise {noise}, seed {seed}, {repeat} times")
        found[incidents] = summed([_one(incidents, noise, seed) for _ in range(repeat)])
    _show(console, found)
    told = {"noise": noise, "seed": seed, "repeat": repeat, "sizes": found, "growth": grown(found)}
    console.print(f"kept in {figures.save('night', told)}")
    return told


def _one(incidents: int, noise: str, seed: int) -> dict[str, Any]:
    """Make a sample, run the night, run it again, and judge it."""
    with tempfile.TemporaryDirectory(prefix="inbeeld-bench-") as name:
        sample, out = Path(name), Path(name) / "out"
        child.sample(sample, incidents=incidents, noise=noise, seed=seed)
        first = child.inbeeld("run", "--inbox", sample / "inbox", "--out", out)
        again = child.inbeeld("run", "--inbox", sample / "inbox", "--out", out)
        judged = json.loads(child.inbeeld("evaluate", "--out", out, "--truth", sample / "truth", "--json").text)
        return {
            "seconds": first.seconds,
            "cpu_seconds": first.cpu_seconds,
            "peak_mb": first.peak_mb,
            "nothing_new_seconds": again.seconds,
            "inbox_mb": megabytes(sample / "inbox"),
            "case_view_mb": megabytes(out / "case_view.duckdb"),
            "restricted_mb": megabytes(out / "restricted.duckdb"),
            "reports_mb": megabytes(out / "reports"),
            "published_mb": megabytes((out / "current").resolve()),
            "steps": step_seconds(first),
            **linked(first),
            "agreement": judged["agreement"],
        }


def step_seconds(run: child.Child) -> dict[str, float]:
    """Return the seconds of each step, from the moments at which its name was said; and before and after them."""
    said = [(m["said"], line.second) for line in run.lines if (m := CLOCK.match(line.text))]
    starts = [(name, second) for name, second in said if name in STEP_NAMES]
    if not starts:
        return {}
    after = next((line.second for line in run.lines if line.second > starts[-1][1] and _is_summary(line.text)), None)
    bounds = [("start", 0.0), *starts, ("summary", run.seconds if after is None else after), ("", run.seconds)]
    return {name: round(until - since, 3) for (name, since), (_, until) in pairwise(bounds)}


def _is_summary(text: str) -> bool:
    return text.startswith("Published ")


def linked(run: child.Child) -> dict[str, int | None]:
    """Return the mentions and candidate pairs that the run told."""
    for line in run.lines:
        said = CLOCK.match(line.text)
        if said and (match := LINKED.match(said["said"])):
            return {"mentions": int(match["mentions"]), "candidate_pairs": int(match["pairs"])}
    return {"mentions": None, "candidate_pairs": None}


def megabytes(path: Path) -> float:
    """Return the size of a file, or of all files in a folder."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files) / 1e6


def summed(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the medians of repeated runs; what a night finds is the same each time."""
    told = dict(runs[-1])
    for name, value in told.items():
        if isinstance(value, float):
            told[name] = figures.middle(run[name] for run in runs)
    told["steps"] = {step: figures.middle(run["steps"][step] for run in runs) for step in told["steps"]}
    told["seconds_of_rounds"] = [run["seconds"] for run in runs]
    return told


def grown(found: dict[int, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return, from each size to the next, how every cost grows beside the incidents, and the cost of 1,000 more."""
    told = {}
    for (small, before), (large, after) in pairwise(sorted(found.items())):
        costs = {name: ((small, before[name]), (large, after[name])) for name in COSTS if before[name] and after[name]}
        told[f"{small}-{large}"] = {
            "growth": {name: figures.growth(*both) for name, both in costs.items()},
            "per_1000_more": {name: figures.marginal(*both) for name, both in costs.items()},
        }
    return told


def _show(console: Console, found: dict[int, dict[str, Any]]) -> None:
    header = ["", *(f"{incidents:,} incidents" for incidents in found)]
    growth = grown(found)
    names = (*COSTS[:4], "inbox_mb", "case_view_mb", "restricted_mb", "reports_mb", *COSTS[4:])
    cost = [
        [name, *(one[name] for one in found.values()), *(between["growth"].get(name) for between in growth.values()),
         *(between["per_1000_more"].get(name) for between in growth.values())]
        for name in names
    ]  # fmt: skip
    between = [f"growth {key}" for key in growth] + [f"1,000 more {key}" for key in growth]
    note = (
        "Growth: 1.0 is in proportion to the incidents, below 1 grows slower. '1,000 more' leaves out the fixed part."
    )
    figures.show(console, "A night", [*header, *between], cost, note)
    per = [[name, *(figures.ratio(one[name], size / 1000) for size, one in found.items())] for name in COSTS]
    figures.show(console, "Per 1,000 incidents", header, per)
    steps = list(dict.fromkeys(step for one in found.values() for step in one["steps"]))
    figures.show(
        console, "Seconds of each step", header, [[s, *(one["steps"].get(s) for one in found.values())] for s in steps]
    )
    scores = [[name, *(_three(one["agreement"].get(name)) for one in found.values())] for name in AGREEMENTS]
    figures.show(console, "Against the truth: precision / recall / F1", header, scores)


def _three(agreement: dict[str, float | None] | None) -> str:
    return " / ".join(figures.share(agreement[part]) for part in ("precision", "recall", "f1")) if agreement else "-"
