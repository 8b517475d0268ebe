"""Is a delivery as large as its source's deliveries usually are?

Rows a day that it covers, against the median of the source's own earlier deliveries of the same kind: of the same
weekday when there are enough, of any otherwise. Median and MAD (Hampel 1974): one odd delivery, even an accepted one,
does not move the band. A full delivery holds everything, so it is not divided by days, and a few are history enough.
"""

from __future__ import annotations

from linkage.audit.figure import OK, SMALL, STOP, Figure
from linkage.config import Config
from linkage.engine.base import Engine

NORMAL = 1.4826
"""A median absolute deviation times this estimates a standard deviation."""

_DAYS = """
CREATE OR REPLACE TEMP TABLE _volume AS
SELECT source_id, delivery_id, content_hash, run_id, kind, version, extracted_at, dayofweek(extracted_at) AS weekday,
  CASE kind WHEN 'full' THEN rows ELSE rows / greatest(1, date_diff('day', lag(covers_until) OVER (
    PARTITION BY source_id ORDER BY version), covers_until)) END AS volume
FROM delivery WHERE status = 'accepted'
"""

_HISTORY = """
WITH history AS (
  SELECT n.source_id, n.delivery_id, n.version, n.kind, n.volume, b.volume AS usual, b.weekday = n.weekday AS is_alike
  FROM _volume AS n LEFT JOIN _volume AS b
    ON b.source_id = n.source_id AND b.kind = n.kind AND b.version < n.version
    AND b.extracted_at >= n.extracted_at - INTERVAL 12 MONTH
  WHERE n.run_id = ?
), chosen AS (
  SELECT *, count(*) FILTER (is_alike) OVER (PARTITION BY source_id, version) >= {min_weekday} AND kind = 'increment'
    AS has_weekday FROM history
)
SELECT source_id, delivery_id, kind, any_value(volume), count(usual), median(usual), mad(usual)
FROM chosen WHERE usual IS NULL OR is_alike OR NOT has_weekday
GROUP BY source_id, delivery_id, version, kind ORDER BY source_id, version
"""


def volumes(db: Engine, config: Config, *, run_id: str) -> list[Figure]:
    """Return one figure for each delivery that this run took in."""
    limits = config.volume
    db.run(_DAYS)
    rows = db.rows(_HISTORY.format(min_weekday=limits.min_weekday), [run_id])
    db.run("DROP TABLE _volume")
    found: dict[str, Figure] = {}
    for source, delivery, kind, volume, known, median, mad in rows:
        name = f"{source}/{delivery}"
        enough = limits.min_full if kind == "full" else limits.min_history
        if known < enough:
            figure = Figure("volume", "delivery", name, None, volume, known, 1, None, None, SMALL)
        else:
            # Counts of rows spread at least as their root: a history of equal deliveries is luck.
            spread = max(NORMAL * mad, median**0.5)
            allowed = max(limits.deviations * spread, limits.share * median, limits.min_rows)
            change = volume - median
            verdict = STOP if abs(change) > allowed else OK
            figure = Figure("volume", "delivery", name, median, volume, known, 1, change, allowed, verdict)
        found[name] = _worse(found.get(name), figure)
    return list(found.values())


def _worse(one: Figure | None, other: Figure) -> Figure:
    """Return which of two versions of one delivery's folder counts: the one that stops."""
    return one if one is not None and one.verdict == STOP else other
