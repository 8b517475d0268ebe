"""Blocking makes every pair of every rule once, and what it leaves out it says."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import BudgetError, ConfigError
from linkage.pairs import blocking, blocks
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


def by_hand(rows: Rows, rule: Rule) -> list[set[int]]:
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
        for block in by_hand(rows, rule):
            pairs = {
                p for p in combinations(sorted(block), 2) if not two_sided or {rows[n]["side"] for n in p} == {1, 2}
            }
            if len(block) > 1:
                sizes[len(block)].append(pairs)
        is_full, kept = False, 0
        for size in sorted(sizes):
            many = sum(len(pairs) for pairs in sizes[size])
            if not kept and not is_full and budget < many and size <= max_block:
                return None
            if is_full := is_full or size > max_block or many > budget:
                continue
            budget, kept = budget - many, size
            for pair in set().union(*sizes[size]):
                masks[pair] |= 1 << number
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
            with pytest.raises(BudgetError, match=r"blocking rule .* does not fit the pair budget"):
                made(db, rows, rules, two_sided, budget=budget, max_block=max_block)
            return
        found = made(db, rows, rules, two_sided, budget=budget, max_block=max_block)
    assert len(found) == len({row[:2] for row in found})
    assert {row[:2]: row[2] for row in found} == by_hand


def test_a_rule_that_just_fits_the_budget_is_made(db: DuckDBEngine) -> None:
    rows = [{"side": 1, "a": 1, "b": None, "c": None, "tags": [], "words": []}] * 3
    assert len(made(db, rows, RULES[:1], False, budget=3, max_block=10)) == 3
    with pytest.raises(BudgetError, match="does not fit"):
        made(db, rows, RULES[:1], False, budget=2, max_block=10)


def test_what_was_too_common_is_counted(db: DuckDBEngine) -> None:
    rows = [{"side": 1, "a": a, "b": None, "c": None, "tags": [], "words": []} for a in (1, 1, 1, 2, 2)]
    found = made(db, rows, RULES[:1], False, budget=100, max_block=2)
    assert [row[:2] for row in found] == [(3, 4)]
    told = db.rows("SELECT rule, max_block, dropped_blocks, dropped_mentions, pairs FROM blocking_rule")
    assert told == [("a", 2, 1, 3, 1)]


def in_process(rows: Rows, rules: tuple[Rule, ...], two_sided: bool, budget: int) -> Any:
    """The pairs of `blocks` with the rule that makes each, and what it tells of the rules."""
    columns = [tuple("abc".index(column) for column in (rule.key, *rule.also)) for rule in rules]
    codes = blocks.side_by_side(len(rows), 3)
    for n, row in enumerate(rows):
        codes[n, :3] = [-1 if row[column] is None else row[column] + 1 for column in "abc"]
    second = sum(row["side"] == 1 for row in rows)
    sizes = (second, len(rows) - second) if two_sided else (len(rows),)
    found, kept = blocks.blocks(codes, rules, columns, sizes, budget=budget, threads=2)
    made = [
        (int(a), int(b), number)
        for number, piece in found.pieces()
        for a, b in zip(*found.pairs(number, piece)[:2], strict=True)
    ]
    return made, kept


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(ROW, max_size=14),
    chosen=st.lists(st.sampled_from([0, 2]), min_size=1, max_size=3),
    two_sided=st.booleans(),
    budget=st.sampled_from([1000, 25, 8, 2]),
    piece=st.sampled_from([1000, 1]),
)
@example([{"side": 1, "a": 0, "b": None, "c": 0, "tags": [], "words": []}] * 3, [0, 0], True, 1000, 1)
def test_blocks_in_process_are_those_of_the_engine(db, rows, chosen, two_sided, budget, piece) -> None:
    rows = sorted(rows, key=lambda row: row["side"])
    rules = tuple(replace(RULES[n], name=f"rule {place}", why="") for place, n in enumerate(chosen))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "PIECE", piece)
        try:
            expected = made(db, rows, rules, two_sided, budget=budget, max_block=2**31 - 1)
        except BudgetError as error:
            with pytest.raises(BudgetError, match=str(error)):
                in_process(rows, rules, two_sided, budget)
            return
        told = db.rows("SELECT * FROM blocking_rule")
        found, kept = in_process(rows, rules, two_sided, budget)
    first = {row[:2]: (row[2] & -row[2]).bit_length() - 1 for row in expected}
    assert sorted(found) == sorted((*pair, number) for pair, number in first.items())
    assert [tuple(row) for row in kept.itertuples(index=False)] == told


def test_more_rules_than_a_pair_can_tell_are_refused(db: DuckDBEngine) -> None:
    rows = [{"side": 1, "a": 1, "b": None, "c": None, "tags": [], "words": []}] * 2
    told = made(db, rows, RULES[:1] * 31, False, budget=1000, max_block=10)
    assert told == [(0, 1, 2**31 - 1)]
    with pytest.raises(ConfigError, match="32 blocking rules are more than the 31"):
        made(db, rows, RULES[:1] * 32, False, budget=1000, max_block=10)


def test_forty_rules_make_every_pair_once_in_process(db: DuckDBEngine) -> None:
    """Rules are the bits of whole bytes there, as many as there are."""
    rows = [{"side": 1, "a": n % 3, "b": n % 2, "c": 0, "tags": [], "words": []} for n in range(12)]
    rules = (RULES[0],) * 39 + (RULES[2],)
    made(db, rows, RULES[:1], False, budget=1000, max_block=1000)
    found, _ = in_process(rows, rules, False, budget=10_000)
    apart = {(a, b): b - a for a, b in combinations(range(12), 2)}
    expected = {pair: 0 if n % 3 == 0 else 39 for pair, n in apart.items() if n % 3 == 0 or n % 2 == 0}
    assert {pair[:2]: pair[2] for pair in found} == expected
    assert len(found) == len(expected)


@pytest.mark.parametrize("two_sided", [True, False])
def test_a_later_rule_makes_the_pairs_of_a_block_that_was_too_large(two_sided: bool) -> None:
    same = [(1, 5), (1, 6), (2, None), (1, 5), (1, 7), (2, None)]
    rows = [{"side": 1 + n // 3, "a": a, "b": b, "c": b} for n, (a, b) in enumerate(same)]
    found, kept = in_process(rows, (RULES[0], RULES[2]), two_sided, 3)
    assert sorted(found) == [(0, 3, 1), (2, 5, 0)]
    assert kept["dropped_mentions"].tolist() == [4, 0]


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("lost", [0, 60], ids=["all bits fit", "nearly all bits are lost"])
def test_rows_that_share_a_key_are_put_in_order(seed: int, lost: int) -> None:
    """Of a million rows twenty bits of a key are lost in sorting, where they are set."""
    draw = np.random.default_rng(seed)
    keys = draw.integers(0, 200, 500, dtype=np.uint64) << np.uint64(56)
    keys = (keys >> np.uint64(lost)) + (draw.integers(0, 3, 500, dtype=np.uint64) << np.uint64(62))
    order, starts = blocks.in_order(keys)
    shared = Counter(keys.tolist())
    expected = [n for n in np.lexsort((np.arange(500), keys)).tolist() if keys[n] and shared[keys[n]] > 1]
    assert order.tolist() == expected
    told = keys[expected]
    assert starts.tolist() == [n for n in range(len(told)) if not n or told[n] != told[n - 1]]
    assert 0 < len(expected) < 500


def test_rows_without_keys_have_no_order() -> None:
    for keys in (np.zeros(3, dtype=np.uint64), np.zeros(0, dtype=np.uint64), np.array([0, 5, 9], dtype=np.uint64)):
        assert [part.tolist() for part in blocks.in_order(keys)] == [[], []]


@pytest.mark.parametrize("width", [2, 14, 24, 31])
def test_a_key_tells_combinations_apart_however_long_they_are(width: int) -> None:
    """Numbers of three columns stand beside each other in 64 bits, or their hash does."""
    draw = np.random.default_rng(width)
    few = draw.integers(1, 2**width, 6, dtype=np.int32)
    codes = draw.choice(np.r_[np.int32(-1), few], (400, 8)).astype(np.int32)
    keys = blocks.keys(codes, (0, 2, 5))
    told = [tuple(row) for row in codes[:, [0, 2, 5]].tolist()]
    assert (keys == 0).tolist() == [-1 in row for row in told]
    known = {(key, row) for key, row in zip(keys.tolist(), told, strict=True) if -1 not in row}
    assert len(known) == len({key for key, _ in known}) == len({row for _, row in known}) > 100 * (width > 2)
