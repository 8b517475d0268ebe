"""The output folder: one run at a time, every night built aside and swapped in whole.

::

    OUT/case_view.duckdb  ->  current/case_view.duckdb    (symlinks that never change)
    OUT/restricted.duckdb ->  current/restricted.duckdb
    OUT/reports           ->  current/reports
    OUT/current           ->  generations/<run_id>        (the one that is swapped)
    OUT/generations/<run_id>/   the published files and their manifest.json
    OUT/work/<run_id>/          what a run is building; swept when no run holds the lock
    OUT/state/                  lock, ledger.sqlite, key, log
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from linkage import generation
from linkage.errors import BusyError, StoreError, UsageError

PUBLISHED = ("case_view.duckdb", "restricted.duckdb", "reports")
"""The names that a generation holds and that users open."""

HELD = "held"
"""File in a work folder that its process keeps locked."""
BUSY_PATIENCE = 0.5
"""Seconds that a run waits for the lock: ``status`` may touch it for a moment."""


class OutFolder:
    """The folder of ``--out``; it is made when a run takes the lock, readers never write in it."""

    def __init__(self, path: Path, *, keep: int = 7) -> None:
        self.path = path.absolute()
        self.keep = keep
        self.state = self.path / "state"
        self.generations = self.path / "generations"
        self.work = self.path / "work"
        self._lock = self.state / "lock"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder until the block or its process ends; raises `BusyError` when another run has it."""
        os.umask(0o077)
        self._make()
        with self._lock.open("ab+", buffering=0) as handle:
            self._wait_for(handle.fileno())
            handle.truncate(0)
            told = {"pid": os.getpid(), "started_at": datetime.now(UTC).isoformat("T", "seconds")}
            with suppress(OSError):  # a full disk: the lock holds without a name on it
                handle.write(json.dumps(told).encode())
            try:
                yield
            finally:
                handle.truncate(0)

    def holder(self) -> dict[str, Any] | None:
        """Return ``pid`` and ``started_at`` of the run that holds the lock, None when it is free."""
        try:
            with self._lock.open(encoding="utf-8") as handle:
                try:
                    fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    return _holder(handle.read())
        except FileNotFoundError:
            pass
        return None

    def sweep(self) -> None:
        """Remove what a dead run left; call it with the lock held, before anything else."""
        for left in _entries(self.work):
            if not _is_held(left):
                _remove(left)
        self._remove_logs()
        for name in ("current", *PUBLISHED):
            _remove(self.path / f"{name}.new")
        for part in self.state.glob("*.part"):
            _remove(part)
        for folder in _entries(self.generations):
            if not (folder / generation.MANIFEST).is_file():
                _remove(folder)
                continue
            for log in folder.glob("*.wal"):
                _remove(log)
        self._prune()

    @contextmanager
    def scratch(self, prefix: str) -> Iterator[Path]:
        """Yield a folder for work beside the runs: no run sweeps it while this process lives."""
        with TemporaryDirectory(prefix=f"{prefix}-", dir=self.work) as name, (Path(name) / HELD).open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield Path(name)

    def begin(self, run_id: str) -> Path:
        """Make the run's work folder, seeded with the ``restricted.duckdb`` of the current generation."""
        work = self.work / run_id
        with _disk("the work folder"):
            (work / "publication").mkdir(parents=True)
            current = self.current()
            if current is not None and not self.copy("restricted.duckdb", work):
                raise _changed(current, "restricted.duckdb")
        return work

    def copy(self, name: str, folder: Path) -> bool:
        """Copy a file of the current generation into a folder, unless it does not match its manifest.

        Returns whether it does; what is copied is what was held against the manifest.
        """
        current = self.current()
        assert current is not None
        entry = generation.listed(current).get(name)
        if entry is None or not (current / name).is_file():
            return False
        with _disk(name):
            is_whole = generation.matches(current / name, entry, copy=folder / name)
            if not is_whole:
                _remove(folder / name)
        return is_whole

    def is_worn(self) -> bool:
        """Tell whether ``restricted.duckdb`` has been used for as many nights as generations are kept.

        What was deleted in a file may still lie in it until it is written anew; so it is gone soon after the last
        generation that shows it.
        """
        manifest = self.manifest()
        return manifest is None or int(manifest.get("nights_in_place", self.keep)) + 1 >= self.keep

    def publish(self, run_id: str, *, as_of: date) -> None:
        """Make ``work/<run_id>/publication`` the current generation, whole or not at all.

        When ``restricted.duckdb`` was not written there, the working database becomes it. Every file is on disk before
        the rename, and the rename before the swap, so that a loss of power leaves yesterday or today and nothing
        between. Files must be closed and checkpointed.
        """
        built, target = self.work / run_id / "publication", self.generations / run_id
        with _disk("the new generation"):
            nights = 0
            if not (built / "restricted.duckdb").exists():
                (self.work / run_id / "restricted.duckdb").rename(built / "restricted.duckdb")
                nights = int((self.manifest() or {}).get("nights_in_place", 0)) + 1
            _check_complete(built, self.work / run_id)
            generation.write_manifest(built, run_id, as_of, nights)
            _sync_tree(built)
            built.rename(target)
            _sync(self.generations)
            self._remove_logs()
            _link(self.path / "current", Path("generations") / run_id)
            for name in PUBLISHED:
                _link(self.path / name, Path("current") / name)
            _sync(self.path)
            self._prune()

    def return_to(self, folder: Path) -> None:
        """Make a kept generation the current one, after holding all its files against its manifest.

        Raises `StoreError` for one that was changed. Readers see the one or the other, as with `publish`.
        """
        self.verify(folder)
        with _disk("the link to the generation"):
            self._remove_logs()
            _link(self.path / "current", Path("generations") / folder.name)
            _sync(self.path)

    def kept(self) -> list[Path]:
        """Return the generations that are whole, the newest first."""
        return [g for g in reversed(_entries(self.generations)) if (g / generation.MANIFEST).is_file()]

    def current(self) -> Path | None:
        """Return the folder of the published generation, None before the first one."""
        link = self.path / "current"
        if not (link / generation.MANIFEST).is_file():
            return None
        return self.generations / link.readlink().name if link.is_symlink() else link

    def manifest(self) -> dict[str, Any] | None:
        """Return the manifest of the published generation, None before the first one."""
        current = self.current()
        if current is None:
            return None
        try:
            found: dict[str, Any] = json.loads((current / generation.MANIFEST).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise StoreError(f"the manifest of generation {current.name} cannot be read: restore it") from None
        return found

    def published_as_of(self) -> date | None:
        """Return the day that the published case view speaks of."""
        manifest = self.manifest()
        return date.fromisoformat(manifest["as_of"]) if manifest else None

    def verify(self, folder: Path, *names: str) -> None:
        """Compare published files of a generation with its manifest; raises `StoreError` that names a changed one."""
        listed = generation.listed(folder)
        for name in names or sorted(listed):
            file = folder / name
            if name not in listed or not file.is_file() or not generation.matches(file, listed[name]):
                raise _changed(folder, name)

    def published(self, name: str) -> Path:
        """Return the path of a published file; raises `UsageError` when nothing was published yet."""
        current = self.current()
        if current is None:
            run = f"run `inbeeld run --inbox DIR --out {self.path}` first"
            raise UsageError(f"{self.path} holds no published case view: {run}")
        return current / name

    def next_number(self) -> int:
        """Return a number above that of every generation kept, so that run ids never come back."""
        taken = [int(g.name.split("-")[0]) for g in _entries(self.generations) if g.name.split("-")[0].isdigit()]
        return max(taken, default=0) + 1

    def _make(self) -> None:
        with _disk("the output folder"):
            if self.path.exists() and not self.path.is_dir():
                raise UsageError(f"output {self.path} is not a folder")
            for folder in (self.state, self.generations, self.work):
                if _entries(folder) and not self._lock.exists():
                    raise UsageError(
                        f"output folder {self.path} has a {folder.name}/ that is not Inbeeld's: give an empty folder"
                    )
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def _wait_for(self, descriptor: int) -> None:
        patience = time.monotonic() + BUSY_PATIENCE
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() < patience:
                    time.sleep(0.05)
                    continue
                held = _holder(self._lock.read_text(encoding="utf-8"))
                raise BusyError(
                    f"another run (pid {held['pid']}, started {held['started_at']}) holds {self.path}: "
                    "wait for it, or see inbeeld status"
                ) from None
            return

    def _prune(self) -> None:
        """Remove all but the newest generations; the current one stays in any case."""
        current = self.current()
        for folder in sorted(_entries(self.generations), reverse=True)[self.keep :]:
            if current is None or folder.name != current.name:
                _remove(folder)

    def _remove_logs(self) -> None:
        # DuckDB takes a .wal that lies beside a name for the log of whatever file has that name now.
        for name in PUBLISHED:
            _remove(self.path / f"{name}.wal")


def _holder(text: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(text)
    except ValueError:
        return {"pid": "unknown", "started_at": "just now"}
    return found


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _is_held(folder: Path) -> bool:
    try:
        with (folder / HELD).open() as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _check_complete(built: Path, work: Path) -> None:
    missing = [name for name in PUBLISHED if not (built / name).exists()]
    if missing:
        raise StoreError(f"the new generation lacks {', '.join(missing)}")
    logs = [log.name for folder in (built, work) for log in folder.glob("*.wal")]
    if logs:
        raise StoreError(f"the new generation is not checkpointed: {', '.join(sorted(logs))}")


def _changed(folder: Path, name: str) -> StoreError:
    return StoreError(
        f"{name} of generation {folder.name} does not match its manifest: "
        "inbeeld rollback to an older generation, or start a new output folder from the inbox"
    )


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_tree(root: Path) -> None:
    for path in sorted(root.rglob("*"), reverse=True):
        _sync(path)
    _sync(root)


def _link(link: Path, target: Path) -> None:
    """Point ``link`` at a relative target in one step; what stood there is replaced."""
    if link.is_symlink() and link.readlink() == target:
        return
    if link.is_dir() and not link.is_symlink():
        _remove(link)
    new = link.with_name(link.name + ".new")
    _remove(new)
    new.symlink_to(target)
    new.replace(link)


@contextmanager
def _disk(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(f"cannot write {what}: {error.strerror or type(error).__name__}") from None
