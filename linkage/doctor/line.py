"""One line of the doctor."""

from __future__ import annotations

from dataclasses import dataclass

OK, WARN, FAIL = "ok", "warn", "fail"


@dataclass(frozen=True)
class Line:
    """What was checked, what was seen, and what to do when it is not well."""

    level: str
    what: str
    told: str
    advice: str = ""
