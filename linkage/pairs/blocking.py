"""Candidate pairs: named equi-join rules, counted against a budget before a pair is made.

A key that more mentions share than fits the budget is left to the narrower rules and counted in
``blocking_rule``, so that a shelter or a default value can never explode the night. A pair that several rules
find is made by the first of them: the others' keys stand beside it, so that no set of pairs has to be united.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from linkage import contracts
from linkage.engine.base import Engine
from linkage.errors import BudgetError, ConfigError
from linkage.pairs.spec import Rule, Spec

CHUNK = 4_000_000
"""Pairs in memory at a time, at most about 25 bytes each."""
MOST_RULES = 31
"""Rules of one pass: those that find a pair are the bits of a signed integer of 32 bits."""


def pair_budget(mentions: int, per_mention: float) -> int:
    """Return how many pairs one pass may make: in proportion to the mentions, never quadratic."""
    return max(10_000, int(per_mention * mentions))


KEPT = ("blocking_rule", "blocked_key", "block_size")
"""What is written of the blocks, for people and for the next night (`fresh`)."""


def write_keys(db: Engine, spec: Spec) -> None:
    """Write ``key_<number>`` (mention_id, key; side of two tables) of the rules with several keys a mention."""
    side, told = (", side", "JOIN mention USING (mention_id)") if spec.two_sided else ("", "")
    for number, rule in enumerate(spec.rules):
        if rule.many:
            db.run(
                f"CREATE OR REPLACE TEMP TABLE key_{number} AS SELECT DISTINCT mention_id{side}, hash(key) AS key "
                f"FROM ({rule.key}) {told} WHERE key IS NOT NULL"
            )


def candidates(
    db: Engine, spec: Spec, *, budget: int, max_block: int, are_keyed: bool = False
) -> Iterator[tuple[str, str]]:
    """Count the rules' blocks into the tables of `KEPT`; yield the queries that make the pairs.

    Each is the SQL of the rules that find a pair, as bits, and ``FROM … WHERE …`` over rows ``l`` and ``r`` of
    mentions, about `CHUNK` pairs large; every pair is made once. Raises `BudgetError` when even blocks of two do not
    fit the budget, `ConfigError` for more than `MOST_RULES` rules. With ``are_keyed`` the keys are written already.
    """
    if len(spec.rules) > MOST_RULES:
        raise ConfigError(
            f"{len(spec.rules)} blocking rules are more than the {MOST_RULES} that one pass can tell apart"
        )
    for name in KEPT:
        db.run(contracts.table(name).ddl())
    left, made = budget, []
    if not are_keyed:
        write_keys(db, spec)
    for number, rule in enumerate(spec.rules):
        pairs = _count(db, number, rule, max_block, left, two_sided=spec.two_sided)
        left -= pairs
        made.append(pairs)
    return _queries(db, spec, made)


def _queries(db: Engine, spec: Spec, made: list[int]) -> Iterator[tuple[str, str]]:
    """Yield the queries of `candidates`; ``made`` are the pairs that each rule makes at most.

    Reads ``mention_code`` and, of rules with several keys a mention, ``key_<number>``, both without blocked keys.
    """
    several = [n for n, rule in enumerate(spec.rules) if rule.many]
    if several:
        _pairs_of_many(db, several)
    for number, pairs in enumerate(made):
        if number not in several:
            yield from _parts(pairs, *_single(spec, number, several))
    if several:
        yield from _parts(sum(made[n] for n in several), *_rest(spec))
        db.run("DROP TABLE many_pair")


def _parts(pairs: int, rules: str, query: str) -> Iterator[tuple[str, str]]:
    parts = -(-pairs // CHUNK)
    for part in range(parts):
        yield rules, f"{query} AND l.mention_id % {parts} = {part}" if parts > 1 else query


def _single(spec: Spec, number: int, several: list[int]) -> tuple[str, str]:
    """The pairs of a rule with one key a mention that no earlier such rule makes."""
    earlier = "".join(f" AND NOT {_finds(n)}" for n in range(number) if n not in several)
    found = _bits(n for n in range(number, len(spec.rules)) if n not in several)
    beside = "LEFT JOIN many_pair m ON m.left_id = l.mention_id AND m.right_id = r.mention_id" if several else ""
    more = " | coalesce(m.found, 0)" if several else ""
    joined = f"FROM mention_code l JOIN mention_code r ON l.key_{number} = r.key_{number} {beside}"
    return found + more, f"{joined} WHERE {spec.pairs}{earlier}"


def _rest(spec: Spec) -> tuple[str, str]:
    """The pairs that only rules with several keys a mention find."""
    earlier = "".join(f" AND NOT {_finds(n)}" for n, rule in enumerate(spec.rules) if not rule.many)
    joined = (
        "FROM many_pair m JOIN mention_code l ON l.mention_id = m.left_id "
        "JOIN mention_code r ON r.mention_id = m.right_id"
    )
    return "m.found", f"{joined} WHERE {spec.pairs}{earlier}"


def _pairs_of_many(db: Engine, several: list[int]) -> None:
    """Write ``many_pair`` (left_id, right_id, found): a mention's several keys may find a pair more than once."""
    made = " UNION ALL ".join(
        f"SELECT l.mention_id AS left_id, r.mention_id AS right_id, {1 << n} AS bit "
        f"FROM key_{n} l JOIN key_{n} r ON l.key = r.key AND l.mention_id < r.mention_id"
        for n in several
    )
    db.run(
        "CREATE OR REPLACE TEMP TABLE many_pair AS "
        f"SELECT left_id, right_id, CAST(bit_or(bit) AS INTEGER) AS found FROM ({made}) GROUP BY left_id, right_id"
    )
    for n in several:
        db.run(f"DROP TABLE key_{n}")


