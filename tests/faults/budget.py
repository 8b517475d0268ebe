"""How long a suite may take: one that repeats itself stops when its time is over, and tells how often it did."""

from __future__ import annotations

import math
import time

_until = math.inf


def give(minutes: float | None) -> None:
    """Let a suite begin that may take so many minutes; None for as long as it takes."""
    global _until
    _until = math.inf if minutes is None else time.monotonic() + 60 * minutes


def is_over() -> bool:
    """Tell whether its time is over."""
    return time.monotonic() > _until
