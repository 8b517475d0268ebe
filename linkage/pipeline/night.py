"""Opening and closing a night: the lock, the working database, and how an end is told to the ledger."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from linkage.errors import GateFailed, InbeeldError
from linkage.pipeline.log import RunLog

if TYPE_CHECKING:
    from linkage.colours import Override
    from linkage.config import Config
    from linkage.decisions import Decision
    from linkage.engine.duckdb import DuckDBEngine
    from linkage.intake import IntakeReport
    from linkage.ledger import Ledger
    from linkage.privacy import Keys
    from linkage.promotions import Promotion
    from linkage.store import OutFolder

Progress = Callable[[str], None]


@dataclass
class Night:
    """One run: where it reads and writes, and what it has learnt so far."""

    config: Config
    inbox: Path
    folder: OutFolder
    ledger: Ledger
    keys: Keys
    run_id: str
    work: Path
    db: DuckDBEngine
    started_at: datetime
    progress: Progress
    log: RunLog
    wanted_as_of: date | None = None
    from_scratch: bool = False
    """Whether all is compared anew, also what did not change; ids and the model stay."""
    intake: IntakeReport | None = None
    decisions: tuple[Decision, ...] = ()
    """Those that hold when the night begins; a later one is for the next night."""
    colours: tuple[Override, ...] = ()
    """Colours that people gave and that stand when the night begins."""
    promotion: Promotion | None = None
    """The model that a person promoted, as it was when the night began."""
    as_of: date | None = None
    is_done: bool = False
    """Set when there is nothing to do for the steps that follow."""
    counts: dict[str, int] = field(default_factory=dict)


@contextmanager
def start(
    config: Config,
    inbox: Path,
    out: Path,
    as_of: date | None = None,
    progress: Progress = lambda _: None,
    *,
    from_scratch: bool = False,
) -> Iterator[Night]:
    """Open a night: take the lock, sweep what a dead run left, open the working database.

    A night that ends in an error leaves the publication as it was, and its reason in the ledger.
    Raises `BusyError` when another run holds the folder, `UsageError` when the inbox is missing.
    """
    from linkage import tonight
    from linkage.errors import UsageError
    from linkage.ledger import Ledger
    from linkage.rejections import Rejections
    from linkage.store import OutFolder

    if not inbox.is_dir():
        raise UsageError(f"inbox {inbox} is not a folder: give the folder that holds <source_id>/<delivery_id>/")
    folder = OutFolder(out, keep=config.machine.keep_generations)
    with folder.lock(), _rarely_looking_for_garbage():
        folder.sweep()
        ledger, started_at = Ledger(folder), now()
        run_id = ledger.begin(started_at, config)
        settings = config.operations
        log = RunLog(settings.log_folder or folder.state / "logs", run_id, keep=settings.keep_logs)
        _name_the_dead(ledger, log, progress)
        night: Night | None = None
        try:
            night = _open(config, inbox, folder, ledger, run_id, started_at, progress, log, as_of)
            night.from_scratch = from_scratch
            if not from_scratch and folder.current() is not None:
                night.db.narrow()
                tonight.note(night.db)
            yield night
        except BaseException as error:
            if night is not None and isinstance(error, GateFailed):
                Rejections(folder).keep_stopped(night.db, run_id)
            log.write("ended", status=_status(error), seconds=_since(started_at))
            ledger.end(run_id, _status(error), message=_message(error), ended_at=now())
            raise
        else:
            status = "nothing_new" if night.is_done else "published"
            ledger.end(run_id, status, message="", ended_at=now(), as_of=night.as_of, counts=night.counts)
            log.write("ended", status=status, seconds=_since(started_at), as_of=night.as_of, incidents=night.counts)
        finally:
            if night:
                night.db.close()
            folder.sweep()


@contextmanager
def _rarely_looking_for_garbage() -> Iterator[None]:
    # The lists and the gates make some hundred thousand objects that stay to the end: to look at them again and again
    # takes half a second of every night.
    usual = gc.get_threshold()
    gc.set_threshold(50_000, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _open(
    config: Config,
    inbox: Path,
    folder: OutFolder,
    ledger: Ledger,
    run_id: str,
    started_at: datetime,
    progress: Progress,
    log: RunLog,
    as_of: date | None,
) -> Night:
    from linkage.engine.duckdb import DuckDBEngine
    from linkage.privacy import Keys

    work = folder.begin(run_id)
    machine = config.machine
    return Night(
        config=config,
        inbox=inbox,
        folder=folder,
        ledger=ledger,
        keys=Keys.load(config, folder.state),
        run_id=run_id,
        work=work,
        db=DuckDBEngine(
            work / "restricted.duckdb", memory_limit=machine.memory_limit, threads=machine.threads, spill=work / "spill"
        ),
        started_at=started_at,
        progress=progress,
        log=log,
        wanted_as_of=as_of,
    )


def _name_the_dead(ledger: Ledger, log: RunLog, progress: Progress) -> None:
    """Say which runs died since the last one that ended: what they were building is swept."""
    log.write("started")
    for run in ledger.runs()[1:]:
        if run["status"] != "crashed":
            return
        log.write("died", died=run["run_id"])
        progress(f"run {run['run_id']} died: what it was building is swept, its deliveries are taken in now")


def _since(moment: datetime) -> float:
    return round((now() - moment).total_seconds(), 1)


def now() -> datetime:
    """Return this moment in UTC."""
    return datetime.now(UTC)


def _status(error: BaseException) -> str:
    return "gate_failed" if isinstance(error, GateFailed) else "failed"


def _message(error: BaseException) -> str:
    return str(error) if isinstance(error, InbeeldError) else type(error).__name__
