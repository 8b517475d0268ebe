"""Candidate pairs of the mentions that are new or say something else: only the blocks that they are in are read.

What the blocks of all others come to is known from the night before: how many keys are shared by how many mentions, and
which keys are too common. Of a key that becomes too common tonight, or is so no longer, all mentions are compared anew.
"""

from __future__ import annotations

import pandas as pd

from linkage.engine.base import Engine
from linkage.pairs import keys
from linkage.pairs.blocking import Kept, keep
from linkage.pairs.coding import columns
from linkage.pairs.keys import keys_sql
from linkage.pairs.spec import Rule, Spec

WAS = "was_mention"
"""What mentions said before that are gone or fresh now, as rows of ``mention``."""
COMPARED = "compared_mention"
"""The mentions whose pairs are compared anew: the fresh ones, and who has a key that changed sides."""
NOW = "now_mention"
"""What these say."""
Sizes = dict[int, dict[int, int]]
"""How many keys of each rule so many mentions share."""


def pairs(db: Engine, spec: Spec, *, budget: int, max_block: int) -> None:
    """Write `COMPARED`, and ``few_pair`` (left_id, right_id, rules): who shares a key with one of them.

    Pairs on one record are among them. Reads ``fresh_mention`` and `WAS`; leaves `NOW`. Brings the tables of the blocks
    up to tonight. Raises `BudgetError` as `blocking.candidates` does.
    """
    db.run(f"CREATE OR REPLACE TEMP TABLE {COMPARED} AS FROM fresh_mention")
    _count(db, spec, budget=budget, max_block=max_block)
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE few_pair AS
        SELECT least(f.mention_id, n.mention_id) AS left_id, greatest(f.mention_id, n.mention_id) AS right_id,
               CAST(bit_or(1 << f.rule_no) AS INTEGER) AS rules
        FROM (FROM near_key SEMI JOIN {COMPARED} USING (mention_id)) f
        JOIN near_key n ON n.key = f.key AND n.rule_no = f.rule_no AND n.mention_id <> f.mention_id
        GROUP BY ALL
        """
    )
    db.run("DROP TABLE near_key")


def _count(db: Engine, spec: Spec, *, budget: int, max_block: int) -> None:
    """Bring the tables of the blocks up to tonight, and leave in ``near_key`` the keys that are not too common."""
    before = {row[0]: (int(row[1]), bool(row[2])) for row in db.rows(_LIMITS)}
    _read_fresh(db, spec)
    keys.renew(db, NOW, WAS)
    keys.near(db)
    db.run(_TOUCHED)
    still, touched = _sizes(db, _STILL), _sizes(db, _MADE)
    for name in ("blocking_rule", "block_size"):
        db.run(f"DELETE FROM {name}")
    made, anew, left, sizes = [], {}, budget, []
    for number, rule in enumerate(spec.rules):
        told = _told(still.get(number, {}), touched.get(number, {}))
        kept = keep(rule, told, max_block, left)
        sizes += [(number, n, blocks) for n, blocks, _ in told]
        if _is_other(still.get(number, {}), before.get(rule.name, (0, False)), kept):
            anew[number] = kept
        made.append(kept)
        left -= kept.pairs
    db.append("block_size", pd.DataFrame(sizes, columns=["rule_no", "size", "blocks"], dtype="int64"))
    db.insert("blocking_rule", [(rule.name, rule.why, *kept) for rule, kept in zip(spec.rules, made, strict=True)])
    db.run("CREATE OR REPLACE TEMP TABLE drawn_in (mention_id BIGINT)")
    _move(db, {number: kept for number, kept in enumerate(made) if number not in anew})
    for number, kept in anew.items():
        _count_all(db, number, spec.rules[number], kept)
    if db.rows("SELECT 1 FROM drawn_in LIMIT 1"):
        db.run(
            f"INSERT INTO {COMPARED} SELECT DISTINCT mention_id FROM drawn_in ANTI JOIN {COMPARED} USING (mention_id)"
        )
        _read_fresh(db, spec)
        keys.near(db)
    db.run("DELETE FROM near_key AS n USING blocked_key AS b WHERE b.rule_no = n.rule_no AND b.key_hash = n.key")
    for name in ("touched_key", "came_key", "went_key"):
        db.run(f"DROP TABLE {name}")


def _read_fresh(db: Engine, spec: Spec) -> None:
    """Write `NOW`, and ``came_key`` and ``went_key`` (rule_no, mention_id, key): the keys of `NOW` and of `WAS`.

    What came tonight stands together in ``mention``, and the rest of it is not read.
    """
    [(first, last)] = db.rows(f"SELECT min(rowid), max(rowid) FROM mention SEMI JOIN {COMPARED} USING (mention_id)")
    there = f"rowid BETWEEN {first} AND {last}" if first is not None else "false"
    db.run(
        f"CREATE OR REPLACE TEMP TABLE {NOW} AS SELECT {columns(spec)} FROM mention "
        f"SEMI JOIN {COMPARED} USING (mention_id) WHERE {there}"
    )
    for name, source in (("came_key", NOW), ("went_key", WAS)):
        every = " UNION ALL ".join(
            f"SELECT {n} AS rule_no, mention_id, key FROM ({keys_sql(rule, source)})"
            for n, rule in enumerate(spec.rules)
        )
        db.run(f"CREATE OR REPLACE TEMP TABLE {name} AS {every}")


_LIMITS = "SELECT rule, max_block, dropped_blocks > 0 FROM blocking_rule"

_TOUCHED = """
CREATE OR REPLACE TEMP TABLE touched_key AS
WITH now AS (SELECT rule_no, key, count(*) AS n FROM near_key GROUP BY rule_no, key),
came AS (SELECT rule_no, key, count(*) AS n FROM came_key GROUP BY rule_no, key),
went AS (SELECT rule_no, key, count(*) AS n FROM went_key GROUP BY rule_no, key)
SELECT rule_no, key, coalesce(now.n, 0) AS n,
       coalesce(now.n, 0) - coalesce(came.n, 0) + coalesce(went.n, 0) AS n_before
