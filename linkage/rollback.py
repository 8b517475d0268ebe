"""Returning to an earlier publication: the swap that publishing does, backwards, with a reason on record.

State is the generation: what was taken in stands in its ``restricted.duckdb`` and nowhere else. So a rollback forgets
exactly the deliveries that came in since, and the next run takes them in again from the inbox, each once. One that is
no longer in the inbox is owed: that run stops and names it, until it is back or a person goes on without it. Decisions
and promotions are people's, not the night's: they stay, and the next run applies them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import UsageError, no_output_folder
from linkage.ledger import Ledger
from linkage.overrides import Overrides, Owed
from linkage.store import OutFolder


@dataclass(frozen=True)
class Rolled:
    """What a rollback did."""

    before: str
    after: str
    as_of: str
    deliveries: tuple[Owed, ...]
    """Taken in by what was published before and not by what is now: to be taken in again."""


def roll_back(folder: OutFolder, *, to: str | None, by: str, reason: str) -> Rolled:
    """Publish a kept generation again: the one before the current, or that of run ``to``.

    Raises `UsageError` when it is not kept or current already, `StoreError` when it was changed, `BusyError`
    while a run is going.
    """
    overrides = Overrides(folder)
    if not overrides.path.exists():
        raise no_output_folder(folder.path)
    with folder.lock():
        current = folder.current()
        if current is None:
            raise UsageError("nothing was published yet: there is nothing to return from")
        target = _target(folder, current, to)
        folder.verify(target)
        deliveries = tuple(sorted(_deliveries(current) - _deliveries(target)))
        # Written first: a crash between leaves a line that changes nothing, not a swap that nobody can explain.
        overrides.rolled_back(by=by, reason=reason, before=current.name, after=target.name, deliveries=deliveries)
        folder.return_to(target)
        Ledger(folder).follow()
        return Rolled(current.name, target.name, str(folder.published_as_of()), deliveries)


def _target(folder: OutFolder, current: Path, to: str | None) -> Path:
    kept = folder.kept()
    if to is None:
        older = [g for g in kept if g.name < current.name]
        if not older:
            raise UsageError("no older generation is kept: see machine.keep_generations")
        return older[0]
    found = [g for g in kept if g.name == to or g.name.split("-")[0].lstrip("0") == to.lstrip("0")]
    if len(found) != 1:
        raise UsageError(f"--to is no kept generation: {', '.join(g.name for g in kept)}")
    if found[0].name == current.name:
        raise UsageError("that generation is the published one already")
    return found[0]


def _deliveries(generation: Path) -> set[Owed]:
    with DuckDBEngine(generation / "restricted.duckdb", read_only=True, memory_limit="256MB", threads=1) as db:
        rows = db.rows("SELECT source_id, delivery_id, content_hash FROM delivery WHERE status = 'accepted'")
    return {Owed(*map(str, row)) for row in rows}
