"""Candidate pairs of the mentions that are new or say something else: only the blocks that they are in are read.

What the blocks of all others come to is known from the night before: how many keys are shared by how many mentions, and
which keys are too common. A key that becomes too common tonight, or is so no longer, makes all its mentions fresh.
"""

from __future__ import annotations

from linkage.engine.base import Engine
from linkage.pairs.blocking import Kept, keep
from linkage.pairs.coding import hash_sql
from linkage.pairs.spec import Rule, Spec

WAS = "was_mention"
"""What mentions said before that are gone or fresh now, as rows of ``mention``."""
NOW = "now_mention"
"""What the fresh mentions say."""


def count(db: Engine, spec: Spec, *, budget: int, max_block: int) -> list[int]:
    """Bring the tables of the blocks up to tonight; return the pairs that each rule makes at most, of all mentions.

    Reads ``fresh_mention`` and `WAS`; adds to ``fresh_mention`` who has a key that changed sides. Writes
    ``near_<rule>`` (mention_id, key): the fresh mentions and those that share a key with one which is not too common.
    Raises `BudgetError` as `blocking.candidates` does.
    """
    before = {row[0]: (int(row[1]), bool(row[2])) for row in db.rows(_LIMITS)}
    db.run("DELETE FROM blocking_rule")
    db.run("CREATE OR REPLACE TEMP TABLE drawn_in (mention_id BIGINT)")
    _read_fresh(db)
    made, left = [], budget
    for number, rule in enumerate(spec.rules):
        kept = _count(db, number, rule, max_block, left, before.get(rule.name, (0, False)))
        db.run("INSERT INTO blocking_rule VALUES (?, ?, ?, ?, ?, ?)", [rule.name, rule.why, *kept])
        made.append(kept.pairs)
        left -= kept.pairs
    if db.rows("SELECT count(*) FROM drawn_in")[0][0]:
        db.run(
            "INSERT INTO fresh_mention "
            "SELECT DISTINCT mention_id FROM drawn_in ANTI JOIN fresh_mention USING (mention_id)"
        )
        _read_fresh(db)
        for number, rule in enumerate(spec.rules):
            _near(db, number, rule, (keys_sql(rule, NOW),))
    for number in range(len(spec.rules)):
        db.run(f"DELETE FROM near_{number} WHERE key IN (SELECT key_hash FROM blocked_key WHERE rule_no = {number})")
    db.run(f"DROP TABLE {NOW}")
    return made


def _read_fresh(db: Engine) -> None:
    """Write `NOW` once for all rules: to pick few rows from all mentions is to read all."""
    db.run(f"CREATE OR REPLACE TEMP TABLE {NOW} AS FROM mention SEMI JOIN fresh_mention USING (mention_id)")


_LIMITS = "SELECT rule, max_block, dropped_blocks > 0 FROM blocking_rule"


