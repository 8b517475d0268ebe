"""A night so small that a process can die in it hundreds of times: the real lock, sweep, ledger, seed and swap.

Only what stands between them is small: a delivery is a file ``INBOX/<source>/<delivery>`` with a number of rows, and
the night copies it into one table. It reads which deliveries are new where the real one does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from linkage import contracts
from linkage.casebook import publish as casebook
from linkage.config import Config
from linkage.engine.duckdb import DuckDBEngine
from linkage.pipeline import night as nights
from linkage.store import OutFolder

SOURCE = "politie-nn"
DAY = date(2025, 3, 14)
ROWS = 20
CONFIG = Config(machine={"memory_limit": "256MB", "threads": 1})


def deliver(inbox: Path, name: str) -> None:
    """Put a delivery in the inbox."""
    folder = inbox / SOURCE
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"{name} {ROWS}", encoding="utf-8")


def run(inbox: Path, out: Path) -> None:
    """Do a night: every delivery that the ledger does not know, to a publication of two databases and a list."""
    with nights.start(CONFIG, inbox, out) as night:
        new = list(_take_in(night.db, inbox, night.run_id, night.ledger.seen()))
        night.as_of = DAY
        night.is_done = not new and night.folder.current() is not None
        if night.is_done:
            return
        built = night.work / "publication"
        (built / "reports").mkdir()
        every = [str(row[0]) for row in night.db.rows("SELECT DISTINCT delivery_id FROM taken ORDER BY 1")]
        (built / "reports" / "list.csv").write_text("\n".join(every), encoding="utf-8")
        target = built / "case_view.duckdb"
        night.db.run(f"ATTACH '{target}' AS {casebook.CATALOG} (STORAGE_VERSION 'latest')")
        night.db.run(f"CREATE TABLE {casebook.CATALOG}.taken AS SELECT * FROM taken")
        night.db.run(f"CREATE TABLE {casebook.CATALOG}.made AS SELECT ? AS run_id", [night.run_id])
        night.db.run(f"CHECKPOINT {casebook.CATALOG}")
        night.db.run(f"DETACH {casebook.CATALOG}")
        night.db.close()
        night.folder.publish(night.run_id, as_of=DAY)
        night.ledger.accept(night.run_id)


def _take_in(db: DuckDBEngine, inbox: Path, run_id: str, seen: set[str]) -> Iterator[str]:
    if not db.has("delivery"):
        db.run(contracts.table("delivery").ddl())
        db.run("CREATE TABLE taken (delivery_id VARCHAR, row INTEGER)")
    for path in sorted((inbox / SOURCE).iterdir()):
        name, rows = path.read_text(encoding="utf-8").split()
        content_hash = hashlib.sha256(path.read_bytes()).hexdigest()
        if content_hash not in seen:
            values = _row(path, content_hash, int(rows), run_id)
            db.run(
                f"INSERT INTO delivery ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})",
                [*values.values()],
            )
            db.run("INSERT INTO taken SELECT ?, unnest(range(?))", [name, int(rows)])
            yield name


def _row(path: Path, content_hash: str, rows: int, run_id: str) -> dict[str, Any]:
    told = {
        "source_id": SOURCE, "delivery_id": path.name, "content_hash": content_hash, "status": "accepted",
        "run_id": run_id, "version": "2025-03-14T01:10:00.000000Z", "rows": rows,
    }  # fmt: skip
    required = (c.name for c in contracts.table("delivery").columns if c.required)
    return dict.fromkeys(required, "0") | told


def taken(out: Path, name: str = "case_view.duckdb") -> dict[str, int]:
    """Return the deliveries of the publication with the rows of each, as a reader gets them."""
    with DuckDBEngine(out / name, read_only=True) as db:
        return {str(d): int(n) for d, n in db.rows("SELECT delivery_id, count(*) FROM taken GROUP BY 1 ORDER BY 1")}


def publish(folder: OutFolder, run_id: str, number: int, rows: int = 1000) -> None:
    """Publish a generation whose two databases and list all say ``number``, without a night."""
    work = folder.begin(run_id)
    built = work / "publication"
    (work / "restricted.duckdb").unlink(missing_ok=True)
    (built / "reports").mkdir()
    (built / "reports" / "list.csv").write_text(str(number), encoding="utf-8")
    for path in (work / "restricted.duckdb", built / "case_view.duckdb"):
        with DuckDBEngine(memory_limit="256MB", threads=1) as db:
            db.run(f"ATTACH '{path}' AS made (STORAGE_VERSION 'latest')")
            for table in ("head", "body"):
                db.run(f"CREATE TABLE made.{table} AS SELECT {number} AS night FROM range({rows})")
            db.run("CHECKPOINT made")
            db.run("DETACH made")
    folder.publish(run_id, as_of=DAY)
