"""The blocking keys of every mention, kept from night to night: who shares one with a few mentions is looked up.

To make the keys of all mentions is to put text together many million times; to compare kept numbers is not.
"""

from __future__ import annotations

from linkage import contracts
from linkage.engine.base import Engine
from linkage.pairs.coding import hash_sql
from linkage.pairs.spec import Rule, Spec

TABLE = "mention_key"


def make(db: Engine, spec: Spec) -> None:
    """Write `TABLE` of all mentions from ``mention_code`` and, of rules with several keys, ``key_<number>``."""
    numbers = range(len(spec.rules))
    one = [f"CASE WHEN key_{n} IS NOT NULL THEN hash(key_{n}, {n}) END" for n in numbers if not spec.rules[n].many]
    several = [f"SELECT mention_id, hash(key, {n}) AS number FROM key_{n}" for n in numbers if spec.rules[n].many]
    several.append("SELECT CAST(NULL AS BIGINT), NULL WHERE false")
    db.run(contracts.table(TABLE).ddl())
    # Of all functions on lists this one leaves out what is null.
    every = f"list_distinct(list_concat(CAST([{', '.join(one)}] AS UBIGINT[]), told))"
    db.run(
        f"""
        INSERT INTO {TABLE}
        WITH told AS (SELECT mention_id, list(number) AS told FROM ({" UNION ALL ".join(several)}) GROUP BY mention_id)
        SELECT mention_id, list_sort({every}) FROM mention_code LEFT JOIN told USING (mention_id)
        """
    )


def renew(db: Engine, now: str, was: str) -> None:
    """Write the keys of the rows of table ``now``, which are in ``came_key``, in the place of those of ``was``."""
    moved = f"SELECT mention_id FROM {now} UNION ALL SELECT mention_id FROM {was}"
    db.run(f"DELETE FROM {TABLE} WHERE mention_id IN ({moved})")
    db.run(
        f"""
        INSERT INTO {TABLE}
        WITH told AS (
            SELECT mention_id, list_sort(list(hash(key, rule_no))) AS told FROM came_key GROUP BY mention_id)
        SELECT mention_id, coalesce(told, []) FROM {now} LEFT JOIN told USING (mention_id)
        """
    )


def near(db: Engine) -> None:
    """Write ``near_key`` (rule_no, mention_id, key): who has one of the keys of ``came_key`` and ``went_key``."""
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE near_key AS
        WITH wanted AS (
            SELECT rule_no, key, hash(key, rule_no) AS number
            FROM (SELECT rule_no, key FROM came_key UNION SELECT rule_no, key FROM went_key))
        SELECT rule_no, mention_id, key
        FROM (SELECT mention_id, unnest(keys) AS number FROM {TABLE}) JOIN wanted USING (number)
        """
    )


def keys_sql(rule: Rule, source: str) -> str:
    """Return the query of (mention_id, key) of a rule, each once, over rows like those of ``mention``."""
    if rule.many:
        return (
            f"WITH mention AS (FROM {source}) SELECT DISTINCT mention_id, hash(key) AS key FROM ({rule.key}) "
            "WHERE key IS NOT NULL"
        )
    key = hash_sql(rule.key, *rule.also)
    return f"SELECT mention_id, key FROM (SELECT mention_id, {key} AS key FROM {source}) WHERE key IS NOT NULL"
