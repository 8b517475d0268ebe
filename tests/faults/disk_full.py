"""A disk that is full, at twenty sizes: one clear line, yesterday untouched, and the next run with room publishes.

``size`` is the number of sizes (20), spread from no room at all to as much as a night needs. The disk is a tmpfs in a
mount namespace of its own (``unshare -rm``), which needs root or user namespaces; where neither is there this suite
says so and fails. `limited` needs no rights and stands in for it in the tests: no file may grow beyond a limit.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults import budget, kills, processes, published
from tests.faults.processes import Ended

CONTROLS = ("in_place",)
ROOM = 2**30
PAGE = 4096
SPARE = 1.2
REFUSED = "no tmpfs could be mounted here (it needs root, or user namespaces): the full disk was not tried"
CLEAR = ("no space left", "is full", "too large")
"""One of these stands in the line of a run that found no room."""


@dataclass
class Tally:
    """What came of the runs on disks of some size."""

    sizes: int = 0
    failed: int = 0
    finished: int = 0
    lines: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Add what came of other runs."""
        self.sizes, self.failed, self.finished = (
            self.sizes + other.sizes, self.failed + other.failed, self.finished + other.finished,
        )  # fmt: skip
        self.lines |= other.lines
        self.wrong += other.wrong

    def judge(self, scene: kills.Scene, out: Path, ended: Ended, what: str) -> None:
        """Look at a run that may have found no room."""
        self.sizes += 1
        wrong = published.broken(out)
        seen = scene.see(out, wrong)
        if ended.code == 0:
            self.finished += 1
            wrong += [] if seen == scene.new else ["the run ended well and today is not published"]
        else:
            self.failed += 1
            self.lines.add(ended.err.strip())
            one_line = ended.err.startswith("inbeeld: ") and ended.err.count("\n") == 1 and "Traceback" not in ended.err
            if ended.code != 2 or not one_line or not any(text in ended.err.lower() for text in CLEAR):
                wrong.append(f"exit code {ended.code}: {ended.err.strip()[:300]}")
            if seen not in (scene.old, scene.new):
                wrong.append("readers see neither yesterday nor today")
        self.wrong += [f"{what}: {sentence}" for sentence in wrong]

    def again(self, scene: kills.Scene, folder: Path, what: str, broken: Sequence[str]) -> None:
        """Run once more, with room."""
        out = folder / "out"
        ended = processes.run(scene.night, *scene.at(folder), broken=broken)
        wrong = [f"with room it ended with {ended.code}: {ended.err.strip()}"] if ended.code else []
        wrong += published.broken(out) + published.left_over(out)
        wrong += [] if scene.see(out, wrong) == scene.new else ["with room it did not come to today"]
        self.wrong += [f"{what}: {sentence}" for sentence in wrong or published.counted_twice(out)]


def limited(scene: kills.Scene, folder: Path, limits: Sequence[int], broken: Sequence[str] = ()) -> Tally:
    """Run nights in which no file may grow beyond a limit, of bytes; each is run again without."""
    tally = Tally()
    for limit in limits:
        copy = scene.copy(folder)
        ended = processes.run(
            processes.told, scene.night, *scene.at(copy), limit=(resource.RLIMIT_FSIZE, limit), broken=broken
        )
        tally.judge(scene, copy / "out", ended, f"{limit:,} bytes a file")
        tally.again(scene, copy, f"{limit:,} bytes a file", broken)
    return tally


def mounted(scene: kills.Scene, disk: Path, sizes: int, broken: Sequence[str] = ()) -> Tally:
    """Run nights on a tmpfs at ``disk`` that leaves from no bytes to what a night needs; each again with room."""
    tally = Tally()
    for room in budget.once("rooms", lambda: [*_rooms(scene, disk, sizes)]):
        found = budget.in_time(f"{room} bytes free", lambda r=room: _on_disk(scene, disk, r, broken))
        if found is not None:
            tally.add(found)
    return tally


