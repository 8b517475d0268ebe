"""Cores brought up to a night are those that all pairs make, and every record that holds others is told."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from linkage import contracts
from linkage.engine.duckdb import DuckDBEngine
from linkage.pairs import cores, numbered, taken
from linkage.pairs.persons import PERSONS

SURE, UNSURE = 1, 2
CONTEXT = PERSONS.by_name["context"]
PAIR = ["left_id", "right_id", "rules", "pattern"]
Pairs = dict[tuple[int, int], tuple[int, int]]
"""Rules and pattern of a pair."""
World = tuple[dict[int, int], Pairs]
"""Record of each mention, and the pairs."""


def chance(patterns: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return the probability of patterns that say it; one that holds a context is an error of the code."""
    assert not (patterns & CONTEXT.mask).any()
    return (patterns == SURE).astype(np.float64)


def compared(dice: random.Random, mentions: list[int], wanted: int) -> Pairs:
    """Return pairs of mentions, most of them near together, so that cores stay small."""
    found: Pairs = {}
    for _ in range(wanted):
        one = dice.choice(mentions)
        other = one + dice.choice([1, 1, 2, 3, 17])
        if other in mentions:
            rules, level = dice.choice([(0, SURE), (3, SURE), (1, SURE), (1, UNSURE)])
            found[one, other] = rules, level | dice.randint(0, 4) << CONTEXT.shift
    return found


def write(db: DuckDBEngine, world: World) -> None:
    """Write the mentions and their pairs."""
    record, pairs = world
    db.register("mention", pd.DataFrame({"mention_id": list(record), "record_no": list(record.values())}))
    db.register("pair_told", pd.DataFrame([(*p, *told) for p, told in pairs.items()], columns=PAIR, dtype="int64"))
    numbered.write(db, "pair_told")


def tonight(dice: random.Random, db: DuckDBEngine, world: World) -> World:
    """Let mentions go, come and change; write what tells of it and their pairs, which are compared anew."""
    record, pairs = world
    gone = {m for m in record if dice.random() < 0.05}
    fresh = {m for m in record if m not in gone and dice.random() < 0.05}
    new = {max(record) + n: dice.randrange(14) for n in range(1, dice.randint(1, 4))}
    now = {m: r for m, r in record.items() if m not in gone} | new
    moved = gone | fresh | set(new)
    found = compared(dice, list(now), 40)
    came = {p: (1, told[1] & ~CONTEXT.mask) for p, told in found.items() if moved & {*p}}
    for name, ids in (("compared_mention", fresh | set(new)), ("gone_mention", gone), ("moved_mention", moved)):
        db.register(name, pd.DataFrame({"mention_id": list(ids)}, dtype="int64"))
    was = [(m, record[m]) for m in gone | fresh]
    db.register("was_mention", pd.DataFrame(was, columns=["mention_id", "record_no"], dtype="int64"))
    came_on = [(m, now[m]) for m in fresh | set(new)]
    db.register("now_mention", pd.DataFrame(came_on, columns=["mention_id", "record_no"], dtype="int64"))
    db.register("in_pair", pd.DataFrame([(*p, *told) for p, told in came.items()], columns=PAIR, dtype="int64"))
    db.register("mention", pd.DataFrame({"mention_id": list(now), "record_no": list(now.values())}))
    return now, {p: told for p, told in pairs.items() if not moved & {*p}} | came


def held(db: DuckDBEngine, record: dict[int, int]) -> dict[int, set[tuple[Any, ...]]]:
    """Return what each record holds: its mentions with their cores."""
    found: dict[int, set[tuple[Any, ...]]] = {r: set() for r in record.values()}
    for mention, core, relates in db.rows("SELECT mention_id, core, relates_records FROM mention_core"):
        found[record[mention]].add((mention, core, relates))
    return found


def whole(world: World, budget: int) -> list[tuple[Any, ...]]:
    """Return the cores that all pairs make."""
    with DuckDBEngine() as db:
        write(db, world)
        db.run(contracts.table("mention_core").ddl())
        cores.make(db, PERSONS, chance, "pair_told", budget)
        return db.rows("FROM mention_core ORDER BY ALL")


