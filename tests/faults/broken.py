"""Ways to break the publication on purpose: each must turn a fault suite red."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from sqlite3 import Connection

from linkage import generation, ledger, store
from linkage.config import Config
from linkage.engine.duckdb import DuckDBEngine
from linkage.intake import values
from linkage.ledger import Ledger
from linkage.store import OutFolder


def in_place() -> None:
    """Write the new files over the published ones, one after the other."""

    def publish(self: OutFolder, run_id: str, *, as_of: date) -> None:
        current, built = self.current(), self.work / run_id / "publication"
        if current is None:
            return whole(self, run_id, as_of=as_of)
        if not (built / "restricted.duckdb").exists():
            (self.work / run_id / "restricted.duckdb").rename(built / "restricted.duckdb")
        generation.write_manifest(built, run_id, as_of, 0)
        for path in sorted(built.rglob("*")):
            if path.is_file():
                shutil.copyfile(path, current / path.relative_to(built))
        return None

    whole, OutFolder.publish = OutFolder.publish, publish  # type: ignore[method-assign]


def live_file() -> None:
    """Open the published database for writing and replace its tables there."""

    def publish(self: OutFolder, run_id: str, *, as_of: date) -> None:
        current = self.current()
        if current is None:
            return whole(self, run_id, as_of=as_of)
        with DuckDBEngine(current / "case_view.duckdb") as db:
            db.run(f"ATTACH '{self.work / run_id / 'publication' / 'case_view.duckdb'}' AS new (READ_ONLY)")
            for (name,) in db.rows("SELECT table_name FROM duckdb_tables() WHERE database_name = 'new'"):
                db.run(f"CREATE OR REPLACE TABLE {name} AS FROM new.{name}")
        return None

    whole, OutFolder.publish = OutFolder.publish, publish  # type: ignore[method-assign]


def swap_first() -> None:
    """Point the name at the new generation before it is there."""

    def publish(self: OutFolder, run_id: str, *, as_of: date) -> None:
        store._link(self.path / "current", Path("generations") / run_id)
        whole(self, run_id, as_of=as_of)

    whole, OutFolder.publish = OutFolder.publish, publish  # type: ignore[method-assign]


def one_by_one() -> None:
    """Put each published name on its own generation: a reader may find one of today and one of yesterday."""

    def link(path: Path, target: Path) -> None:
        if path.name == "current":
            current.append(target)
            return
        whole(path, current[-1] / path.name)
        if path.name == store.PUBLISHED[-1]:
            whole(path.with_name("current"), current[-1])

    current: list[Path] = []
    whole, store._link = store._link, link


def no_sync() -> None:
    """Leave it to the machine when anything reaches the disk."""
    store._sync = lambda path: None


def no_file_sync() -> None:
    """Make only folders durable."""
    whole, store._sync = store._sync, lambda path: whole(path) if path.is_dir() else None


def no_folder_sync() -> None:
    """Make only files durable, not their names."""
    whole, store._sync = store._sync, lambda path: None if path.is_dir() else whole(path)


def sync_late() -> None:
    """Make the files durable after they were published."""

    def publish(self: OutFolder, run_id: str, *, as_of: date) -> None:
        store._sync_tree = lambda root: None
        whole(self, run_id, as_of=as_of)
        tree(self.generations / run_id)

    tree = store._sync_tree
    whole, OutFolder.publish = OutFolder.publish, publish  # type: ignore[method-assign]


def written_after() -> None:
    """Write the manifest again when all was made durable."""

    def sync(root: Path) -> None:
        whole(root)
        text = (root / generation.MANIFEST).read_text(encoding="utf-8")
        (root / generation.MANIFEST).write_text(text, encoding="utf-8")

    whole, store._sync_tree = store._sync_tree, sync


def no_lock() -> None:
    """Take no lock."""
    OutFolder._wait_for = lambda self, descriptor: None  # type: ignore[method-assign]


def ledger_first() -> None:
    """Write deliveries down as taken in before they are published, and never look at the publication again."""

    def publish(self: OutFolder, run_id: str, *, as_of: date) -> None:
        built = self.work / run_id / "publication" / "restricted.duckdb"
        file = built if built.exists() else self.work / run_id / "restricted.duckdb"
        with Ledger(self)._writing() as db:
            db.execute("DELETE FROM accepted")
            db.executemany("INSERT INTO accepted VALUES (?, ?, ?, ?, ?)", ledger._published_deliveries(file))
        whole(self, run_id, as_of=as_of)

    def follow(self: Ledger, db: Connection, finished: str | None = None) -> None:
        if finished is None:
            db.execute("UPDATE run SET status = 'crashed' WHERE status = 'running'")

    Ledger._follow_publication = follow  # type: ignore[method-assign]
    whole, OutFolder.publish = OutFolder.publish, publish  # type: ignore[method-assign]


def no_sweep() -> None:
    """Leave what a dead run left."""
    OutFolder.sweep = lambda self: None  # type: ignore[method-assign]
    OutFolder._remove_logs = lambda self: None  # type: ignore[method-assign]


def clock_ids() -> None:
    """Call a run by the clock alone."""

    def begin(self: Ledger, started_at: datetime, config: Config) -> str:
        numbered = whole(self, started_at, config)
        by_clock = numbered.partition("-")[2]
        with self._writing() as db:
            db.execute("UPDATE run SET run_id = ? WHERE run_id = ?", (by_clock, numbered))
        return by_clock

    whole, Ledger.begin = Ledger.begin, begin  # type: ignore[method-assign]


def round_trip() -> None:
    """Take a time on the wall through UTC and back, as libraries do."""

    def moment(text: str, dates: str) -> datetime:
        found = whole(text, dates).replace(tzinfo=values.LOCAL)
        return found.astimezone(UTC).astimezone(values.LOCAL).replace(tzinfo=None)

    whole, values.moment = values.moment, moment


WAYS: dict[str, Callable[[], None]] = {
    way.__name__: way
    for way in (
        in_place, live_file, swap_first, one_by_one, no_sync, no_file_sync, no_folder_sync, sync_late, written_after,
        no_lock, ledger_first, no_sweep, clock_ids, round_trip,
    )
}  # fmt: skip
