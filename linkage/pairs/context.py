"""The context of a pair: how many other people are named on both records, or that one of the two is another's row.

It is known after a first pass only (`relations`), and told apart by what else can be compared, because of relatives
with few data nobody knows that they stand in another row.
"""

from __future__ import annotations

from linkage.pairs.persons_sql import Context, Given
from linkage.pairs.spec import Spec

LEVELS = 4
"""Levels of the context for each set of things that cannot be compared (`persons_sql.UNKNOWN`)."""


def sql(spec: Spec, others: str, is_taken: str) -> str:
    """Return the SQL of the context in its place, over a ``pattern`` whose other comparisons are made."""
    birth, given = spec.by_name["birth"].level_sql(), spec.by_name["given"].level_sql()
    few = f"CASE WHEN {others} >= 2 THEN {Context.several} WHEN {others} = 1 THEN {Context.one} ELSE {Context.none} END"
    unknown = f"CAST({birth} = 0 AS INTEGER) + 2 * CAST({given} NOT BETWEEN 1 AND {Given.different} AS INTEGER)"
    level = f"CASE WHEN {is_taken} THEN {Context.taken} ELSE {few} END + {LEVELS} * ({unknown})"
    return f"(CAST({level} AS BIGINT) << {spec.by_name['context'].shift})"