def _count(db: Engine, number: int, rule: Rule, max_block: int, budget: int, before: tuple[int, bool]) -> Kept:
    now, was = keys_sql(rule, NOW), keys_sql(rule, WAS)
    _near(db, number, rule, (now, was))
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE touched_key AS
        WITH now AS (SELECT key, count(*) AS n FROM near_{number} GROUP BY key),
        came AS (SELECT key, count(*) AS n FROM ({now}) GROUP BY key),
        went AS (SELECT key, count(*) AS n FROM ({was}) GROUP BY key)
        SELECT key, coalesce(now.n, 0) AS n, coalesce(now.n, 0) - coalesce(came.n, 0) + coalesce(went.n, 0) AS n_before
        FROM (SELECT key FROM came UNION SELECT key FROM went)
        LEFT JOIN now USING (key) LEFT JOIN came USING (key) LEFT JOIN went USING (key)
        """
    )
    still: dict[int, int] = dict(db.rows(_STILL, [number]))
    told = dict(still)
    for n, blocks in db.rows("SELECT n, count(*) FROM touched_key WHERE n > 1 GROUP BY n"):
        told[n] = told.get(n, 0) + blocks
    sizes = [(n, blocks, blocks * (n * (n - 1) // 2)) for n, blocks in sorted(told.items()) if blocks]
    kept = keep(rule, sizes, max_block, budget)
    db.run(f"DELETE FROM block_size WHERE rule_no = {number}")
    db.insert("block_size", [(number, n, blocks) for n, blocks, _ in sizes])
    if any(blocks and _is_blocked(n, *before) != _is_blocked(n, kept.max_block, kept.dropped_blocks > 0)
           for n, blocks in still.items()):  # fmt: skip
        _count_all(db, number, rule, kept)
    else:
        _move(db, number, kept)
    return kept


_STILL = """
SELECT n, CAST(sum(blocks) AS BIGINT) FROM (
    SELECT size AS n, blocks FROM block_size WHERE rule_no = $1
    UNION ALL SELECT n_before, -count(*) FROM touched_key WHERE n_before > 1 GROUP BY n_before
) GROUP BY n
"""
"""Keys of each size that nothing changed tonight."""


def _is_blocked(n: int, limit: int, any_dropped: bool) -> bool:
    return any_dropped and n > limit


def _move(db: Engine, number: int, kept: Kept) -> None:
    """Judge the touched keys anew; all others stay on the side where they were."""
    is_blocked = f"n > {kept.max_block}" if kept.dropped_blocks else "false"
    known = f"SELECT key_hash FROM blocked_key WHERE rule_no = {number}"
    db.run(
        f"INSERT INTO drawn_in SELECT mention_id FROM near_{number} WHERE key IN ("
        f"SELECT key FROM touched_key WHERE n_before > 0 AND ({is_blocked}) <> (key IN ({known})))"
    )
    db.run(f"DELETE FROM blocked_key WHERE rule_no = {number} AND key_hash IN (SELECT key FROM touched_key)")
    db.run(f"INSERT INTO blocked_key SELECT {number}, key FROM touched_key WHERE {is_blocked}")


def _count_all(db: Engine, number: int, rule: Rule, kept: Kept) -> None:
    """Judge all keys of a rule anew, where the largest block that fits is not what it was."""
    keys = keys_sql(rule, "mention")
    limit = f"count(*) > {kept.max_block}" if kept.dropped_blocks else "false"
    db.run(f"CREATE OR REPLACE TEMP TABLE blocked_now AS SELECT key FROM ({keys}) GROUP BY key HAVING {limit}")
    before, now = f"SELECT key_hash AS key FROM blocked_key WHERE rule_no = {number}", "SELECT key FROM blocked_now"
    db.run(
        f"INSERT INTO drawn_in SELECT mention_id FROM ({keys}) "
        f"WHERE key IN (({before} EXCEPT {now}) UNION ALL ({now} EXCEPT {before}))"
    )
    db.run(f"DELETE FROM blocked_key WHERE rule_no = {number}")
    db.run(f"INSERT INTO blocked_key SELECT {number}, key FROM blocked_now")
    db.run("DROP TABLE blocked_now")


def _near(db: Engine, number: int, rule: Rule, keys: tuple[str, ...]) -> None:
    """Write ``near_<rule>``: all mentions with one of the keys."""
    wanted = " UNION ".join(f"SELECT key FROM ({query})" for query in keys)
    db.run(f"CREATE OR REPLACE TEMP TABLE wanted_key AS {wanted}")
    db.run(
        f"CREATE OR REPLACE TEMP TABLE near_{number} AS "
        f"FROM ({keys_sql(rule, 'mention', 'SEMI JOIN wanted_key USING (key)')})"
    )
    db.run("DROP TABLE wanted_key")


def keys_sql(rule: Rule, source: str, only: str = "") -> str:
    """Return the query of (mention_id, key) of a rule, each once, over rows like those of ``mention``.

    ``only`` is a join that keeps some keys; the engine does not take it into a ``DISTINCT`` by itself.
    """
    if rule.many:
        return (
            f"WITH mention AS (FROM {source}) SELECT DISTINCT mention_id, key "
            f"FROM (SELECT mention_id, hash(key) AS key FROM ({rule.key}) WHERE key IS NOT NULL) {only}"
        )
    key = hash_sql(rule.key, *rule.also)
    return f"SELECT mention_id, key FROM (SELECT mention_id, {key} AS key FROM {source}) {only} WHERE key IS NOT NULL"
