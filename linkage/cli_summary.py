"""What a command says about a published case view, as plain data for a terminal or for ``--json``."""

from __future__ import annotations

from typing import Any

from linkage.engine.base import Engine

STATUSES = {
    "matched_reference": "a report names it by number",
    "matched_timely": "linked, report in time",
    "matched_late": "linked, report late",
    "covered_open_case": "household had an open case",
    "matched_very_late": "linked, report very late",
    "review": "only possible links: a person decides",
    "pending": "no link yet, still young",
    "unmatched": "the gap",
    "excluded": "does not count",
}

_GAP = """
SELECT sum(unmatched), sum(incidents - excluded - pending - review),
  sum(unmatched) / nullif(sum(incidents - excluded - pending), 0),
  sum(unmatched + review) / nullif(sum(incidents - excluded - pending), 0)
FROM gap
"""

_ESTIMATE = """
SELECT gap_rate, gap_rate_low, gap_rate_high, probes, reviewed
FROM gap_estimate WHERE municipality_code = 'alle' AND period = 'alle'
"""

_SOURCES = """
SELECT source_id, count(*), CAST(max(covers_until) AS VARCHAR)
FROM delivery WHERE status = 'accepted' GROUP BY source_id ORDER BY source_id
"""

_EXAMPLE = """
SELECT s.incident_number FROM incident_status AS s
JOIN involvement AS i ON i.source_id = s.source_id AND i.record_kind = 'incident' AND i.record_id = s.incident_number
WHERE s.status = 'unmatched'
GROUP BY s.incident_number, s.cause
ORDER BY s.cause = 'no_trace', count(*) DESC, s.incident_number LIMIT 1
"""


def summary(case_view: Engine) -> dict[str, Any]:
    """Return the statuses with their shares, the gap with its range, and what came from whom."""
    counted = {
        str(k): int(n) for k, n in case_view.rows("SELECT status, count(*) FROM incident_status GROUP BY status")
    }
    incidents = sum(counted.values())
    return {
        "incidents": incidents,
        "statuses": [
            {"status": name, "incidents": counted.get(name, 0), "share": _share(counted.get(name, 0), incidents)}
            for name in STATUSES
        ],
        "gap": _gap(case_view),
        "estimate": _estimate(case_view),
        "sources": [
            {"source_id": source, "deliveries": int(deliveries), "covers_until": until}
            for source, deliveries, until in case_view.rows(_SOURCES)
        ],
    }


def example_unmatched(case_view: Engine) -> str | None:
    """Return an unmatched incident that is worth explaining: one with a cause, and many persons."""
    rows = case_view.rows(_EXAMPLE)
    return str(rows[0][0]) if rows else None


def _gap(case_view: Engine) -> dict[str, Any]:
    unmatched, judged, low, high = case_view.rows(_GAP)[0]
    return {
        "unmatched": int(unmatched or 0),
        "judged": int(judged or 0),
        "rate": _share(unmatched or 0, judged or 0),
        "low": None if low is None else float(low),
        "high": None if high is None else float(high),
    }


def _estimate(case_view: Engine) -> dict[str, Any] | None:
    """Return the gap with missed and false links counted in; None for a view of a version that did not estimate."""
    rows = case_view.rows(_ESTIMATE) if case_view.has("gap_estimate") else []
    if not rows or rows[0][0] is None:
        return None
    return dict(zip(("rate", "low", "high", "probes", "reviewed"), rows[0], strict=True))


def _share(part: int, whole: int) -> float | None:
    return float(part) / float(whole) if whole else None
