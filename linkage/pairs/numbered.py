"""Pairs by number: what ``compared_pair`` is made of is two mentions and what they agree on, each by a small number.

A ``mention_id`` is a hash, of which nothing can be packed; two of them a pair, of many million pairs, would be most of
what a night reads, copies and keeps. A mention keeps its number as long as it says the same, rules and pattern as long
as a pair shows them; no two have the same one, but a rebuild gives others. The pairs of a number that nobody has any
more are dead: to delete rows that stand all over a large table takes longer than to pass them by.
"""

from __future__ import annotations

from linkage import contracts
from linkage.engine.base import Engine

KEPT = ("mention_number", "pattern_count", "compared_pair")
"""The numbers of mentions, those of rules and patterns, and the pairs."""
DEAD = 0.05
"""Share of dead pairs from which they are deleted."""


def told(rows: str = "compared_pair", *columns: str, numbers: str = "mention_number") -> str:
    """Return the query of what rows like those of ``compared_pair`` say: left_id, right_id, rules, pattern; and columns
    of their own. It is no way to read a few of all pairs: who wants them looks up the numbers first. ``numbers`` are
    those of the mentions that both ends are of.
    """
    wanted = ", ".join(["l.mention_id AS left_id", "r.mention_id AS right_id", "rules", "pattern", *columns])
    return (
        f"SELECT {wanted} FROM {rows} JOIN pattern_count USING (evidence_no) "
        f"JOIN {numbers} l ON l.mention_no = left_no JOIN {numbers} r ON r.mention_no = right_no"
    )


def write(db: Engine, pairs: str) -> None:
    """Write the tables of `KEPT` of a table of pairs (left_id, right_id, rules, pattern) of all mentions, unweighed."""
    for name in KEPT:
        db.run(contracts.table(name).ddl())
    db.run("INSERT INTO mention_number SELECT mention_id, row_number() OVER (ORDER BY mention_id) FROM mention")
    db.run(
        "INSERT INTO pattern_count BY NAME "
        "SELECT row_number() OVER (ORDER BY pattern, rules) AS evidence_no, pattern, rules, pairs "
        f"FROM (SELECT pattern, rules, count(*) AS pairs FROM {pairs} GROUP BY pattern, rules)"
    )
    # In this order one of the two numbers takes next to no room.
    db.run(f"INSERT INTO compared_pair {_numbered(pairs)} ORDER BY left_no")


def renew(db: Engine) -> None:
    """Add the pairs of ``in_pair``, and give ``compared_mention`` new numbers: the pairs of the old ones are dead.

    ``came_pair`` and ``gone_pair`` tell what is otherwise than the night before; all have left_id, right_id, rules and
    pattern.
    """
    [(last,)] = db.rows("SELECT coalesce(max(mention_no), 0) FROM mention_number")
    db.run("DELETE FROM mention_number WHERE mention_id IN (FROM moved_mention)")
    db.run(
        f"INSERT INTO mention_number SELECT mention_id, {last} + row_number() OVER (ORDER BY mention_id) "
        "FROM compared_mention"
    )
    _count(db, "came_pair", "gone_pair")
    db.run(f"INSERT INTO compared_pair {_numbered('in_pair')}")
    _bury(db, last)


def _bury(db: Engine, last: int) -> None:
    """Delete the dead pairs when they are many, or when a number that was the ``last`` is free to be given again."""
    [(highest,)] = db.rows("SELECT coalesce(max(mention_no), 0) FROM mention_number")
    [(rows, pairs)] = db.rows("SELECT (SELECT count(*) FROM compared_pair), (SELECT sum(pairs) FROM pattern_count)")
    if highest < last or rows - (pairs or 0) > DEAD * rows:
        there = "IN (SELECT mention_no FROM mention_number)"
        db.run(f"DELETE FROM compared_pair WHERE NOT (left_no {there} AND right_no {there})")


def _numbered(pairs: str) -> str:
    return (
        f"SELECT l.mention_no AS left_no, r.mention_no AS right_no, evidence_no FROM {pairs} "
        "JOIN mention_number l ON l.mention_id = left_id JOIN mention_number r ON r.mention_id = right_id "
        "JOIN pattern_count USING (pattern, rules)"
    )


def _count(db: Engine, came: str, gone: str) -> None:
    """Bring ``pattern_count`` up to the pairs that went and came; what is new in it has no weight yet."""
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE pattern_moved AS
        WITH moved AS (
            SELECT pattern, rules, CAST(sum(n) AS BIGINT) AS n
            FROM (SELECT pattern, rules, 1 AS n FROM {came} UNION ALL SELECT pattern, rules, -1 FROM {gone})
            GROUP BY pattern, rules HAVING sum(n) <> 0)
        SELECT coalesce(evidence_no, row_number() OVER (ORDER BY pattern, rules)
                        + (SELECT coalesce(max(evidence_no), 0) FROM pattern_count)) AS evidence_no,
               pattern, rules, coalesce(pairs, 0) + n AS pairs, match_weight, match_probability
        FROM moved LEFT JOIN pattern_count USING (pattern, rules)
        """
    )
    db.run("DELETE FROM pattern_count WHERE evidence_no IN (SELECT evidence_no FROM pattern_moved)")
    db.run("INSERT INTO pattern_count FROM pattern_moved WHERE pairs > 0")
    db.run("DROP TABLE pattern_moved")
