"""Two to eight runs at once, and other commands beside a run: one does the work, nobody does damage.

``size`` is the number of rounds of small nights for each number of runs (10); half of them begin in a folder that is
not there yet. Real nights come once for each number of runs, and once with `status`, `decide` and `train` beside them.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from linkage.engine.duckdb import DuckDBEngine
from tests.faults import budget, kills, processes, published, small_night

CROWDS = range(2, 9)
BUSY = "another run (pid "


def at_once(go: Path, work: Callable[..., object], *arguments: object) -> None:
    """Wait for the others, then work."""
    print("here", flush=True)  # noqa: T201
    while not go.exists():
        time.sleep(0.001)
    processes.told(work, *arguments)


@dataclass
class Tally:
    """How the runs of some rounds ended."""

    runs: int = 0
    rounds: int = 0
    published: int = 0
    busy: int = 0
    nothing_new: int = 0
    wrong: list[str] = field(default_factory=list)

    def together(self, scene: kills.Scene, folder: Path, runs: int, broken: Sequence[str] = ()) -> None:
        """Start runs at once in one folder, and look at what they left."""
        self.runs, self.rounds, out = self.runs + runs, self.rounds + 1, folder / "out"
        go, before = folder / "go", len(published.ledger(out))
        started = [
            processes.start(at_once, go, scene.night, *scene.at(folder), broken=broken) for _ in range(runs)
        ]  # fmt: skip
        for running in started:
            running.said("here", 20)
        go.touch()
        ended = [running.wait() for running in started]
        for end in ended:
            self.busy += BUSY in end.err
            one_line = end.err.startswith(f"inbeeld: {BUSY}") and end.err.count("\n") == 1
            if end.code and not (end.code == 2 and one_line):
                self.wrong.append(f"a run ended with {end.code}: {end.err.strip()}")
        told = Counter(str(run["status"]) for run in published.ledger(out)[before:])
        self.published, self.nothing_new = self.published + told["published"], self.nothing_new + told["nothing_new"]
        if told["published"] != 1 or set(told) - {"published", "nothing_new"}:
            self.wrong.append(f"the ledger says {dict(told)}")
        self.wrong += published.broken(out) + published.left_over(out)
        looked: list[str] = []
        if scene.see(out, looked) != scene.new:
            looked.append("what is published is not today")
        self.wrong += looked or published.counted_twice(out)


def examine(scene: kills.Scene, folder: Path, runs: int, rounds: int, broken: Sequence[str] = ()) -> Tally:
    """Start ``runs`` at once, over and over; every other time without a yesterday, where the scene is a small one."""
    tally = Tally()
    for number in range(rounds):
        copy = scene.copy(folder)
        if number % 2 and scene.night is small_night.run:
            for path in sorted((copy / "out").rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
            (copy / "out").rmdir()
        tally.together(scene, copy, runs, broken)
    return tally


def beside(scene: kills.Scene, folder: Path) -> Tally:
    """Ask for the status, decide and train while a run is going; the next run follows the decision."""
    copy, tally = scene.copy(folder), Tally(runs=1, rounds=1)
    out = copy / "out"
    running = processes.start(scene.night, *scene.at(copy))
    running.said("link mentions")
    with DuckDBEngine(out / "restricted.duckdb", read_only=True) as db:
        one, other = (
            str(row[0])
            for row in db.rows(
                "SELECT concat_ws(':', source_id, record_kind, record_id, person_seq) FROM mention "
                "ORDER BY mention_id LIMIT 2"
            )
        )
    beside = {
        "status": ("status", "--out", out, "--json"),
        "decide": ("decide", one, other, "different", "--by", "anna", "--reason", "beside a run", "--out", out),
        "train": ("train", "--out", out),
    }
    started = {name: processes.start(processes.command, *arguments) for name, arguments in beside.items()}
    was_going = running.process.is_alive()
    for name, other_one in started.items():
        ended = other_one.wait()
        if ended.code:
            tally.wrong.append(f"{name} ended with {ended.code}: {ended.err.strip()}")
        if name == "status" and not json.loads(ended.out)["holder"]:
            tally.wrong.append("status did not see the run")
    ended = running.wait()
    tally.wrong += [] if was_going else ["the run was over before the others came"]
    tally.wrong += [f"the run ended with {ended.code}: {ended.err}"] if ended.code else []
    tally.wrong += published.broken(out) + published.left_over(out) + published.counted_twice(out)
    again = processes.run(scene.night, *scene.at(copy))
    tally.wrong += [f"the next run ended with {again.code}: {again.err}"] if again.code else []
    with DuckDBEngine(out / "restricted.duckdb", read_only=True) as db:
        decided = db.rows("SELECT count(*) FROM decision")[0][0]
    tally.published = sum(run["status"] == "published" for run in published.ledger(out)) - 1
    if decided != 1:
        tally.wrong.append(f"{decided} decisions were applied, not 1")
    return tally


def run(size: int | None, _seed: int, tell: Callable[[str], None]) -> list[dict[str, object]]:
    """Return a row for each number of runs, one for other commands, and the control."""
    with tempfile.TemporaryDirectory(prefix="inbeeld-crowd-") as name:
        folder = Path(name)
        scratch = folder / "scratch"
        small, real = kills.small(folder / "small").known(scratch), kills.real(folder / "real").known(scratch)
        rows = []
        for runs in CROWDS:
            if budget.is_over():
                break
            tally = examine(small, scratch, runs, size or 10)
            rows.append(_row(f"{runs} small nights", tally))
            tally = examine(real, scratch, runs, 1)
            rows.append(_row(f"{runs} nights", tally))
            tell(str(rows[-2:]))
        rows.append(_row("a night; status, decide, train", beside(real, scratch)))
        rows.append(_row("4 small nights", examine(small, scratch, 4, size or 10, ["no_lock"]), "no_lock"))
        return rows


def _row(what: str, tally: Tally, control: str = "") -> dict[str, object]:
    failures = tally.wrong
    if control:
        failures = [] if tally.wrong else [f"control {control}: nothing was found"]
    return {
        "at once": f"control {control}: {what}" if control else what, "rounds": tally.rounds, "runs": tally.runs,
        "published": tally.published, "busy": tally.busy, "nothing new": tally.nothing_new,
        "found": len(tally.wrong), "failures": failures,
    }  # fmt: skip
