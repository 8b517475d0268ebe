"""What a dead process leaves behind, each planted in a folder: readers are not misled, and the next run sweeps it.

``size`` is not used. Spill and the journal of the ledger are left by processes that really died while they wrote; spill
must not hold a value in clear meanwhile. The control takes the sweep away.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import StoreError
from linkage.store import PUBLISHED, OutFolder
from tests.faults import kills, processes, published

CANARY = "Zq7kanarieBewaard"
SPILLED = 400_000
DEAD = "00099-20250314T013000Z"


def foreign_log(out: Path) -> None:
    """A log of another database beside every name under which a database can be opened."""
    path = out.with_name("foreign.duckdb")
    processes.run(_die_with_a_log, path)
    log = path.with_name("foreign.duckdb.wal")
    assert log.stat().st_size
    current = (out / "current").resolve()
    for name in PUBLISHED[:2]:
        for beside in (out, current):
            shutil.copyfile(log, beside / f"{name}.wal")
    path.unlink()
    log.unlink()


def _die_with_a_log(path: Path) -> None:
    db = duckdb.connect(str(path), config={"storage_compatibility_version": "latest"})
    db.execute("SET checkpoint_threshold = '1GB'")
    db.execute("CREATE TABLE taken AS SELECT 'foreign' AS delivery_id, 1 AS row")
    processes.die()


def spill(out: Path) -> None:
    """What a run spilled until it was killed, in the work folder of its night."""
    work = out / "work" / DEAD
    (work / "publication").mkdir(parents=True)
    running = processes.start(_die_in_spilling, work)
    running.wait()
    assert any(path.stat().st_size for path in (work / "spill").iterdir())


def _die_in_spilling(work: Path) -> None:
    import threading
    import time

    def watch() -> None:
        while sum(p.stat().st_size for p in (work / "spill").glob("*")) < 2**20:
            time.sleep(0.001)
        processes.die()

    with DuckDBEngine(work / "restricted.duckdb", memory_limit="60MB", threads=1, spill=work / "spill") as db:
        threading.Thread(target=watch, daemon=True).start()
        rows = f"SELECT '{CANARY}' || range || repeat('x', 300) AS text FROM range({SPILLED})"
        db.run(f"CREATE TABLE sorted AS SELECT * FROM ({rows}) ORDER BY hash(text)")


def half_generation(out: Path) -> None:
    """A generation of which the manifest was never written."""
    (out / "generations" / DEAD / "reports").mkdir(parents=True)
    (out / "generations" / DEAD / "restricted.duckdb").write_bytes(b"half")


def half_made_names(out: Path) -> None:
    """Links that were made and not yet put in their place."""
    for name in ("current", *PUBLISHED):
        (out / f"{name}.new").symlink_to(f"generations/{DEAD}")


def dead_lock(out: Path) -> None:
    """A lock file with the number of a process that is gone."""
    (out / "state" / "lock").write_text(json.dumps({"pid": 4194303, "started_at": "2025-03-14T01:30:00+00:00"}))


def garbled_lock(out: Path) -> None:
    """A lock file of which half was written."""
    (out / "state" / "lock").write_text('{"pid": 41')


def half_work(out: Path) -> None:
    """A working database with its log, cut off."""
    work = out / "work" / f"{DEAD}-half"
    (work / "publication").mkdir(parents=True)
    shutil.copyfile((out / "restricted.duckdb").resolve(), work / "restricted.duckdb")
    os.truncate(work / "restricted.duckdb", 5000)
    (work / "restricted.duckdb.wal").write_bytes(os.urandom(500))


def journal(out: Path) -> None:
    """A journal of the ledger: its process died when half of a transaction had reached the file."""
    before = published.ledger(out)
    ended = processes.run(_die_in_writing, out / "state" / "ledger.sqlite")
    assert ended.is_killed
    assert (out / "state" / "ledger.sqlite-journal").exists()
    assert published.ledger(out) == before, "readers saw half a transaction"


def _die_in_writing(path: Path) -> None:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA cache_size = 1")
    db.execute("BEGIN IMMEDIATE")
    for number in range(1000, 3000):
        values = (number, f"{number:05d}-x", "2025-03-14T01:30:00+00:00", "running", "0", "0", "x" * 500)
        db.execute(
            "INSERT INTO run (number, run_id, started_at, status, config_hash, version, message) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            values,
        )
    processes.die()


def half_key(out: Path) -> None:
    """A key that was being written when its process died."""
    (out / "state" / "pseudonym.key.4194303.part").write_bytes(os.urandom(20))


def half_line(out: Path) -> None:
    """A line of a log, cut off."""
    log = max((out / "state" / "logs").glob("*.jsonl"))
    os.truncate(log, log.stat().st_size - 20)


PLANTS: tuple[Callable[[Path], None], ...] = (
    foreign_log, spill, half_generation, half_made_names, dead_lock, garbled_lock, half_work, journal, half_key,
    half_line,
)  # fmt: skip
SWEPT = (foreign_log, spill, half_generation, half_made_names, half_work)
"""What only the sweep removes."""


@dataclass
class Found:
    """What came of one plant."""

    files: int = 0
    size: int = 0
    readers: str = "yesterday"
    wrong: list[str] = field(default_factory=list)


def examine(
    scene: kills.Scene, folder: Path, plants: Sequence[Callable[[Path], None]], broken: Sequence[str] = ()
) -> Found:
    """Plant something, read, run a night, and look."""
    out, found = scene.copy(folder) / "out", Found()
    before = dict(_files(out))
    for plant in plants:
        plant(out)
    planted = [p for p, size in _files(out) if before.get(p) != size]
    found.files, found.size = len(planted), sum(p.lstat().st_size for p in planted)
    found.wrong += [f"{p.name} holds a value in clear" for p in planted if CANARY.encode() in _bytes(p)]
    found.readers = _read(scene, out, found.wrong)
    status = OutFolder(out).holder()
    found.wrong += [f"a dead process holds the folder: {status}"] if status else []
    ended = processes.run(processes.told, scene.night, *scene.at(folder), broken=broken)
    if ended.code:
        found.wrong.append(f"the next run ended with {ended.code}: {ended.err.strip()}")
    found.wrong += published.broken(out) + published.left_over(out)
    if scene.see(out, found.wrong) != scene.new:
        found.wrong.append("the next run did not come to today")
    try:
        found.wrong += published.counted_twice(out)
    except (StoreError, sqlite3.Error) as error:
        found.wrong.append(f"the publication cannot be counted: {type(error).__name__}")
    return found


def _read(scene: kills.Scene, out: Path, wrong: list[str]) -> str:
    """Return what readers get before the next run: yesterday, or a refusal; a third thing is wrong."""
    try:
        seen = scene.look(out)
    except StoreError:
        return "refused"
    if seen != scene.old:
        wrong.append("readers see what was never published")
    return "yesterday"


def _files(out: Path) -> Iterator[tuple[Path, int]]:
    for path in sorted(out.rglob("*")):
        if path.is_symlink() or path.is_file():
            yield path, path.lstat().st_size if path.is_symlink() else hash(path.read_bytes())


def _bytes(path: Path) -> bytes:
    return b"" if path.is_symlink() else path.read_bytes()


def run(_size: int | None, _seed: int, tell: Callable[[str], None]) -> list[dict[str, object]]:
    """Return a row for each plant, one for all in a real night, and one for each control."""
    with tempfile.TemporaryDirectory(prefix="inbeeld-left-") as name:
        folder = Path(name)
        scratch = folder / "scratch"
        small, real = kills.small(folder / "small").known(scratch), kills.real(folder / "real").known(scratch)
        rows = [_row(f"small night: {plant.__name__}", examine(small, scratch, [plant])) for plant in PLANTS]
        rows.append(_row("night: all of them", examine(real, scratch, [p for p in PLANTS if p is not spill])))
        tell(str(rows))
        for plant in SWEPT:
            found = examine(small, scratch, [plant], ["no_sweep"])
            rows.append(_row(f"small night: {plant.__name__}", found, "no_sweep"))
        return rows


def _row(what: str, found: Found, control: str = "") -> dict[str, object]:
    failures = found.wrong
    if control:
        failures = [] if found.wrong else [f"control {control}, {what}: nothing was found"]
    return {
        "left behind": f"control {control}: {what}" if control else what, "files": found.files, "bytes": found.size,
        "readers before the run": found.readers, "found": len(found.wrong), "failures": failures,
    }  # fmt: skip
