"""What a reader and the next run find in an output folder after something went wrong."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from pathlib import Path

from blake3 import blake3

from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import StoreError
from linkage.ledger import Ledger
from linkage.store import PUBLISHED, OutFolder


def broken(out: Path) -> list[str]:
    """Return what is not whole in the publication, as sentences; nothing was published yet is whole."""
    current = out / "current"
    if not current.is_symlink() and not any((out / name).is_symlink() for name in PUBLISHED):
        return []
    try:
        listed = json.loads((current / "manifest.json").read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError):
        return ["the manifest cannot be read"]
    wrong = [f"{name} does not match its manifest" for name in listed if _hash(out, name) != listed[name]["blake3"]]
    for name in PUBLISHED[:2]:
        try:
            with DuckDBEngine(out / name, read_only=True, memory_limit="256MB", threads=1) as db:
                db.rows("SELECT count(*) FROM duckdb_tables()")
        except StoreError:
            wrong.append(f"{name} cannot be opened")
    return wrong


def left_over(out: Path) -> list[str]:
    """Return what no run should leave: work, logs of databases, half-made names, half-made generations."""
    found = [*(out / "work").glob("*"), *out.rglob("*.wal"), *out.glob("*.new"), *out.rglob("*.part")]
    found += [g for g in (out / "generations").glob("*") if not (g / "manifest.json").is_file()]
    return sorted(f"{path.relative_to(out)} was left" for path in found)


def ledger(out: Path) -> list[dict[str, object]]:
    """Return the runs, oldest first, as `inbeeld status` reads them; none when there is no ledger yet."""
    if not (out / "state" / "ledger.sqlite").exists():
        return []
    try:
        return Ledger(OutFolder(out)).runs(limit=1000)[::-1]
    except StoreError:
        return []


def counted_twice(out: Path) -> list[str]:
    """Return the deliveries that were not taken in exactly once by the ledger and the publication."""
    with DuckDBEngine(out / "restricted.duckdb", read_only=True, memory_limit="256MB", threads=1) as db:
        rows = db.rows("SELECT source_id, delivery_id FROM delivery WHERE status = 'accepted'")
    published = Counter(f"{source}/{delivery}" for source, delivery in rows)
    told = sqlite3.connect(f"file:{out}/state/ledger.sqlite?mode=ro", uri=True)
    try:
        known = Counter(f"{s}/{d}" for s, d in told.execute("SELECT source_id, delivery_id FROM accepted"))
    finally:
        told.close()
    wrong = [f"{name} was taken in {times} times" for name, times in published.items() if times > 1]
    return wrong + [f"ledger and publication differ in {name}" for name in (published - known) + (known - published)]


def _hash(out: Path, name: str) -> str | None:
    path = out / name if name.partition("/")[0] in PUBLISHED else out / "current" / name
    try:
        return blake3(path.read_bytes()).hexdigest()
    except OSError:
        return None
