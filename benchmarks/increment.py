"""A night after many: what it costs to take in one more day, beside the night that took in everything before."""

from __future__ import annotations

import csv
import json
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks import child, figures
from benchmarks.night import CLOCK, linked, step_seconds
from linkage.simulate.tables import Table, save_delivery

INCIDENTS = 20_000
NIGHTS = 11
MORE = 3
"""Nights of one day more, each on top of the one before: the median is told."""
NEW = 5_000
"""Persons on new records in the night that brings nothing else, at least: as many days of them as it takes."""
KEYS = {"incidenten.csv": "registratienummer", "meldingen.csv": "casusnummer"}
"""The file that says which records are new, and what they and their persons have in common."""
COMPARED = re.compile(
    r"^(?P<mentions>\d+) mentions, (?P<changed>\d+) new or changed; pairs of (?P<fresh>\d+) compared anew"
)
NOTE = (
    "All: the full deliveries of three sources in one night. One day more: the increments of the next day, with the "
    f"old records that changed, the median of {MORE} such nights by CPU. Two days more: the next two in one night. "
    f"New records: {NEW:,} persons at least, if the days after that have as many, and nothing that changed. Anew: that "
    "night with everything compared anew (--from-scratch). CPU seconds are those of the whole process, the system's "
    "among them."
)


def increment(console: Console, *, sizes: Sequence[int], noise: str, seed: int) -> dict[str, Any]:
    """Measure at every size, print the table and keep the figures."""
    found = {incidents: _one(incidents, noise, seed) for incidents in sorted(set(sizes))}
    header = ["incidents", "night", "seconds", "CPU s", "system's", "MB", "mentions", "compared anew", "CPU of all"]
    rows: list[list[object]] = []
    for incidents, told in found.items():
        for name, one in told["nights"].items():
            share = figures.ratio(one["cpu_seconds"], told["nights"]["all"]["cpu_seconds"])
            cells = [one[c] for c in ("seconds", "cpu_seconds", "system_seconds", "peak_mb", "mentions", "fresh")]
            rows.append([f"{incidents:,}", name, *cells, share])
    figures.show(console, "One day more", header, rows, NOTE)
    for incidents, told in found.items():
        least, most = told["spread"]
        spread = f"{figures.cell(least)} to {figures.cell(most)}"
        console.print(f"{incidents:,} incidents, one day more: {spread} CPU seconds in {MORE} nights")
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
        bring_new(sample / "inbox", days[MORE + 3 :], inbox, persons=NEW)
        new = _told(child.inbeeld("run", "--inbox", inbox, "--out", out))
        anew = _told(child.inbeeld("run", "--inbox", inbox, "--out", out, "--from-scratch"))
        more = sorted(nights[1 : MORE + 1], key=lambda night: float(night["cpu_seconds"]))
        spread = [more[0]["cpu_seconds"], more[-1]["cpu_seconds"]]
        days_more = {"one day more": more[len(more) // 2], "two days more": nights[-1]}
        return {"nights": {"all": nights[0], **days_more, "new records": new, "anew": anew}, "spread": spread}


def bring_new(simulated: Path, days: Sequence[str], inbox: Path, *, persons: int) -> None:
    """Bring of the deliveries of these days what they say is new, day after day until so many persons came."""
    came = 0
    for day in days:
        for delivery in sorted(simulated.glob(f"*/{day}")):
            if head := next((name for name in KEYS if (delivery / name).exists()), None):
                came += _bring_new(delivery, head, inbox)
        if came >= persons:
            return


def _bring_new(delivery: Path, head: str, inbox: Path) -> int:
    """Write a delivery of the new records alone, with what hangs together with them; return how many persons came."""
    manifest = json.loads((delivery / "manifest.json").read_text(encoding="utf-8"))
    with (delivery / head).open(encoding="utf-8", newline="") as file:
        new = {row[KEYS[head]] for row in csv.DictReader(file, delimiter=";") if row["status"] == "nieuw"}
    tables = []
    for name in (entry["name"] for entry in manifest["files"]):
        with (delivery / name).open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file, delimiter=";")
        table, key = Table(name, header), header.index(KEYS[head])
        for row in rows:
            if row[key] in new and ("status" not in header or row[header.index("status")] == "nieuw"):
                table.add(row)
        tables.append(table)
    dates = (manifest["delivery_id"], manifest["covers_until"])
    save_delivery(inbox, manifest["source_id"], manifest["profile"], manifest["kind"], dates, tables)
    return sum(table.rows for table in tables if table.name in ("personen.csv", "betrokkenen.csv"))


def _told(run: child.Child) -> dict[str, Any]:
    mentions = linked(run)["mentions"]  # told like this where all are compared
    told: dict[str, Any] = {"mentions": mentions, "fresh": mentions}
    for line in run.lines:
        said = CLOCK.match(line.text)
        if said and (match := COMPARED.match(said["said"])):
            told = {"mentions": int(match["mentions"]), "fresh": int(match["fresh"])}
    costs = {"seconds": run.seconds, "cpu_seconds": run.cpu_seconds, "system_seconds": run.system_seconds}
    return {**costs, "peak_mb": run.peak_mb, **told, "steps": step_seconds(run)}