FROM (SELECT rule_no, key FROM came UNION SELECT rule_no, key FROM went)
LEFT JOIN now USING (rule_no, key) LEFT JOIN came USING (rule_no, key) LEFT JOIN went USING (rule_no, key)
"""
_STILL = """
SELECT rule_no, n, CAST(sum(blocks) AS BIGINT) FROM (
    SELECT rule_no, size AS n, blocks FROM block_size
    UNION ALL SELECT rule_no, n_before, -count(*) FROM touched_key WHERE n_before > 1 GROUP BY rule_no, n_before
) GROUP BY rule_no, n
"""
"""Keys of each size that nothing changed tonight."""
_MADE = "SELECT rule_no, n, count(*) FROM touched_key WHERE n > 1 GROUP BY rule_no, n"


def _sizes(db: Engine, query: str) -> Sizes:
    found: Sizes = {}
    for number, n, blocks in db.rows(query):
        found.setdefault(number, {})[n] = blocks
    return found


def _told(still: dict[int, int], touched: dict[int, int]) -> list[tuple[int, int, int]]:
    """Return the sizes of a rule's blocks, of which two parts are known, as `keep` takes them."""
    told = {n: still.get(n, 0) + touched.get(n, 0) for n in sorted(still.keys() | touched.keys())}
    return [(n, blocks, blocks * (n * (n - 1) // 2)) for n, blocks in told.items() if blocks]


def _is_other(still: dict[int, int], before: tuple[int, bool], kept: Kept) -> bool:
    """Tell whether a key that nothing changed is on the other side now."""
    now = kept.max_block, kept.dropped_blocks > 0
    return any(blocks and _is_blocked(n, *before) != _is_blocked(n, *now) for n, blocks in still.items())


def _is_blocked(n: int, limit: int, any_dropped: bool) -> bool:
    return any_dropped and n > limit


def _move(db: Engine, made: dict[int, Kept]) -> None:
    """Judge the touched keys of some rules anew; all others stay on the side where they were."""
    limits = [(number, kept.max_block if kept.dropped_blocks else NO_LIMIT) for number, kept in made.items()]
    db.register("block_limit", pd.DataFrame(limits, columns=["rule_no", "most"], dtype="int64"))
    db.run(
        """
        INSERT INTO drawn_in SELECT mention_id FROM near_key SEMI JOIN (
            SELECT t.rule_no, key FROM touched_key t JOIN block_limit USING (rule_no)
            LEFT JOIN blocked_key b ON b.rule_no = t.rule_no AND b.key_hash = key
            WHERE n_before > 0 AND (n > most) <> (b.key_hash IS NOT NULL)
        ) USING (rule_no, key)
        """
    )
    db.run(
        "DELETE FROM blocked_key AS b USING (FROM touched_key SEMI JOIN block_limit USING (rule_no)) AS t "
        "WHERE b.rule_no = t.rule_no AND b.key_hash = t.key"
    )
    db.run(
        "INSERT INTO blocked_key SELECT rule_no, key FROM touched_key JOIN block_limit USING (rule_no) WHERE n > most"
    )
    db.run("DROP TABLE block_limit")


NO_LIMIT = 2**62


def _count_all(db: Engine, number: int, rule: Rule, kept: Kept) -> None:
    """Judge all keys of a rule anew, where the largest block that fits is not what it was."""
    every = keys_sql(rule, "mention")
    limit = f"count(*) > {kept.max_block}" if kept.dropped_blocks else "false"
    db.run(f"CREATE OR REPLACE TEMP TABLE blocked_now AS SELECT key FROM ({every}) GROUP BY key HAVING {limit}")
    before, now = f"SELECT key_hash AS key FROM blocked_key WHERE rule_no = {number}", "SELECT key FROM blocked_now"
    db.run(
        f"INSERT INTO drawn_in SELECT mention_id FROM ({every}) "
        f"WHERE key IN (({before} EXCEPT {now}) UNION ALL ({now} EXCEPT {before}))"
    )
    db.run(f"DELETE FROM blocked_key WHERE rule_no = {number}")
    db.run(f"INSERT INTO blocked_key SELECT {number}, key FROM blocked_now")
    db.run("DROP TABLE blocked_now")
