"""Blocking makes every pair of every rule once, and what it leaves out it says."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import StoreError
from linkage.pairs import blocking
from linkage.pairs.coding import code
from linkage.pairs.compare import Comparer
from linkage.pairs.spec import Comparison, Level, Rule, Spec

SAME = Comparison("a", (Level("equal", 0, ""), Level("different", 0, "")), "CASE WHEN l.a = r.a THEN 1 ELSE 2 END")
RULES = (
    Rule("a", "the same a", "a"),
    Rule("tag", "a shared tag", "SELECT mention_id, unnest(tags) AS key FROM mention", many=True),
    Rule("b and c", "the same b and c", "b", also=("c",)),
    Rule("word", "a shared word", "SELECT mention_id, unnest(words) AS key FROM mention", many=True),
)
ROW = st.fixed_dictionaries(
    {
        "side": st.sampled_from([1, 2]),
        "a": st.none() | st.integers(0, 3),
        "b": st.none() | st.integers(0, 2),
        "c": st.none() | st.integers(0, 2),
        "tags": st.lists(st.integers(0, 4), max_size=3),
        "words": st.lists(st.integers(0, 9), max_size=3),
    }
)
Rows = list[dict[str, Any]]
Pair = tuple[int, int]


@pytest.fixture(scope="module")
def db() -> Iterator[DuckDBEngine]:
    with DuckDBEngine() as engine:
        yield engine


def made(
    db: DuckDBEngine, rows: Rows, rules: tuple[Rule, ...], two_sided: bool, **limits: int
) -> list[tuple[Any, ...]]:
    pairs = "l.side = 1 AND r.side = 2" if two_sided else "l.mention_id < r.mention_id"
    spec = Spec((SAME,), rules, {"side": "side", "a": "a"}, pairs=pairs, two_sided=two_sided)
    db.run(
        "CREATE OR REPLACE TEMP TABLE mention "
        "(mention_id INTEGER, side TINYINT, a INTEGER, b INTEGER, c INTEGER, tags INTEGER[], words INTEGER[])"
    )
    if rows:
        db.append("mention", pd.DataFrame([{"mention_id": n, **row} for n, row in enumerate(rows)], dtype=object))
    code(db, spec)
    Comparer(db, spec).candidates("made", **limits)
    return db.rows("SELECT left_id, right_id, rules FROM made")


def blocks(rows: Rows, rule: Rule) -> list[set[int]]:
    """The rows of each key of a rule, by hand."""
    found: dict[Any, set[int]] = defaultdict(set)
    for n, row in enumerate(rows):
        if rule.many:
            for key in row["tags" if rule.name == "tag" else "words"]:
                found[key].add(n)
        elif None not in (key := [row[c] for c in (rule.key, *rule.also)]):
            found[tuple(key)].add(n)
    return list(found.values())


def expected(
    rows: Rows, rules: tuple[Rule, ...], two_sided: bool, budget: int, max_block: int
) -> dict[Pair, int] | None:
    """The pairs with the rules that find them as bits, by hand; none where a rule's smallest blocks do not fit."""
    masks: Counter[Pair] = Counter()
    for number, rule in enumerate(rules):
        sizes: dict[int, list[set[Pair]]] = defaultdict(list)
        for block in blocks(rows, rule):
            pairs = {
                p for p in combinations(sorted(block), 2) if not two_sided or {rows[n]["side"] for n in p} == {1, 2}
            }
            if len(block) > 1:
                sizes[len(block)].append(pairs)
        is_full, kept = False, 0
        for size in sorted(sizes):
            many = sum(len(pairs) for pairs in sizes[size])
            if is_full := is_full or size > max_block or many > budget:
                continue
            budget, kept = budget - many, size
            for pair in set().union(*sizes[size]):
                masks[pair] |= 1 << number
        if is_full and not kept:
            return None
    return dict(masks)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(ROW, max_size=14),
    chosen=st.sets(st.sampled_from(range(4)), min_size=1),
    two_sided=st.booleans(),
    budget=st.sampled_from([1000, 25, 8, 2]),
    max_block=st.sampled_from([1000, 4, 2]),
    chunk=st.sampled_from([1000, 3]),
)
@example([{"side": 1, "a": 0, "b": 0, "c": 0, "tags": [1, 2], "words": [1]}] * 3, {0, 1, 2, 3}, False, 1000, 1000, 3)
def test_every_pair_is_made_once(db, rows, chosen, two_sided, budget, max_block, chunk) -> None:
    rows = sorted(rows, key=lambda row: row["side"])
    rules = tuple(RULES[n] for n in sorted(chosen))
    by_hand = expected(rows, rules, two_sided, budget, max_block)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocking, "CHUNK", chunk)
        if by_hand is None:
            with pytest.raises(StoreError, match=r"blocking rule .* does not fit the pair budget"):
                made(db, rows, rules, two_sided, budget=budget, max_block=max_block)
            return
        found = made(db, rows, rules, two_sided, budget=budget, max_block=max_block)
    assert len(found) == len({row[:2] for row in found})
    assert {row[:2]: row[2] for row in found} == by_hand


def test_a_rule_that_just_fits_the_budget_is_made(db: DuckDBEngine) -> None:
    rows = [{"side": 1, "a": 1, "b": None, "c": None, "tags": [], "words": []}] * 3
    assert len(made(db, rows, RULES[:1], False, budget=3, max_block=10)) == 3
    with pytest.raises(StoreError, match="does not fit"):
        made(db, rows, RULES[:1], False, budget=2, max_block=10)


def test_what_was_too_common_is_counted(db: DuckDBEngine) -> None:
    rows = [{"side": 1, "a": a, "b": None, "c": None, "tags": [], "words": []} for a in (1, 1, 1, 2, 2)]
    found = made(db, rows, RULES[:1], False, budget=100, max_block=2)
    assert [row[:2] for row in found] == [(3, 4)]
    told = db.rows("SELECT rule, max_block, dropped_blocks, dropped_mentions, pairs FROM blocking_rule")
    assert told == [("a", 2, 1, 3, 1)]