def _on_disk(scene: kills.Scene, disk: Path, room: int, broken: Sequence[str]) -> Tally:
    tally = Tally()
    _mount(disk)
    folder = scene.copy(disk / "site")
    _resize(disk, _used(disk) + room)
    ended = processes.run(processes.told, scene.night, *scene.at(folder), broken=broken)
    tally.judge(scene, folder / "out", ended, f"{room:,} bytes free")
    _resize(disk, ROOM)
    tally.again(scene, folder, f"{room:,} bytes free", broken)
    subprocess.run(["umount", "-l", disk], check=True)
    return tally


def _rooms(scene: kills.Scene, disk: Path, sizes: int) -> Iterator[int]:
    """Yield room from none to a little more than a night takes at most, which is looked at while one is going."""
    _mount(disk)
    folder = scene.copy(disk / "site")
    before = most = _used(disk)
    running = processes.start(scene.night, *scene.at(folder))
    while running.process.is_alive():
        most = max(most, _used(disk))
        time.sleep(0.002)
    assert running.wait().code == 0
    subprocess.run(["umount", "-l", disk], check=True)
    for number in range(sizes):
        yield int(SPARE * (most - before)) * number // (sizes - 1) // PAGE * PAGE


def _mount(disk: Path) -> None:
    disk.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", disk], check=True)


def _resize(disk: Path, size: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", disk], check=True)


def _used(disk: Path) -> int:
    told = os.statvfs(disk)
    return (told.f_blocks - told.f_bfree) * told.f_frsize


def can_mount() -> bool:
    """Tell whether a tmpfs can be mounted in a namespace of its own."""
    try:
        with tempfile.TemporaryDirectory() as name:
            command = ["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", name]
            return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def run(size: int | None, _seed: int, tell: Callable[[str], None]) -> list[dict[str, object]]:
    """Return a row for real nights, for small ones, and for the control."""
    if not can_mount():
        return [_row("night", Tally(wrong=[REFUSED]))]
    with budget.folder("disk") as folder:
        rows = []
        for kind, ways in (("real", []), ("small", []), ("small", [*CONTROLS])):
            where = [str(folder), kind, str(size or 20), str(budget.until()), str(budget.journal() is not None)]
            command = ["unshare", "-rm", sys.executable, "-m", "tests.faults.disk_full", *where, *ways]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                rows.append(_row(f"{kind} night", Tally(wrong=[done.stderr.strip()])))
                continue
            told = json.loads(done.stdout.splitlines()[-1])
            tally = Tally(**told | {"lines": set(told["lines"])})
            for line in sorted(tally.lines):
                tell(line)
            rows.append(_row(f"{kind} night", tally, *ways))
        return rows


def _row(what: str, tally: Tally, control: str = "") -> dict[str, object]:
    failures = tally.wrong
    if not control and not failures and tally.sizes and not (tally.failed and tally.finished):
        failures = [f"{tally.failed} of {tally.sizes} runs failed: no size is between too little and enough"]
    if control:
        failures = [] if tally.wrong or not tally.sizes else [f"control {control}: nothing was found"]
    return {
        "on a full disk": f"control {control}: {what}" if control else what, "sizes": tally.sizes,
        "no room": tally.failed, "enough": tally.finished, "found": len(tally.wrong), "failures": failures,
    }  # fmt: skip


def main(name: str, kind: str, sizes: str, until: str, is_kept: str, *broken: str) -> None:
    """Be the process inside the namespace."""
    folder = Path(name) / f"{kind}{len(broken)}"
    folder.mkdir(exist_ok=True)
    budget.end(float(until))
    if is_kept == "True":
        budget.go_on(folder / "journal")
    scene = (kills.real if kind == "real" else kills.small)(folder / "site").known(folder / "scratch")
    tally = mounted(scene, folder / "disk", int(sizes), broken)
    print(json.dumps(vars(tally) | {"lines": sorted(tally.lines)}))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
