"""The rule set that many chains start with: the same BSN, or the same name and birth date; then components."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np

from benchmarks.contest.result import Result, Stages, components

RULES = """
SELECT l.mention_id AS left_id, r.mention_id AS right_id FROM mention l JOIN mention r
ON l.bsn_hmac = r.bsn_hmac AND l.mention_id < r.mention_id AND l.record_no <> r.record_no
UNION
SELECT l.mention_id, r.mention_id FROM mention l JOIN mention r
ON l.surname = r.surname AND l.birth_date = r.birth_date AND l.mention_id < r.mention_id AND l.record_no <> r.record_no
AND CASE WHEN l.given_name IS NOT NULL AND r.given_name IS NOT NULL THEN l.given_name = r.given_name
    ELSE substr(coalesce(l.initials, l.given_name), 1, 1) = substr(coalesce(r.initials, r.given_name), 1, 1) END
"""
"""Where a given name is missing on either side, the first initial stands in for it."""


def link(mentions: Path) -> Result:
    """Link by the rules alone."""
    stages = Stages()
    with duckdb.connect(str(mentions), read_only=True) as db:
        size = db.execute("SELECT count(*) FROM mention").fetchall()[0][0]
        found = db.execute(RULES).fetchnumpy()
    stages.done("rules")
    left, right = (np.asarray(found[side], np.int64) for side in ("left_id", "right_id"))
    labels = components(size, left, right)
    stages.done("cluster")
    return Result(labels, candidates=len(left), stages=stages.seconds)
