"""From pairs of mentions to agreement patterns: one SQL text, for any engine.

In each comparison cheap tests stand first: a similarity is computed only for pairs that none of them decided.
"""

from __future__ import annotations

from collections.abc import Iterable

from linkage.engine.base import Engine
from linkage.pairs.blocking import candidates
from linkage.pairs.spec import Spec


class Comparer:
    """Compares pairs of the mentions in ``mention_code``, in the engine."""

    def __init__(self, db: Engine, spec: Spec) -> None:
        self.db, self.spec = db, spec

    def candidates(self, target: str, *, budget: int, max_block: int, are_keyed: bool = False) -> int:
        """Write ``target`` (left_id, right_id, pattern, rules) for all candidate pairs; return their number."""
        made = candidates(self.db, self.spec, budget=budget, max_block=max_block, are_keyed=are_keyed)
        return self.write(target, made)

    def write(self, target: str, made: Iterable[tuple[str, str]]) -> int:
        """Write ``target`` as `candidates` does, for the queries that it is given."""
        self.db.run(
            f"CREATE OR REPLACE TEMP TABLE {target} (left_id BIGINT, right_id BIGINT, rules INTEGER, pattern BIGINT)"
        )
        for rules, pairs in made:
            columns = {"left_id": "l.mention_id", "right_id": "r.mention_id", "rules": rules}
            self.db.run(f"INSERT INTO {target} {self.spec.patterns_sql(columns, pairs)}")
        return int(self.db.rows(f"SELECT count(*) FROM {target}")[0][0])

    def pairs(self, source: str, target: str, *columns: str, where: str = "true") -> None:
        """Write ``target`` (left_id, right_id, pattern) for the pairs of table ``source``, with more of its columns.

        ``where`` is the SQL over ``l`` and ``r`` of pairs that are wanted.
        """
        pairs = (
            f"FROM {source} p JOIN mention_code l ON l.mention_id = p.left_id "
            f"JOIN mention_code r ON r.mention_id = p.right_id WHERE {where}"
        )
        query = self.spec.patterns_sql({name: f"p.{name}" for name in ("left_id", "right_id", *columns)}, pairs)
        self.db.run(f"CREATE OR REPLACE TEMP TABLE {target} AS {query}")
