"""An engine that refuses a statement whose plan is quadratic: every join must be a hash join on equal keys."""

from __future__ import annotations

import re
from collections.abc import Sequence

import duckdb

from linkage.engine.duckdb import DuckDBEngine

SLOW = ("NESTED_LOOP_JOIN", "BLOCKWISE_NL_JOIN", "CROSS_PRODUCT", "PIECEWISE_MERGE_JOIN", "IE_JOIN")
"""Joins whose work grows with the product of both sides."""


class SlowPlanError(AssertionError):
    """A statement that would be quadratic; the message holds it whole."""


class WatchedEngine(DuckDBEngine):
    """A DuckDB whose every query is explained before it runs; ``explained`` counts them."""

    explained = 0

    def _execute(self, sql: str, params: Sequence[object]) -> duckdb.DuckDBPyConnection:
        if re.match(r"\s*(SELECT|WITH|INSERT|CREATE (OR REPLACE )?(TEMP )?TABLE \S+ AS|DELETE|UPDATE)\b", sql):
            told = (
                self.connection.execute(f"EXPLAIN {sql}", params)
                if params
                else self.connection.execute(f"EXPLAIN {sql}")
            )
            plan = "\n".join(row[1] for row in told.fetchall())
            self.explained += 1
            if slow := [join for join in SLOW if join in plan]:
                raise SlowPlanError(f"{', '.join(slow)} in: {sql}\n{plan}")
        return super()._execute(sql, params)