def by_hand(world: World) -> list[tuple[int, int, int, int]]:
    """Return mention, core, and the two counts of each core, counted one by one."""
    record, pairs = world
    core = {m: m for m in record}
    for _ in record:
        for (one, other), (rules, pattern) in pairs.items():
            if rules and pattern & ~CONTEXT.mask == SURE:
                core[one] = core[other] = min(core[one], core[other])
    on: dict[int, set[int]] = {}
    for mention, number in record.items():
        on.setdefault(number, set()).add(core[mention])
    stands = {c: [held for held in on.values() if c in held] for c in core.values()}
    return sorted((m, c, len(stands[c]), sum(map(len, stands[c]))) for m, c in core.items())


@pytest.mark.parametrize("seed", range(12))
def test_cores_in_place_are_those_of_all_pairs(seed: int) -> None:
    dice = random.Random(seed)
    record = {m: dice.randrange(14) for m in range(60)}
    world: World = record, compared(dice, list(record), 70)
    with DuckDBEngine() as db:
        write(db, world)
        db.run(contracts.table("mention_core").ddl())
        cores.make(db, PERSONS, chance, "pair_told", budget := 60)
        for _ in range(4):
            before, (record, _) = held(db, world[0]), world
            write(db, world)
            world, budget = tonight(dice, db, world), dice.choice([10, 60, 10_000])
            cores.open_up(db, PERSONS, chance)
            taken.take(db, "lost_member")
            cores.renew(db, PERSONS, chance, budget)
            told = db.rows("FROM mention_core ORDER BY ALL")
            assert told == whole(world, budget)
            assert [(row[0], *row[2:3], *row[4:]) for row in told] == by_hand(world)
            assert {row[0]: row[1] for row in told} == world[0]
            after = held(db, world[0])
            others = {r for r in before.keys() | after.keys() if before.get(r, set()) != after.get(r, set())}
            said = "SELECT record_no FROM mention SEMI JOIN compared_mention USING (mention_id) UNION FROM was_record"
            db.run("CREATE OR REPLACE TEMP VIEW was_record AS SELECT record_no FROM was_mention")
            assert {n for (n,) in db.rows("FROM touched_record")} == others | {n for (n,) in db.rows(said)}


@pytest.mark.parametrize("most", [2, 3])
def test_a_core_on_more_records_than_fit_the_budget_relates_none(most: int) -> None:
    """One core stands on two records with it alone, another on three: one pair, and three more."""
    record = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4}
    pairs: Pairs = dict.fromkeys(((0, 1), (2, 3), (3, 4)), (1, SURE))
    told = whole((record, pairs), budget=4 if most == 3 else 3)
    assert [row[3] for row in told] == [True, True, *[most == 3] * 3]


def test_the_pairs_of_those_who_moved_are_taken_and_of_others_those_with_one_another() -> None:
    dice = random.Random(1)
    record = dict.fromkeys(range(40), 0)
    pairs = compared(dice, list(record), 200)
    others = {*range(3, 30)} - {7, 24}
    with DuckDBEngine() as db:
        write(db, (record, pairs))
        db.run("CREATE TEMP TABLE moved_mention AS SELECT CAST(unnest([7, 24]) AS BIGINT) AS mention_id")
        db.register("others", pd.DataFrame({"mention_id": list(others)}))
        taken.take(db, "others")
        told = db.rows("SELECT left_id, right_id, rules, pattern FROM out_pair ORDER BY ALL")
        assert told == sorted((*p, *t) for p, t in pairs.items() if {7, 24} & {*p})
        rest = db.rows("SELECT left_id, right_id, rules, pattern FROM still_pair ORDER BY ALL")
        assert rest == sorted((*p, *t) for p, t in pairs.items() if others >= {*p})
        assert told and rest


def test_pairs_are_taken_out() -> None:
    dice = random.Random(2)
    record = dict.fromkeys(range(40), 0)
    pairs = compared(dice, list(record), 200)
    wanted = {*dice.sample(sorted(pairs), 20), (1, 39), (38, 39)}
    with DuckDBEngine() as db:
        write(db, (record, pairs))
        db.register("wanted", pd.DataFrame(list(wanted), columns=["left_id", "right_id"]))
        taken.take_out(db, "wanted")
        found = db.rows("SELECT left_id, right_id, rules, pattern FROM still_pair ORDER BY ALL")
        assert found == sorted((*p, *t) for p, t in pairs.items() if p in wanted)
        left = db.rows(f"{numbered.told()} ORDER BY ALL")
        assert left == sorted((*p, *t) for p, t in pairs.items() if p not in wanted)
