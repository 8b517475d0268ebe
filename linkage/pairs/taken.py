"""The compared pairs of a few mentions, set apart until it is known what becomes of them.

``compared_pair`` is read once and written once a night: a table of many million pairs takes longer to look through than
what changed takes to compare.
"""

from __future__ import annotations

from linkage.engine.base import Engine

PAIR = "left_id BIGINT, right_id BIGINT, rules INTEGER, pattern BIGINT"


def begin(db: Engine) -> None:
    """Write empty tables for what `take` finds."""
    for name in ("out_pair", "still_pair"):
        db.run(f"CREATE OR REPLACE TEMP TABLE {name} (place BIGINT, {PAIR})")
    db.run("CREATE OR REPLACE TEMP TABLE taken_mention (mention_id BIGINT)")


def take(db: Engine, mentions: str) -> None:
    """Find the compared pairs of mentions (a query of mention_id), with their place in ``compared_pair``.

    Adds those of ``moved_mention`` to ``out_pair``, for they are compared anew, and the others to ``still_pair``; done
    again, it adds those of further mentions.
    """
    db.run(
        f"CREATE OR REPLACE TEMP TABLE next_mention AS SELECT DISTINCT mention_id FROM ({mentions}) "
        "ANTI JOIN taken_mention USING (mention_id)"
    )
    if db.rows("SELECT 1 FROM next_mention LIMIT 1"):
        # Two joins, each with the few mentions, are quicker than one look at both sides of all pairs.
        every = "SELECT p.rowid AS place, left_id, right_id, rules, pattern FROM compared_pair p"
        db.run(
            "CREATE OR REPLACE TEMP TABLE next_pair AS FROM "
            f"({every} SEMI JOIN next_mention ON left_id = mention_id) ANTI JOIN taken_mention ON right_id = mention_id"
        )
        db.run("INSERT INTO taken_mention FROM next_mention")
        db.run(
            "INSERT INTO next_pair FROM "
            f"({every} SEMI JOIN next_mention ON right_id = mention_id) ANTI JOIN taken_mention ON left_id = mention_id"
        )
        moved = "left_id IN (FROM moved_mention) OR right_id IN (FROM moved_mention)"
        db.run(f"INSERT INTO out_pair FROM next_pair WHERE {moved}")
        db.run(f"INSERT INTO still_pair FROM next_pair WHERE NOT ({moved})")
        db.run("DROP TABLE next_pair")
    db.run("DROP TABLE next_mention")


def put_back(db: Engine) -> None:
    """Put ``in_pair`` in the place of ``out_pair``, where they differ, and count ``pattern_count`` on.

    Writes ``changed_pair`` (left_id, right_id), and leaves in both tables only what changed.
    """
    for name, other in (("gone_pair", "in_pair"), ("in_pair", "out_pair")):
        source = "out_pair" if name == "gone_pair" else name
        db.run(
            f"CREATE OR REPLACE TEMP TABLE {name} AS FROM {source} "
            f"ANTI JOIN {other} USING (left_id, right_id, rules, pattern)"
        )
    db.run("DELETE FROM compared_pair WHERE rowid IN (SELECT place FROM gone_pair)")
    db.run("INSERT INTO compared_pair SELECT left_id, right_id, rules, pattern FROM in_pair")
    db.run(
        "CREATE OR REPLACE TEMP TABLE changed_pair AS SELECT left_id, right_id FROM gone_pair "
        "UNION SELECT left_id, right_id FROM in_pair"
    )
    _count(db)
    for name in ("out_pair", "still_pair", "gone_pair", "taken_mention", "moved_mention"):
        db.run(f"DROP TABLE {name}")


def _count(db: Engine) -> None:
    """Bring ``pattern_count`` up to the pairs that went and came."""
    db.run(
        """
        CREATE OR REPLACE TEMP TABLE pattern_moved AS
        WITH moved AS (
            SELECT pattern, rules, CAST(sum(n) AS BIGINT) AS n
            FROM (SELECT pattern, rules, 1 AS n FROM in_pair UNION ALL SELECT pattern, rules, -1 FROM gone_pair)
            GROUP BY pattern, rules HAVING sum(n) <> 0)
        SELECT pattern, rules, coalesce(pairs, 0) + n AS pairs FROM moved LEFT JOIN pattern_count USING (pattern, rules)
        """
    )
    db.run("DELETE FROM pattern_count AS p USING pattern_moved AS m WHERE p.pattern = m.pattern AND p.rules = m.rules")
    db.run("INSERT INTO pattern_count FROM pattern_moved WHERE pairs > 0")
    db.run("DROP TABLE pattern_moved")
