"""The log of a run: one file of JSON lines, for machines that watch. Names of steps, counts and seconds, nothing else.

::

    {"at": "2025-03-14T01:31:02+00:00", "run_id": "00007-…", "event": "step", "step": "link mentions",
     "seconds": 21.4, "rows": {"pair": 51234}}

A message of ours names tables, columns, sources and counts; the text of any other error may quote a row, so of that
only the kind is written.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from linkage.errors import GateFailed, InbeeldError

if TYPE_CHECKING:
    from linkage.engine.base import Engine
    from linkage.pipeline import Step

S = TypeVar("S", bound="Step")


class RunLog:
    """The log file of one run, which is its owner's only."""

    def __init__(self, folder: Path, run_id: str, *, keep: int) -> None:
        self.run_id = run_id
        self.path = folder / f"{run_id}.jsonl"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for old in sorted(folder.glob("[0-9]*.jsonl"), reverse=True)[keep - 1 :]:
            old.unlink()
        self._counts: dict[str, int] = {}

    def write(self, event: str, **told: Any) -> None:
        """Add a line, on disk before this returns; a full disk is the night's fault, never the log's."""
        line = {"at": datetime.now(UTC).isoformat("T", "seconds"), "run_id": self.run_id, "event": event} | told
        try:
            with open(self.path, "a", encoding="utf-8", opener=_private) as handle:
                handle.write(json.dumps(line, default=str) + "\n")
        except OSError:
            return

    def step(self, name: str, seconds: float, db: Engine | None) -> None:
        """Tell a step that is done, with the declared tables whose number of rows it changed."""
        counts = _counts(db) if db is not None else {}
        changed = {table: rows for table, rows in counts.items() if self._counts.get(table) != rows}
        self._counts |= counts
        self.write("step", step=name, seconds=round(seconds, 3), rows=changed)

    def failed(self, error: BaseException, step: str | None = None) -> None:
        """Tell what stopped the run."""
        kind = "gate_failed" if isinstance(error, GateFailed) else "failed"
        message = str(error) if isinstance(error, InbeeldError) else None
        self.write(kind, step=step, error=type(error).__name__, message=message)


def _private(path: str, flags: int) -> int:
    """Open a file that is its owner's only, also where who runs the night set no umask."""
    return os.open(path, flags, 0o600)


def logged(step: S) -> S:
    """Return the step such that the log of its night tells how long it took and what it wrote."""
    run: Callable[[Any], None] = step.run

    def work(night: Any) -> None:
        log: RunLog = night.log
        began = time.perf_counter()
        try:
            run(night)
        except BaseException as error:
            log.failed(error, step.name)
            raise
        log.step(step.name, time.perf_counter() - began, None if step.name == "publish" else night.db)

    return replace(step, run=work)


def _counts(db: Engine) -> dict[str, int]:
    """Return how many rows each declared table has, as the engine's catalogue tells it without counting."""
    from linkage import contracts

    declared = {table.name for table in contracts.tables()}
    rows = db.rows("SELECT table_name, estimated_size FROM duckdb_tables() WHERE NOT temporary ORDER BY table_name")
    return {str(name): int(size) for name, size in rows if name in declared}
