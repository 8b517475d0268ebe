"""Why not: for each person of an incident without a link, the best candidate on a report, and what it lacked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from linkage.config import Limits
from linkage.engine.base import Engine
from linkage.explain.pair import PairExplanation, told_pair
from linkage.explain.recompute import Compared, Pair, recompute
from linkage.pairs.model import Model
from linkage.thresholds import Thresholds

UNLINKED = ("unmatched", "pending", "review")
"""Statuses of an incident for which no report was found, or none for certain."""

MOST_CANDIDATES = 5_000
"""Pairs that are compared anew for one incident, those with most in common first."""

_ALIKE = (
    "coalesce(h.bsn_hmac = t.bsn_hmac OR h.v_number_hmac = t.v_number_hmac, false)",
    "coalesce(h.phone_hmac = t.phone_hmac, false)",
    "coalesce(h.birth_date = t.birth_date, false)",
    "coalesce(h.postcode = t.postcode AND h.house_number = t.house_number, false)",
    """coalesce(h.surname_sound = t.surname_sound AND (h.postcode = t.postcode OR h.birth_year = t.birth_year
        OR substr(h.initials, 1, 1) = substr(t.initials, 1, 1)), false)""",
    "coalesce(h.given_name = t.given_name AND h.birth_year = t.birth_year, false)",
)
"""What two mentions may have in common, looser than every blocking rule: also what no rule finds can fall short."""

_CANDIDATES = f"""
WITH here AS (
    SELECT m.*, p.person_id FROM mention m JOIN mention_person p USING (mention_id)
    JOIN involvement v USING (source_id, record_kind, record_id, person_seq)
    WHERE m.source_id = ? AND m.record_kind = 'incident' AND m.record_id = ? AND v.standing <> 'outsider'
), there AS (
    SELECT m.*, p.person_id FROM mention m JOIN mention_person p USING (mention_id)
    WHERE m.record_kind = 'case' AND EXISTS (
        FROM case_report r WHERE r.source_id = m.source_id AND r.case_id = m.record_id AND r.contact_type = 'melding'
        AND CAST(r.received_at AS DATE) - CAST(? AS DATE) BETWEEN ? AND ?)
)
SELECT h.mention_id, t.mention_id FROM here h JOIN there t ON ({" OR ".join(_ALIKE)})
WHERE t.person_id NOT IN (SELECT person_id FROM here)
AND (h.person_id, t.record_no) NOT IN (SELECT (person_id, record_no) FROM there)
ORDER BY {" + ".join(f"CAST({test} AS INTEGER)" for test in _ALIKE)} DESC, h.mention_id, t.mention_id
LIMIT {MOST_CANDIDATES}
"""

_REPORT = """
SELECT r.source_id AS report_source_id, r.report_id, CAST(r.received_at AS DATE) - CAST(? AS DATE) AS delay_days
FROM case_report r JOIN mention m ON r.source_id = m.source_id AND r.case_id = m.record_id
WHERE m.mention_id = ? AND r.contact_type = 'melding' AND delay_days BETWEEN ? AND ?
ORDER BY abs(delay_days), r.report_id LIMIT 1
"""


def shortfalls(
    restricted: Engine, incident: Mapping[str, Any], limits: Limits, model: Model, thresholds: Thresholds
) -> list[dict[str, Any]]:
    """Return for each person of an unlinked incident the candidate that came nearest, with what cost it most.

    Candidates are people on a report that came in time to answer the incident. Whoever stands beside the person on a
    record is somebody else, and no candidate.
    """
    if incident["status"] not in UNLINKED:
        return []
    window = [-limits.early_days, limits.very_late_days]
    since = incident["reported_at"]
    pairs = restricted.rows(_CANDIDATES, [incident["source_id"], incident["incident_number"], since, *window])
    compared = recompute(restricted, [p for a, b in pairs for p in ((min(a, b), max(a, b)), (a, a))])
    told = []
    for own, other in _best(model, compared, sorted((int(a), int(b)) for a, b in pairs)):
        names = ("report_source_id", "report_id", "delay_days")
        row = restricted.rows(_REPORT, [since, other, *window])[0]
        pair = told_pair(restricted, (own, other), model, thresholds, compared)
        told.append(dict(zip(names, row, strict=True)) | {"why_not": why_not(pair)} | pair.as_dict())
    return told


def why_not(pair: PairExplanation) -> str:
    """Return in words why a pair was not taken for one person."""
    cost = pair.costliest
    most = f"; what cost it most: {cost.comparison}, {cost.meaning} ({cost.lift:.1f} bits)" if cost else ""
    if pair.verdict == "sure":
        return f"alike enough, but kept apart by other evidence: a veto, a decision, or another person as near{most}"
    if not pair.rules and not pair.is_stored:
        return f"no blocking rule brings the two together{most}"
    short = pair.thresholds.sure - pair.match_weight
    return f"{short:.1f} bits short of certain{most}"


def _best(model: Model, compared: Mapping[Pair, Compared], pairs: list[Pair]) -> list[Pair]:
    """Return the heaviest pair of each mention of the incident, which stands first in it."""
    if not pairs:
        return []
    weights = model.weight(np.array([compared[min(p), max(p)].pattern for p in pairs], dtype=np.int64))
    best: dict[int, tuple[float, Pair]] = {}
    for pair, weight in zip(pairs, weights.tolist(), strict=True):
        if pair[0] not in best or weight > best[pair[0]][0]:
            best[pair[0]] = weight, pair
    return [best[mention][1] for mention in sorted(best)]