def _bits(numbers: Iterable[int]) -> str:
    return " | ".join(f"(CAST({_finds(n)} AS INTEGER) << {n})" for n in numbers)


def _finds(number: int) -> str:
    return f"coalesce(l.key_{number} = r.key_{number}, false)"


def _count(db: Engine, number: int, rule: Rule, max_block: int, budget: int, *, two_sided: bool) -> int:
    """Leave only the keys of one rule that fit the budget; return the pairs that they will make at most."""
    key, table = ("key", f"key_{number}") if rule.many else (f"key_{number}", "mention_code")
    first, made = ("count(*) FILTER (WHERE side = 1)", "a * (n - a)") if two_sided else ("count(*)", PAIRS_OF_N)
    sizes = f"SELECT {key} AS key, count(*) AS n, {first} AS a FROM {table} WHERE {key} IS NOT NULL GROUP BY {key}"
    told = db.rows(f"SELECT n, count(*), sum({made}) FROM ({sizes}) WHERE n > 1 GROUP BY n ORDER BY n")
    kept = keep(rule, told, max_block, budget)
    if kept.dropped_blocks:
        db.run(f"INSERT INTO blocked_key SELECT {number}, key FROM ({sizes}) WHERE n > {kept.max_block}")
        change = f"DELETE FROM {table}" if rule.many else f"UPDATE {table} SET {key} = NULL"
        db.run(f"{change} WHERE {key} IN (SELECT key_hash FROM blocked_key WHERE rule_no = {number})")
    db.insert("block_size", [(number, n, blocks) for n, blocks, _ in told])
    db.run("INSERT INTO blocking_rule VALUES (?, ?, ?, ?, ?, ?)", [rule.name, rule.why, *kept])
    return kept.pairs


PAIRS_OF_N = "n * (n - 1) // 2"


class Kept(NamedTuple):
    """What is compared of one rule: the largest block, the blocks above it with their mentions, and the pairs."""

    max_block: int
    dropped_blocks: int
    dropped_mentions: int
    pairs: int


def keep(rule: Rule, sizes: Iterable[tuple[Any, ...]], max_block: int, budget: int) -> Kept:
    """Return how much of a rule fits the budget, smallest blocks first.

    ``sizes`` are (mentions of a block, blocks of that size, pairs that they make), ascending from blocks of two. Raises
    `BudgetError` when the budget does not even hold the smallest.
    """
    kept, limit, blocks, mentions = 0, 0, 0, 0
    for n, same, pairs in sizes:
        if blocks or n > max_block or kept + int(pairs) > budget:
            if not blocks and not limit and n <= max_block:
                raise BudgetError(rule.name)
            blocks, mentions = blocks + int(same), mentions + int(n * same)
        else:
            kept, limit = kept + int(pairs), int(n)
    return Kept(limit, blocks, mentions, kept)
