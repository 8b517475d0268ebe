"""Processes that die: real ones, forked from a server that has imported everything, so that a night costs no start-up.

`start` runs a function in a process of its own; ``die_at`` kills that process with SIGKILL just before its n-th action
on a file of the output folder, as Python's audit events tell them (fsync, which has none, is wrapped).
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

PATIENCE = 300
KILLED = -signal.SIGKILL
WRITING = os.O_WRONLY | os.O_RDWR
EVENTS = {
    "open": "write", "os.truncate": "write", "sqlite3.connect": "write", "os.rename": "rename", "os.symlink": "link",
    "os.link": "link", "os.mkdir": "mkdir", "os.remove": "remove", "os.rmdir": "remove",
}  # fmt: skip
"""Audit events that tell of a change; ``os.replace`` comes as a rename, and ``open`` counts when it is for writing."""


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code (-9 when it was killed), its two streams, and its seconds."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def is_killed(self) -> bool:
        """Tell whether it was."""
        return self.code == KILLED


@dataclass
class Running:
    """A process at work; ``ready`` waits for its first line of progress."""

    process: ForkServerProcess
    folder: tempfile.TemporaryDirectory[str]
    began: float = field(default_factory=time.perf_counter)

    def kill(self) -> None:
        """Send SIGKILL, when it still lives."""
        if self.process.is_alive():
            self.process.kill()

    def said(self, text: str, patience: float = PATIENCE) -> bool:
        """Wait until its output holds a text; False when it ended without."""
        until = time.perf_counter() + patience
        while text not in _read(self.folder, "out"):
            if not self.process.is_alive() or time.perf_counter() > until:
                return text in _read(self.folder, "out")
            time.sleep(0.001)
        return True

    def wait(self) -> Ended:
        """Return how it ended; raises `TimeoutError` when it does not."""
        self.process.join(PATIENCE)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()
            raise TimeoutError(f"a process did not end within {PATIENCE} s")
        seconds = time.perf_counter() - self.began
        with self.folder:
            return Ended(self.process.exitcode, _read(self.folder, "out"), _read(self.folder, "err"), seconds)


@cache
def _server() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.faults.warm"])
    return context


def start(
    work: Callable[..., object],
    *arguments: Any,
    watched: Path | None = None,
    die_at: int | None = None,
    broken: Sequence[str] = (),
    limit: tuple[int, int] | None = None,
) -> Running:
    """Start ``work`` in a process of its own.

    ``watched``: folder whose actions are counted, one a line on the file ``actions``; ``die_at``: the one before which
    it is killed; ``broken``: names of `tests.faults.broken.WAYS`; ``limit``: a resource and its limit.
    """
    folder = tempfile.TemporaryDirectory(prefix="inbeeld-process-")
    told = (str(watched) if watched else None, die_at, tuple(broken), limit)
    process = _server().Process(target=_live, args=(work, arguments, folder.name, told))
    process.start()
    return Running(process, folder)


def run(work: Callable[..., object], *arguments: Any, **options: Any) -> Ended:
    """Run ``work`` in a process of its own, to its end."""
    return start(work, *arguments, **options).wait()


@dataclass(frozen=True)
class Action:
    """Something done to a file: ``write``, ``fsync``, ``rename``, ``link``, ``mkdir``, ``remove``; paths are whole."""

    kind: str
    path: str
    target: str = ""


def actions(work: Callable[..., object], *arguments: Any, watched: Path, broken: Sequence[str] = ()) -> list[Action]:
    """Return the actions on files of a folder that Python takes in ``work``, in their order."""
    running = start(work, *arguments, watched=watched, broken=broken)
    running.process.join(PATIENCE)
    found = _read(running.folder, "actions").splitlines()
    ended = running.wait()
    if ended.code:
        raise AssertionError(f"it ended with {ended.code}: {ended.err}")
    return [Action(*line.split("\t")) for line in found]


def told(work: Callable[..., object], *arguments: Any) -> None:
    """Work, and tell what goes wrong as the command does."""
    from linkage import cli_errors
    from linkage.errors import InbeeldError

    out = next((a for a in arguments if isinstance(a, Path) and a.name == "out"), None)
    try:
        with cli_errors.guarded(out):
            work(*arguments)
    except InbeeldError as error:
        cli_errors.complain(str(error))
        raise SystemExit(error.exit_code) from None


def command(*arguments: str | Path) -> None:
    """Be ``inbeeld`` with these arguments."""
    from linkage import cli

    sys.argv = ["inbeeld", *map(str, arguments)]
    cli.main()


def ungated(*arguments: str | Path) -> None:
    """The same without what the gates measure, which takes longer than all the rest of a night this small."""
    from linkage import quality

    quality._measure = lambda *_: ()
    command(*arguments)


def die() -> None:
    """Kill this process."""
    os.kill(os.getpid(), signal.SIGKILL)


def _live(work: Callable[..., object], arguments: Sequence[Any], folder: str, told: tuple[Any, ...]) -> None:
    from tests.faults import broken

    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(f"{folder}/{name}", os.O_CREAT | os.O_WRONLY, 0o600), number)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    watched, die_at, ways, limit = told
    for way in ways:
        broken.WAYS[way]()
    if limit:
        import resource

        resource.setrlimit(limit[0], (limit[1], limit[1]))
    if watched:
        _watch(watched, die_at, Path(folder, "actions"))
    work(*arguments)


def _watch(watched: str, die_at: int | None, log: Path) -> None:
    count, descriptor, fsync = 0, os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600), os.fsync

    def act(kind: str, path: str, target: str = "") -> None:
        nonlocal count
        if not path.startswith(watched):
            return
        if count == die_at:
            die()
        count += 1
        os.write(descriptor, f"{kind}\t{path}\t{target}\n".encode())

    def audit(event: str, values: tuple[Any, ...]) -> None:
        if event not in EVENTS or not _is_path(values[0]):
            return
        if event == "open" and not (isinstance(values[2], int) and values[2] & WRITING):
            return
        one = os.fsdecode(values[0]).removeprefix("file://")
        if event.startswith("sqlite3") and one.endswith("mode=ro"):
            return
        other = os.fsdecode(values[1]) if event in ("os.rename", "os.symlink", "os.link") else ""
        one, other = (other, one) if EVENTS[event] == "link" else (one, other)
        act(EVENTS[event], one, other)

    def synced(number: int) -> None:
        act("fsync", str(Path(f"/proc/self/fd/{number}").readlink()))
        fsync(number)

    os.fsync = synced
    sys.addaudithook(audit)


def _is_path(value: object) -> bool:
    return isinstance(value, str | bytes | os.PathLike)


def _read(folder: tempfile.TemporaryDirectory[str], name: str) -> str:
    try:
        return Path(folder.name, name).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
