"""Decisions of reviewers as constraints on the mentions of tonight."""

from __future__ import annotations

from collections.abc import Sequence

from linkage import contracts
from linkage.decisions import KEY, Decision
from linkage.engine.base import Engine


def place(db: Engine, decisions: Sequence[Decision]) -> dict[str, int]:
    """Write ``decision``: the decisions that hold, on the mentions of tonight; return how many by outcome.

    A decision about a mention that is gone waits (``waiting``); of two about one pair the later counts. The pairs of
    the night before are kept as ``was_decision``: one of them may have been withdrawn.
    """
    declared = contracts.table("decision")
    before = "decision" if declared.is_in(db) else "(SELECT CAST(NULL AS BIGINT) AS left_id, 0 AS right_id)"
    db.run(
        "CREATE OR REPLACE TEMP TABLE was_decision AS "
        f"SELECT left_id, right_id FROM {before} WHERE left_id IS NOT NULL AND right_id IS NOT NULL"
    )
    db.run(declared.ddl())
    for d in decisions:
        keys = [getattr(key, column) for key in (d.left, d.right) for column in KEY]
        db.run(_PLACE, [d.decision_id, str(d.verdict), *keys])
    db.run(
        """
        UPDATE decision SET outcome = 'superseded' WHERE EXISTS (
            SELECT 1 FROM decision AS later WHERE later.decision_id > decision.decision_id
            AND later.left_id = decision.left_id AND later.right_id = decision.right_id)
        """
    )
    return {str(o): int(n) for o, n in db.rows("SELECT outcome, count(*) FROM decision GROUP BY ALL ORDER BY ALL")}


def published(db: Engine) -> set[int]:
    """Return the ids of the decisions that the publication was made with."""
    return {int(row[0]) for row in db.rows("SELECT decision_id FROM decision")} if db.has("decision") else set()


_WANTED = " AND ".join(f"{column} = ?" for column in KEY)
_PLACE = f"""
INSERT INTO decision
SELECT decision_id, verdict, least(one, other), greatest(one, other),
       CASE WHEN one IS NULL OR other IS NULL THEN 'waiting' ELSE 'applied' END
FROM (SELECT CAST(? AS INTEGER) AS decision_id, ? AS verdict,
             (SELECT mention_id FROM mention WHERE {_WANTED}) AS one,
             (SELECT mention_id FROM mention WHERE {_WANTED}) AS other)
"""
