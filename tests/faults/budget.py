"""How long a suite may take, and what it did before.

One that repeats itself stops when its time is over; a run with the same ``--keep`` folder, size and seed goes on there.
"""

from __future__ import annotations

import math
import pickle
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

_until = math.inf
_kept: Path | None = None
_done: dict[str, Any] = {}
_journal: Path | None = None


def give(minutes: float | None, kept: Path | None = None) -> None:
    """Let a suite begin that may take so many minutes, None for as long as it takes; ``kept``: see `folder`."""
    global _until, _kept, _journal
    _until = math.inf if minutes is None else time.monotonic() + 60 * minutes
    _kept, _journal = kept, None
    _done.clear()


def end(moment: float) -> None:
    """Let a process of a suite work until a moment of the clock of all processes."""
    global _until
    _until = moment


def until() -> float:
    """Return that moment."""
    return _until


def is_over() -> bool:
    """Tell whether its time is over."""
    return time.monotonic() > _until


@contextmanager
def folder(name: str) -> Iterator[Path]:
    """Yield where a suite works: a temporary folder, or one that is kept with the journal of what was done in it."""
    global _journal
    if _kept is None:
        with tempfile.TemporaryDirectory(prefix=f"inbeeld-{name}-") as made:
            yield Path(made)
        return
    made_to_stay = (_kept / name).absolute()
    made_to_stay.mkdir(parents=True, exist_ok=True)
    go_on(made_to_stay / "journal")
    yield made_to_stay


def go_on(journal: Path) -> None:
    """Read what was done, and write what will be, in a journal."""
    global _journal
    _journal = journal
    if not journal.exists():
        return
    with journal.open("r+b") as handle:
        good = 0
        while handle.peek(1):
            try:
                key, value = pickle.load(handle)
            except (EOFError, pickle.UnpicklingError):
                handle.truncate(good)
                return
            _done[key], good = value, handle.tell()


def journal() -> Path | None:
    """Return the journal, None when nothing is kept."""
    return _journal


def once(key: str, work: Callable[[], T]) -> T:
    """Return what ``work`` came to, now or when it was done before."""
    if key not in _done:
        _done[key] = work()
        if _journal is not None:
            with _journal.open("ab") as handle:
                handle.write(pickle.dumps((key, _done[key])))
    found: T = _done[key]
    return found


def in_time(key: str, work: Callable[[], T]) -> T | None:
    """Return the same; None when it was not done before, and the time is over."""
    return None if key not in _done and is_over() else once(key, work)
