"""The blocking keys of every mention, kept from night to night: who shares one with a few mentions is looked up.

To make the keys of all mentions is to put text together many million times; to compare kept numbers is not. A number
has 32 bits, so that a few mentions are found that share none: whoever looks makes the keys of these from their text.
"""

from __future__ import annotations

from collections.abc import Callable

from linkage import contracts
from linkage.engine.base import Engine
from linkage.pairs.coding import hash_sql
from linkage.pairs.spec import Rule, Spec

TABLE = "mention_key"


def make(db: Engine, spec: Spec) -> None:
    """Write `TABLE` of all mentions from ``mention_code`` and, of rules with several keys, ``key_<number>``."""
    db.run(contracts.table(TABLE).ddl())
    _insert(db, spec, "mention_code", "key_{}".format)


def renew(db: Engine, spec: Spec, now: str, was: str) -> None:
    """Write the keys of the rows of table ``now`` in the place of those of ``was``."""
    moved = f"SELECT mention_id FROM {now} UNION ALL SELECT mention_id FROM {was}"
    db.run(f"DELETE FROM {TABLE} WHERE mention_id IN ({moved})")
    one = [f"{hash_sql(rule.key, *rule.also)} AS key_{n}" for n, rule in enumerate(spec.rules) if not rule.many]
    coded = f"(SELECT {', '.join(['mention_id', *one])} FROM {now})"
    _insert(db, spec, coded, lambda number: f"({keys_sql(spec.rules[number], now)})")


def _insert(db: Engine, spec: Spec, coded: str, several_of: Callable[[int], str]) -> None:
    """Add the keys of mentions: ``coded`` has a column for each rule with one key, and of others a table has rows."""
    numbers = range(len(spec.rules))
    one = [_number(n, f"key_{n}") for n in numbers if not spec.rules[n].many]
    several = [f"SELECT mention_id, {_number(n)} AS number FROM {several_of(n)}" for n in numbers if spec.rules[n].many]
    several.append("SELECT CAST(NULL AS BIGINT), NULL WHERE false")
    db.run(
        f"""
        INSERT INTO {TABLE}
        WITH told AS (SELECT mention_id, list(number) AS told FROM ({" UNION ALL ".join(several)}) GROUP BY mention_id)
        SELECT mention_id, list_sort(list_concat(CAST([{", ".join(one)}] AS UINTEGER[]), told))
        FROM {coded} LEFT JOIN told USING (mention_id)
        """
    )


def near(db: Engine, spec: Spec, fresh: str, was: str) -> str:
    """Return the query of the mentions (mention_id) that share a key with one of two tables, and of a few that do not.

    ``fresh`` is a table of mentions as they are, ``was`` has rows like those of ``mention``.
    """
    db.run(
        f"CREATE OR REPLACE TEMP TABLE wanted_number AS SELECT unnest(keys) AS number FROM {TABLE} "
        f"SEMI JOIN {fresh} USING (mention_id) UNION SELECT number FROM ({_numbers_sql(spec, was)})"
    )
    every = f"SELECT mention_id, unnest(keys) AS number FROM {TABLE}"
    return f"SELECT DISTINCT mention_id FROM ({every}) SEMI JOIN wanted_number USING (number)"


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


def _numbers_sql(spec: Spec, source: str) -> str:
    told = [f"SELECT mention_id, {_number(n)} AS number FROM ({keys_sql(r, source)})" for n, r in enumerate(spec.rules)]
    return " UNION ALL ".join(told)


def _number(rule: int, key: str = "key") -> str:
    """Return the SQL of what is kept of a key; two rules have no number in common but by chance."""
    return f"CASE WHEN {key} IS NOT NULL THEN CAST(hash({key}, {rule}) >> 32 AS UINTEGER) END"
