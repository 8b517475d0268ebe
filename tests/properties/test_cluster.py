"""Whatever the pairs say and whoever decides, nobody is merged with a person named beside them."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from linkage.components import components
from linkage.entities.constraints import CONTRADICTED, ONE_RECORD
from linkage.entities.partition import Clusters, clusters

module = import_module("linkage.entities.partition")
SETTINGS = settings(max_examples=150, deadline=None)
CUT = math.log2(9)
Pair = tuple[int, int]


@dataclass(frozen=True)
class World:
    """Mentions on records, with weighted pairs and decisions between them."""

    records: list[int]
    pairs: list[tuple[int, int, float]]
    seats: list[int] = field(default_factory=list)
    must: list[Pair] = field(default_factory=list)
    cannot: list[Pair] = field(default_factory=list)

    def partition(self, **options: Any) -> Clusters:
        left, right, weight = zip(*self.pairs, strict=True) if self.pairs else ((), (), ())
        return clusters(
            len(self.records),
            np.array(left, dtype=np.int64),
            np.array(right, dtype=np.int64),
            np.array(weight, dtype=np.float64),
            cut=CUT,
            record=np.array(self.records),
            seat=np.array(self.seats or range(len(self.records))),
            must=np.array(self.must, dtype=np.int64).reshape(-1, 2),
            cannot=np.array(self.cannot, dtype=np.int64).reshape(-1, 2),
            **options,
        )

    def groups(self, **options: Any) -> set[frozenset[int]]:
        return groups(self.partition(**options).labels.tolist())


def groups(labels: list[int]) -> set[frozenset[int]]:
    members = defaultdict(set)
    for node, label in enumerate(labels):
        members[label].add(node)
    return {frozenset(nodes) for nodes in members.values()}


@st.composite
def worlds(draw: st.DrawFn, *, decided: bool = True, largest: int = 20) -> World:
    size = draw(st.integers(2, largest))
    node = st.integers(0, size - 1)
    weight = st.one_of(st.sampled_from([-9.0, -3.0, 0.0, 4.0, 5.0, 14.0, 20.0]), st.floats(-200, 200, allow_nan=False))
    records = [draw(st.integers(0, size)) for _ in range(size)]
    drawn = draw(st.dictionaries(st.tuples(node, node), weight, max_size=60))
    pairs = {(min(p), max(p)): w for p, w in sorted(drawn.items()) if p[0] != p[1]}
    seats = list(range(size))
    for one, other in draw(st.lists(st.tuples(node, node), max_size=3)):
        if records[one] == records[other]:
            seats = [seats[one] if seat == seats[other] else seat for seat in seats]
    decisions = st.lists(st.tuples(node, node).filter(lambda p: p[0] != p[1]), max_size=6 if decided else 0)
    return World(records, [(*p, w) for p, w in pairs.items()], seats, draw(decisions), draw(decisions))


def check_nobody_is_merged_wrongly(world: World, found: Clusters) -> None:
    label = found.labels.tolist()
    torn = {world.seats[a] for a, b in world.cannot if world.seats[a] == world.seats[b]}
    named: dict[tuple[int, int], set[int]] = defaultdict(set)
    for node, record in enumerate(world.records):
        named[label[node], record].add(world.seats[node])
    assert all(len(seats) == 1 for seats in named.values())
    assert all(label[a] != label[b] for a, b in world.cannot)
    refused = dict(found.refused)
    assert all(label[a] == label[b] for i, (a, b) in enumerate(world.must) if i not in refused)
    seated = {(seat, label[node]) for node, seat in enumerate(world.seats) if seat not in torn}
    assert len({seat for seat, _ in seated}) == len(seated)


@SETTINGS
@given(world=worlds())
def test_no_cluster_holds_two_seats_of_a_record_or_a_pair_decided_different(world: World) -> None:
    check_nobody_is_merged_wrongly(world, world.partition())


@SETTINGS
@given(world=worlds(), cells=st.sampled_from([1, 50, 10_000]))
def test_also_in_a_component_too_large_for_a_matrix(world: World, cells: int) -> None:
    before = module.LARGEST, module.CELLS
    module.LARGEST, module.CELLS = 4, cells
    try:
        check_nobody_is_merged_wrongly(world, world.partition())
    finally:
        module.LARGEST, module.CELLS = before


@SETTINGS
@given(world=worlds(), draw=st.randoms(use_true_random=False))
def test_the_order_of_mentions_and_pairs_changes_nothing(world: World, draw: Any) -> None:
    new = list(range(len(world.records)))
    draw.shuffle(new)
    old = {n: o for o, n in enumerate(new)}
    moved = World(
        [world.records[old[n]] for n in range(len(new))],
        [(new[b], new[a], w) for a, b, w in draw.sample(world.pairs, len(world.pairs))],
        [new[world.seats[old[n]]] for n in range(len(new))],
        [(new[b], new[a]) for a, b in world.must],
        [(new[a], new[b]) for a, b in draw.sample(world.cannot, len(world.cannot))],
    )
    assert {frozenset(old[n] for n in group) for group in moved.groups()} == world.groups()
    assert moved.partition().refused == world.partition().refused


@SETTINGS
@given(world=worlds(decided=False), cap=st.integers(1, 6))
def test_no_cluster_is_larger_than_the_cap(world: World, cap: int) -> None:
    world = replace(world, seats=[])
    found = world.partition(cap=cap)
    assert all(len(group) <= cap for group in groups(found.labels.tolist()))
    assert found.capped or groups(found.labels.tolist()) == world.groups()


@SETTINGS
@given(world=worlds(decided=False), some=st.integers(0, 60), cap=st.sampled_from([1, 2, 4, 2**31]))
def test_where_nothing_else_is_known_pairs_of_two_nodes_need_no_components(world: World, some: int, cap: int) -> None:
    """Every node on a record of its own says as little as no records at all; only the latter takes a short cut."""
    size = len(world.records)
    world = World(list(range(size)), world.pairs[:some] + world.pairs[: some // 3])
    left, right, weight = (np.array(side) for side in zip(*world.pairs, strict=True)) if world.pairs else [[]] * 3
    found = clusters(size, np.array(left, dtype=int), np.array(right, dtype=int), np.array(weight), cut=CUT, cap=cap)
    expected = world.partition(cap=cap)
    assert found.labels.tolist() == expected.labels.tolist()
    assert (found.ambiguous, found.capped) == (expected.ambiguous, expected.capped)


@SETTINGS
@given(edges=st.sets(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=30))
def test_without_contradictions_clusters_are_the_components_of_a_union_find(edges: set[Pair]) -> None:
    root = list(range(20))

    def find(node: int) -> int:
        return node if root[node] == node else find(root[node])

    for one, other in edges:
        root[find(one)] = find(other)
    expected = groups([find(node) for node in range(20)])
    pairs = [(a, b, 5.0) for group in expected for a in group for b in group if a < b]
    assert World(list(range(20)), pairs).groups() == expected


@SETTINGS
@given(
    size=st.integers(1, 60),
    edges=st.lists(st.tuples(st.integers(0, 59), st.integers(0, 59)), max_size=90),
)
def test_components_are_those_of_scipy(size: int, edges: list[Pair]) -> None:
    one, other = (np.array([edge[side] % size for edge in edges], dtype=np.int32) for side in (0, 1))
    graph = coo_matrix((np.ones(len(edges)), (one, other)), shape=(size, size))
    assert components(size, one, other).tolist() == connected_components(graph, directed=False)[1].tolist()


def test_a_chain_in_any_order_is_one_component() -> None:
    places = np.random.default_rng(1).permutation(100_000)
    assert not components(100_000, places[:-1], places[1:]).any()


A, B, C, D, E = range(5)
CASES = [
    # what the pairs say, records, pairs, decided same, decided different, expected
    ("a sound component stays whole", [0, 1, 2], [(A, B, 5), (A, C, 5), (B, C, 5)], [], [], ["ABC"]),
    (
        "a weak mention cannot chain two people, and joins the one that it fits better",
        [0, 1, 2, 3, 4],
        [(A, B, 10), (C, D, 10), (A, E, 4), (B, E, 4), (C, E, 6), (D, E, 6)]
        + [(a, b, -9) for a in (A, B) for b in (C, D)],
        [],
        [],
        ["AB", "CDE"],
    ),
    ("father and son fit equally well: neither is it", [0, 0, 1], [(A, C, 6), (B, C, 6.5)], [], [], ["A", "B", "C"]),
    ("the son fits better by far", [0, 0, 1], [(A, C, 6), (B, C, 9)], [], [], ["A", "BC"]),
    ("a decision ends an ambiguity", [0, 0, 1], [(A, C, 6), (B, C, 6.5)], [(A, C)], [], ["AC", "B"]),
    ("so does a decision against one claim", [0, 0, 1], [(A, C, 6), (B, C, 6.5)], [], [(B, C)], ["AC", "B"]),
    (
        "a chain of equal links between two people of one record is cut everywhere",
        [0, 1, 2, 0],
        [(A, B, 5), (B, C, 5), (C, D, 5)],
        [],
        [],
        ["A", "B", "C", "D"],
    ),
    ("same outranks the pairs", [0, 1], [(A, B, -14)], [(A, B)], [], ["AB"]),
    ("same joins what was never compared", [0, 1], [], [(A, B)], [], ["AB"]),
    ("different outranks the pairs", [0, 1], [(A, B, 30)], [], [(A, B)], ["A", "B"]),
    (
        "different holds between whole persons",
        [0, 1, 2],
        [(A, B, 9), (B, C, 9), (A, C, 9)],
        [(A, B)],
        [(A, C)],
        ["AB", "C"],
    ),
    ("two people of one record are never the same", [0, 0], [(A, B, 30)], [(A, B)], [], ["A", "B"]),
    ("nor by way of a third", [0, 0, 1], [], [(A, C), (C, B)], [], ["AC", "B"]),
    ("different outranks same", [0, 1, 2], [], [(A, B), (B, C)], [(A, C)], ["AB", "C"]),
]


@pytest.mark.parametrize(
    ("records", "pairs", "must", "cannot", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_case(records: list[int], pairs: Any, must: list[Pair], cannot: list[Pair], expected: list[str]) -> None:
    found = World(records, pairs, must=must, cannot=cannot).groups()
    assert sorted("".join("ABCDE"[node] for node in sorted(group)) for group in found) == expected


def test_one_human_in_two_roles_of_a_record_is_one_person() -> None:
    world = World([0, 0, 1, 0], [(0, 2, 6.0), (1, 2, 5.0), (2, 3, 3.5)], seats=[0, 0, 2, 3])
    assert world.groups() == {frozenset({0, 1, 2}), frozenset({3})}


def test_a_decision_takes_two_rows_of_one_seat_apart() -> None:
    world = World([0, 0, 1], [(0, 2, 6.0)], seats=[0, 0, 2], cannot=[(0, 1)])
    assert world.groups() == {frozenset({0, 2}), frozenset({1})}


def test_an_equal_claim_is_listed_with_both_weights() -> None:
    (claim,) = World([0, 0, 1], [(A, C, 6.0), (B, C, 6.5)]).partition().ambiguous
    assert (claim.node, claim.one, claim.other) == (C, B, A)
    assert (claim.weight_one, claim.weight_other) == pytest.approx((6.5, 6.0))


def test_a_refused_decision_is_listed_with_its_reason() -> None:
    world = World([0, 0, 1, 2], [], must=[(0, 2), (2, 1), (2, 3)], cannot=[(3, 0)])
    assert world.partition().refused == ((1, ONE_RECORD), (2, CONTRADICTED))


def test_what_grows_past_the_cap_is_listed() -> None:
    pairs = [(a, b, 5.0 + 5 * (a // 2 == b // 2)) for a in range(4) for b in range(a + 1, 4)]
    found = World([0, 1, 2, 3], pairs).partition(cap=3)
    assert groups(found.labels.tolist()) == {frozenset({0, 1}), frozenset({2, 3})}
    assert found.capped == ((0, 4), (2, 4))


def test_nobody_is_nothing() -> None:
    assert World([], []).partition().labels.tolist() == []
