"""The folders of the runs: may we read and write them, is there room, is what lies there whole."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

from linkage.config import Config
from linkage.doctor.line import FAIL, OK, WARN, Line
from linkage.errors import ConfigError
from linkage.privacy import Keys
from linkage.store import OutFolder

COPIES = 4
"""A night holds its working copy, the new restricted file and case view, and what it spills."""
LEAST_BYTES = 2e9


def folders(_config: Config, folder: OutFolder, inbox: Path | None) -> Iterator[Line]:
    """Yield whether the inbox can be read, the output folder written, and nobody else can read it."""
    if inbox is None:
        yield Line(WARN, "inbox", "not checked", "give --inbox DIR")
    elif not inbox.is_dir() or not os.access(inbox, os.R_OK | os.X_OK):
        yield Line(
            FAIL, "inbox", f"{inbox} is not a folder that this user can read", "make it, or give it to this user"
        )
    else:
        shut = [d for d in inbox.rglob("*") if not os.access(d, os.R_OK)]
        told = f"{len(shut)} files or folders of {inbox} cannot be read" if shut else f"{inbox} can be read"
        yield Line(FAIL if shut else OK, "inbox", told, "give them to this user" if shut else "")
    if not folder.path.exists():
        yield Line(WARN, "output", f"{folder.path} is not there yet", "the first run makes it")
        return
    if not os.access(folder.path, os.W_OK | os.X_OK):
        yield Line(FAIL, "output", f"{folder.path} cannot be written by this user", "give it to this user")
        return
    looked = [folder.state, folder.generations, *folder.state.glob("*"), *folder.generations.glob("*/*")]
    open_ = [path for path in looked if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077]
    if open_:
        told, advice = f"{len(open_)} files or folders are open to others", f"chmod -R go= {folder.path}"
        yield Line(FAIL, "output", told, advice)
    else:
        yield Line(OK, "output", f"{folder.path} can be written, and is its owner's only")


def disk(_config: Config, folder: OutFolder, _inbox: Path | None) -> Iterator[Line]:
    """Yield whether the disk has room for a night, by the size of the one that is published."""
    there = next(path for path in (folder.path, *folder.path.parents) if path.exists())
    free, current = shutil.disk_usage(there).free, folder.current()
    published = sum(f.stat().st_size for f in current.rglob("*") if f.is_file()) if current else 0
    needs = max(COPIES * published, LEAST_BYTES)
    told = f"{free / 1e9:.1f} GB free, a night needs about {needs / 1e9:.1f} GB"
    if free < needs:
        yield Line(FAIL, "disk", told, "free some, or lower machine.keep_generations")
    elif free < 2 * needs:
        yield Line(WARN, "disk", told, "free some before it runs out")
    else:
        yield Line(OK, "disk", told)


def key(config: Config, folder: OutFolder, _inbox: Path | None) -> Iterator[Line]:
    """Yield whether the key of the pseudonyms is there, strong and its owner's only."""
    given, own = config.privacy.key_file, folder.state / "pseudonym.key"
    if given is None and not own.exists():
        yield Line(
            WARN, "key", "none yet", "the first run makes one in state/; better: privacy.key_file outside the output"
        )
        return
    path = given or own
    try:
        Keys.load(config, folder.state)
    except ConfigError as error:
        yield Line(FAIL, "key", str(error), "without the same key every id changes: restore it from its backup")
        return
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        yield Line(FAIL, "key", f"{path} is open to others", f"chmod 600 {path}")
    elif given is not None and path.resolve().is_relative_to(folder.path.resolve()):
        yield Line(WARN, "key", "it lies in the output folder", "move it out: who has both can undo the pseudonyms")
    elif given is None:
        yield Line(
            WARN,
            "key",
            "it lies in the output folder's state/",
            "set privacy.key_file to a file elsewhere, and copy it there",
        )
    else:
        yield Line(OK, "key", f"{path} is its owner's only")


def ledger(_config: Config, folder: OutFolder, _inbox: Path | None) -> Iterator[Line]:
    """Yield whether the small databases of ``state/`` are whole."""
    files = sorted(folder.state.glob("*.sqlite"))
    for path in files:
        try:
            db = sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True)  # rw: a dead process may have left a journal
            try:
                found = db.execute("PRAGMA quick_check").fetchone()[0]
            finally:
                db.close()
        except sqlite3.Error as error:
            found = type(error).__name__
        if found != "ok":
            yield Line(FAIL, "state", f"{path.name} is damaged", "restore it from the backup of state/")
            return
    if files:
        yield Line(OK, "state", f"whole: {', '.join(path.name for path in files)}")


def left_over(_config: Config, folder: OutFolder, _inbox: Path | None) -> Iterator[Line]:
    """Yield what a dead run left: work, spill and logs of a database."""
    holder = folder.holder()
    if holder is not None:
        yield Line(OK, "work", f"a run is going: pid {holder['pid']}, started {holder['started_at']}")
        return
    work = list(folder.work.iterdir()) if folder.work.is_dir() else []
    logs = [*folder.path.glob("*.wal"), *folder.generations.glob("*/*.wal")]
    if work or logs:
        told = f"a dead run left {len(work)} work folders and {len(logs)} database logs"
        yield Line(WARN, "work", told, "the next run sweeps them; run one, do not open the databases before")
    else:
        yield Line(OK, "work", "nothing is left of a dead run")


def publication(_config: Config, folder: OutFolder, _inbox: Path | None) -> Iterator[Line]:
    """Yield whether the published files are what was published."""
    current = folder.current()
    if current is None:
        yield Line(WARN, "publication", "nothing was published yet", "inbeeld run")
        return
    folder.verify(current)
    yield Line(OK, "publication", f"{current.name} matches its manifest; nights kept: {len(folder.kept())}")
