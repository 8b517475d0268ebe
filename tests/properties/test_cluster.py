"""Whatever the pairs say, nobody is merged with a person named beside them."""

from __future__ import annotations

from collections import defaultdict
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.config import load
from linkage.engine.duckdb import DuckDBEngine
from linkage.entities.cluster import cluster

module = import_module("linkage.entities.cluster")
SETTINGS = settings(max_examples=60, deadline=None)


@pytest.fixture(scope="module")
def db():
    with DuckDBEngine() as engine:
        yield engine


def clusters(db: DuckDBEngine, records: list[int], pairs: list[tuple[int, int, float]], seats=None) -> list[int]:
    seats = range(len(records)) if seats is None else seats
    db.register("mention_code", pd.DataFrame({"mention_id": range(len(records)), "record_no": records, "seat": seats}))
    frame = pd.DataFrame(pairs, columns=["left_id", "right_id", "match_weight"])
    db.register("pair_score", frame.astype({"left_id": "int32", "right_id": "int32", "match_weight": "float64"}))
    cluster(db, load())
    return [c for (c,) in db.rows("SELECT cluster FROM mention_cluster ORDER BY mention_id")]


@st.composite
def worlds(draw) -> tuple[list[int], list[tuple[int, int, float]]]:
    size = draw(st.integers(2, 25))
    records = [draw(st.integers(0, size // 2)) for _ in range(size)]
    pairs = {}
    for _ in range(draw(st.integers(0, 60))):
        a, b = sorted((draw(st.integers(0, size - 1)), draw(st.integers(0, size - 1))))
        if a != b and records[a] != records[b]:
            pairs[a, b] = draw(st.floats(-200, 200, allow_nan=False))
    return records, [(a, b, w) for (a, b), w in sorted(pairs.items())]


@SETTINGS
@given(world=worlds())
def test_no_cluster_holds_two_mentions_of_one_record(db: DuckDBEngine, world) -> None:
    records, pairs = world
    members = defaultdict(list)
    for mention, found in enumerate(clusters(db, records, pairs)):
        members[found].append(records[mention])
    assert all(len(set(named)) == len(named) for named in members.values())


@SETTINGS
@given(world=worlds())
def test_also_in_a_component_too_large_for_a_matrix(db: DuckDBEngine, world) -> None:
    records, pairs = world
    before, module.LARGEST = module.LARGEST, 4
    try:
        found = clusters(db, records, pairs)
    finally:
        module.LARGEST = before
    named = list(zip(found, records, strict=True))
    assert len(set(named)) == len(named)


@SETTINGS
@given(world=worlds(), seed=st.integers(0, 9))
def test_the_order_of_rows_changes_nothing(db: DuckDBEngine, world, seed: int) -> None:
    records, pairs = world
    shuffled = list(pairs)
    np.random.default_rng(seed).shuffle(shuffled)
    assert clusters(db, records, pairs) == clusters(db, records, [(int(a), int(b), float(w)) for a, b, w in shuffled])


def test_a_weak_mention_cannot_chain_two_people(db: DuckDBEngine) -> None:
    anna, lisa, weak = (0, 1), (2, 3), 4
    pairs = [(0, 1, 10.0), (2, 3, 10.0), (0, weak, 4.0), (2, weak, 4.5)]
    pairs += [(a, b, -9.0) for a in anna for b in lisa] + [(1, weak, 4.0), (3, weak, 4.5)]
    found = clusters(db, [0, 1, 2, 3, 4], sorted(pairs))
    assert found[0] == found[1] != found[2] == found[3]
    assert found[weak] == found[2]


def test_a_sound_component_stays_whole(db: DuckDBEngine) -> None:
    assert clusters(db, [0, 1, 2], [(0, 1, 5.0), (0, 2, 5.0), (1, 2, 5.0)]) == [0, 0, 0]


def test_one_human_in_two_roles_of_a_record_is_one_person(db: DuckDBEngine) -> None:
    assert clusters(db, [0, 0, 1, 0], [(0, 2, 6.0), (1, 2, 5.0), (2, 3, 5.0)], seats=[0, 0, 2, 3]) == [0, 0, 0, 3]
