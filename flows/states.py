"""What Prefect may be told of a run: our own one-line messages. It stores what it is told in clear.

The text of any other error may quote a row, so of that only the kind and the line of code are passed on.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import flows  # noqa: F401  # its settings must stand before prefect is imported

# isort: split
from prefect import get_run_logger
from prefect.client.schemas.objects import State, StateType

from linkage.errors import InbeeldError

ROOT = Path(__file__).resolve().parents[1]


class StepError(InbeeldError):
    """A step ended on an error of the program or the machine; its own text is left out, as it may quote a row."""


@contextmanager
def without_values(step: str) -> Iterator[None]:
    """Let only our own one-line messages reach Prefect, which stores an exception's text and its causes."""
    try:
        yield
    except InbeeldError as error:
        raise error from None
    except Exception as error:  # noqa: BLE001
        raise StepError(f"step {step!r} stopped on {type(error).__name__} at {_place(error)}") from None


def log(line: str) -> None:
    """Write a line of progress to the log of the run."""
    get_run_logger().info(line)


def failed(name: str, message: str) -> State[Any]:
    """Return a state that is shown as failed under a name of ours."""
    return State(type=StateType.FAILED, name=name, message=message)


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if Path(f.filename).is_relative_to(ROOT / "linkage")] or frames
    return f"{Path(ours[-1].filename).name}:{ours[-1].lineno}"
