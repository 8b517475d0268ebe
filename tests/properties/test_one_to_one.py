"""One-to-one links are those of a plain greedy, and never two to a record."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from linkage.entities.one_to_one import one_to_one

Links = set[tuple[int, int]]
Weights = dict[tuple[int, int], float]
RECORD = st.integers(0, 7)
SETTINGS = settings(max_examples=200, deadline=None)


def links(pairs: Weights, margin: float = 0.0) -> tuple[Links, Links]:
    """Return links and ambiguous pairs at a cut of 0."""
    keys = list(pairs)
    left, right = np.array(keys, dtype=np.int64).reshape(-1, 2).T
    masks = one_to_one(left, right, np.array(list(pairs.values()), dtype=np.float64), 0.0, margin)
    return tuple({keys[i] for i in np.flatnonzero(mask)} for mask in masks)  # type: ignore[return-value]


def greedy(pairs: Weights) -> Links:
    """Take pairs one by one, the heaviest first."""
    found: Links = set()
    for one, other in sorted(pairs, key=lambda pair: -pairs[pair]):
        if pairs[one, other] >= 0 and all(one != a and other != b for a, b in found):
            found.add((one, other))
    return found


def optimal(pairs: Weights) -> Links:
    """Return the assignment with the largest sum of weights."""
    matrix = np.zeros((8, 8))
    for pair, weight in pairs.items():
        matrix[pair] = max(weight, 0.0)
    return {(int(a), int(b)) for a, b in zip(*linear_sum_assignment(-matrix), strict=True) if matrix[a, b] > 0}


@SETTINGS
@given(pairs=st.dictionaries(st.tuples(RECORD, RECORD), st.floats(-5, 20), max_size=40))
def test_links_of_distinct_weights_are_those_of_a_greedy(pairs: Weights) -> None:
    distinct = {pair: weight for weight, pair in {w: p for p, w in pairs.items()}.items()}
    assert links(distinct) == (greedy(distinct), set())


@SETTINGS
@given(
    pairs=st.dictionaries(st.tuples(RECORD, RECORD), st.sampled_from([-1.0, 3.0, 3.4, 4.0, 9.0]), max_size=40),
    margin=st.sampled_from([0.0, 0.5, 2.0]),
)
def test_no_record_has_two_links_whatever_is_equal(pairs: Weights, margin: float) -> None:
    found, ambiguous = links(pairs, margin)
    for side in (0, 1):
        taken = [pair[side] for pair in found]
        assert len(set(taken)) == len(taken)
        assert not set(taken) & {pair[side] for pair in ambiguous}
    assert all(pairs[pair] >= 0 for pair in found | ambiguous)


@SETTINGS
@given(pairs=st.dictionaries(st.tuples(RECORD, RECORD), st.floats(0.1, 20), max_size=40))
def test_a_greedy_reaches_half_of_the_optimum_at_least(pairs: Weights) -> None:
    distinct = {pair: weight for weight, pair in {w: p for p, w in pairs.items()}.items()}
    reached = sum(distinct[pair] for pair in links(distinct)[0])
    assert reached >= sum(distinct[pair] for pair in optimal(distinct)) / 2 - 1e-9


@pytest.mark.parametrize(
    ("pairs", "margin", "expected", "ambiguous"),
    [
        ({(0, 0): 9, (1, 1): 8}, 1.0, {(0, 0), (1, 1)}, set()),
        ({(0, 0): 9, (0, 1): 8.5}, 1.0, set(), {(0, 0), (0, 1)}),
        ({(0, 0): 9, (0, 1): 8.5, (1, 1): 20}, 1.0, {(0, 0), (1, 1)}, set()),
        ({(0, 0): 9, (0, 1): -1}, 100.0, {(0, 0)}, set()),
        ({}, 1.0, set(), set()),
    ],
    ids=["two pairs", "equal claims stay apart", "unless one of them is gone", "below the cut", "no pair"],
)
def test_case(pairs: Weights, margin: float, expected: Links, ambiguous: Links) -> None:
    assert links(pairs, margin) == (expected, ambiguous)


def test_where_it_differs_from_the_optimal_assignment() -> None:
    """A near certain pair is kept, where the optimum gives it up for two doubtful ones."""
    pairs: Weights = {(0, 0): 10.0, (0, 1): 6.0, (1, 0): 6.0}
    assert links(pairs)[0] == {(0, 0)}
    assert optimal(pairs) == {(0, 1), (1, 0)}
