"""Readers beside sixty publications: one that holds the file open, and others that open it again and again.

``size`` is the number of publications (60). A reader that holds the case view must see one night throughout, also when
its generation was pruned; who opens it anew must get one whole night, never an older one than before, and at the end
the newest. A few real nights come with `inbeeld status` beside them.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import duckdb

from linkage.store import OutFolder
from tests.faults import kills, processes, published, small_night
from tests.faults.processes import Running

CONTROLS = ("live_file", "swap_first")
KEEP = 7
"""As by default. DuckDB asks where a link leads and then opens that: with few kept, pruning may overtake a reader."""
LOOKERS = 3
REAL = 3
NIGHTS = "SELECT DISTINCT night FROM head UNION ALL SELECT DISTINCT night FROM body"


def publish(out: Path, first: int, last: int) -> None:
    """Publish generations ``first`` to ``last``."""
    folder = OutFolder(out, keep=KEEP)
    with folder.lock():
        for number in range(first, last + 1):
            small_night.publish(folder, f"{number:05d}-n", number)


def hold(out: Path, until: Path) -> None:
    """Open the case view once, and ask it until a file appears; print what was seen."""
    seen: set[tuple[int, ...]] = set()
    errors = asked = 0
    with duckdb.connect(str(out / "case_view.duckdb"), read_only=True) as db:
        print("open", flush=True)  # noqa: T201
        while True:
            is_last = until.exists()
            try:
                seen.add(tuple(sorted(row[0] for row in db.execute(NIGHTS).fetchall())))
            except duckdb.Error:
                errors += 1
            asked += 1
            if is_last:
                break
            time.sleep(0.01)
    print(json.dumps({"asked": asked, "errors": errors, "seen": sorted(seen)}))  # noqa: T201


def look(out: Path, until: Path) -> None:
    """Open the case view anew until a file appears; print opens, errors, mixed nights, steps back, the last one."""
    opens = errors = mixed = back = last = 0
    while True:
        is_last = until.exists()
        try:
            with duckdb.connect(str(out / "case_view.duckdb"), read_only=True) as db:
                nights = [row[0] for row in db.execute(NIGHTS).fetchall()]
            opens += 1
            mixed += len(nights) != 2 or len(set(nights)) != 1
            back += max(nights) < last
            last = max(nights)
        except duckdb.Error:
            errors += 1
        if opens + errors == 1:
            print("open", flush=True)  # noqa: T201
        if is_last:
            break
    print(json.dumps({"opens": opens, "errors": errors, "mixed": mixed, "back": back, "last": last}))  # noqa: T201


@dataclass
class Tally:
    """What the readers met."""

    publications: int = 0
    opens: int = 0
    asked: int = 0
    wrong: list[str] = field(default_factory=list)


def examine(out: Path, publications: int, lookers: int = LOOKERS, broken: Sequence[str] = ()) -> Tally:
    """Publish beside one reader that holds on and others that open anew."""
    tally, until = Tally(publications), out.with_name(f"{out.name}-until")
    first = processes.run(publish, out, 1, 1)
    assert first.code == 0, first.err
    holding = processes.start(hold, out, until)
    looking = [processes.start(look, out, until) for _ in range(lookers)]
    for running in [holding, *looking]:
        running.said("open", 20)
    done = processes.run(publish, out, 2, publications + 1, broken=broken)
    until.touch()
    if done.code:
        tally.wrong.append(f"publishing ended with {done.code}: {done.err}")
    _held(holding, tally)
    for running in looking:
        _looked(running, tally)
    return tally


def _held(running: Running, tally: Tally) -> None:
    ended = running.wait()
    if ended.code:
        tally.wrong.append(f"the reader that held on ended with {ended.code}")
        return
    told = json.loads(ended.out.splitlines()[-1])
    tally.asked = told["asked"]
    if told["errors"] or told["seen"] != [[1, 1]]:
        tally.wrong.append(f"the reader that held on saw {told['seen']}, {told['errors']} errors")


def _looked(running: Running, tally: Tally) -> None:
    ended = running.wait()
    if ended.code:
        tally.wrong.append(f"a reader ended with {ended.code}")
        return
    told = json.loads(ended.out.splitlines()[-1])
    tally.opens += told["opens"]
    tally.wrong += [f"{told[name]} times {name}" for name in ("errors", "mixed", "back") if told[name]]
    if told["last"] != tally.publications + 1:
        tally.wrong.append(f"the last one opened is {told['last']}")


def real_nights(folder: Path, nights: int) -> Tally:
    """Publish real nights, of other days, with the case view held open and `inbeeld status` beside them."""
    scene, tally = kills.real(folder), Tally(nights)
    out = folder / "out"
    before = kills.see_real(out)
    with duckdb.connect(str(out / "case_view.duckdb"), read_only=True) as held:
        count = "SELECT count(*), sum(hash(incident_status)) FROM incident_status"
        first = held.execute(count).fetchall()
        for number in range(nights):
            running = processes.start(
                scene.night, *scene.arguments, "--as-of", str(date(2025, 3, 14) + timedelta(number))
            )
            while running.process.is_alive():
                told = processes.run(processes.command, "status", "--out", out, "--json")
                tally.opens += 1
                if told.code or json.loads(told.out)["runs"] == []:
                    tally.wrong.append(f"inbeeld status ended with {told.code}: {told.err}")
            ended = running.wait()
            tally.wrong += [f"a night ended with {ended.code}: {ended.err}"] if ended.code else []
            tally.wrong += published.broken(out)
            tally.asked += 1
            if held.execute(count).fetchall() != first:
                tally.wrong.append("the reader that held on saw another night")
    if kills.see_real(out) == before:
        tally.wrong.append("who opens it anew sees the first night")
    return tally


def run(size: int | None, _seed: int, tell: Callable[[str], None]) -> list[dict[str, object]]:
    """Return a row for small publications, for real nights, and for each control."""
    with tempfile.TemporaryDirectory(prefix="inbeeld-readers-") as name:
        folder = Path(name)
        rows = [_row("publications", examine(folder / "out", size or 60))]
        tell(str(rows))
        rows.append(_row("real nights, status beside", real_nights(folder / "real", REAL)))
        for control in CONTROLS:
            rows.append(_row("publications", examine(folder / control, size or 60, broken=[control]), control))
            tell(str(rows[-1]))
        return rows


def _row(what: str, tally: Tally, control: str = "") -> dict[str, object]:
    failures = tally.wrong
    if control:
        failures = [] if tally.wrong else [f"control {control}: nothing was found"]
    return {
        "beside": f"control {control}: the same" if control else what, "publications": tally.publications,
        "opened anew": tally.opens, "asked the held one": tally.asked, "found": len(tally.wrong), "failures": failures,
    }  # fmt: skip
