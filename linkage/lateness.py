"""Which sources are late: each by its own rhythm, so that a monthly one is not called missing the day after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from linkage.engine.base import Engine

SLACK = 1.25
"""How far beyond its usual days between two deliveries a source may lag behind the others; a daily one has no slack."""
LEAST_GAPS = 2
"""Gaps between deliveries from which a source has a rhythm of its own; until then it is taken for daily."""

_LAGS = f"""
WITH told AS (SELECT DISTINCT source_id, covers_until FROM delivery WHERE status = 'accepted'),
gap AS (
    SELECT source_id, date_diff('day', lag(covers_until) OVER (PARTITION BY source_id ORDER BY covers_until),
        covers_until) AS days
    FROM told
), rhythm AS (
    SELECT source_id, CASE WHEN count(days) >= {LEAST_GAPS} AND median(days) > 1
        THEN CAST(ceil({SLACK} * median(days)) AS INTEGER) ELSE 1 END AS allowed
    FROM gap GROUP BY source_id
)
SELECT source_id, max(covers_until), CAST(date_diff('day', max(covers_until), (SELECT max(covers_until) FROM told))
    AS INTEGER), any_value(allowed)
FROM told JOIN rhythm USING (source_id) GROUP BY source_id ORDER BY source_id
"""


@dataclass(frozen=True)
class Lag:
    """How far a source reaches, how many days that is behind the one that reaches furthest, and how many are usual."""

    source_id: str
    until: date
    behind: int
    allowed: int

    @property
    def is_late(self) -> bool:
        """The source should have delivered by now."""
        return self.behind > self.allowed


def lags(db: Engine) -> list[Lag]:
    """Return the lag of every source of whom a delivery was accepted, from table ``delivery``."""
    return [Lag(*row) for row in db.rows(_LAGS)]
