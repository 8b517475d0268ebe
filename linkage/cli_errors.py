"""Whatever goes wrong ends as one line on standard error, without a value of a record."""

from __future__ import annotations

import sys
import traceback
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import typer

from linkage.errors import InbeeldError

UNTOUCHED = "what is published stays as it is"
PACKAGE = Path(__file__).resolve().parent


def one_line(text: str) -> str:
    """Return a message as one printable line: a folder's name may hold a newline or a writing-direction mark."""
    joined = " ".join(text.split())
    return "".join(c if unicodedata.category(c)[0] != "C" else "\N{REPLACEMENT CHARACTER}" for c in joined)


def complain(text: str) -> None:
    """Write one line on standard error."""
    sys.stderr.write(f"inbeeld: {one_line(text)}\n")


@contextmanager
def guarded(out: Path | None, state: str = UNTOUCHED) -> Iterator[None]:
    """Turn what nobody foresaw into an `InbeeldError`: its text may quote a row, so only its place is told.

    ``out`` is the output folder, whose ``state/log`` keeps the places that it came through; ``state`` says
    what the error means for the publication.
    """
    try:
        yield
    except (InbeeldError, typer.Exit, typer.TyperException, typer.Abort):
        raise
    except Exception as error:  # noqa: BLE001
        raise unforeseen(error, out, state) from None


def unforeseen(error: Exception, out: Path | None, state: str) -> InbeeldError:
    """Return what is told of an error that nobody foresaw, after keeping the places that it came through."""
    frames = traceback.extract_tb(error.__traceback__)
    kind = type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        kind = f"{kind}: {error.strerror}"
    kept = _log(out, kind, [f"{f.filename}:{f.lineno} {f.name}" for f in frames])
    details = f"details without values in {kept}" if kept else "no output folder to keep details in"
    return InbeeldError(f"internal error ({kind}, {_place(frames)}); {state}; {details}")


def _place(frames: traceback.StackSummary) -> str:
    ours = [f for f in frames if Path(f.filename).is_relative_to(PACKAGE)] or list(frames)
    relative = Path(ours[-1].filename).resolve().with_suffix("")
    module = relative.relative_to(PACKAGE.parent) if relative.is_relative_to(PACKAGE.parent) else Path(relative.name)
    return f"{'.'.join(module.parts)}:{ours[-1].lineno}"


def _log(out: Path | None, kind: str, frames: list[str]) -> Path | None:
    if out is None or not (out / "state").is_dir():
        return None
    path = out / "state" / "log"
    try:
        with path.open("a", encoding="utf-8") as handle:
            handle.write("\n  ".join([f"{datetime.now().astimezone():%Y-%m-%dT%H:%M:%S%z} {kind}", *frames]) + "\n")
    except OSError:
        return None
    return path
