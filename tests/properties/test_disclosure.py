"""The attacker: whoever has the released table, the rules and the sums cannot tell a small count closely."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from linkage.disclosure import BASE, PROTECTION, THRESHOLD, Relations, attack, protect, rounded
from linkage.errors import ContractError


def grid(inner: list[list[int]]) -> tuple[np.ndarray, Relations]:
    """Return a table of two dimensions with its totals, cell by cell, and all sums that hold in it."""
    table = np.array(inner)
    table = np.vstack([table, table.sum(axis=0)])
    table = np.column_stack([table, table.sum(axis=1)])
    rows, columns = table.shape
    place = np.arange(table.size).reshape(table.shape)
    across = [(int(place[r, -1]), tuple(map(int, place[r, :-1]))) for r in range(rows)]
    down = [(int(place[-1, c]), tuple(map(int, place[:-1, c]))) for c in range(columns)]
    return table.ravel(), Relations(across + down)


def published(counts: np.ndarray, withheld: np.ndarray) -> np.ndarray:
    return np.where(withheld, np.nan, rounded(counts)).astype(float)


def widths(counts: np.ndarray, withheld: np.ndarray, relations: Relations) -> np.ndarray:
    low, high = attack(published(counts, withheld), relations)
    assert (low <= counts).all() and (counts <= high).all()
    return (high - low)[counts < THRESHOLD]


def integer_range(counts: np.ndarray, withheld: np.ndarray, relations: Relations, cell: int) -> tuple[int, int]:
    """Return what a second attacker, who searches whole counts only, can tell of one cell."""
    shown = published(counts, withheld)
    low = np.where(withheld, 0, np.maximum(shown - 2, THRESHOLD))
    high = np.where(withheld, 10_000, shown + 2)
    lines = np.zeros((len(relations.sums), len(counts)))
    for number, (total, parts) in enumerate(relations.sums):
        lines[number, [total, *parts]] = [1, *[-1] * len(parts)]
    ends = []
    for sign in (1, -1):
        goal = np.zeros(len(counts))
        goal[cell] = sign
        found = milp(
            goal, constraints=LinearConstraint(lines, 0, 0), bounds=Bounds(low, high), integrality=np.ones(len(counts))
        )
        ends.append(round(found.x[cell]))
    return ends[0], ends[1]


counts_of = st.one_of(st.integers(0, 12), st.integers(0, 60), st.just(0))
tables = st.integers(2, 4).flatmap(
    lambda width: st.lists(st.lists(counts_of, min_size=width, max_size=width), min_size=2, max_size=4)
)
few = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


@few
@given(tables)
def test_no_small_count_can_be_told_closely(inner: list[list[int]]) -> None:
    counts, relations = grid(inner)
    withheld = protect(counts, relations)
    assert withheld[counts < THRESHOLD].all()
    assert (widths(counts, withheld, relations) >= PROTECTION).all()
    assert not withheld.any() or (counts < THRESHOLD).any()


@few
@given(tables)
def test_an_attacker_who_searches_whole_counts_does_no_better(inner: list[list[int]]) -> None:
    counts, relations = grid(inner)
    withheld = protect(counts, relations)
    for cell in np.flatnonzero(counts < THRESHOLD)[:3]:
        low, high = integer_range(counts, withheld, relations, int(cell))
        assert low <= counts[cell] <= high
        assert high - low >= PROTECTION


@few
@given(tables)
def test_rounding_is_not_undone_by_adding_up(inner: list[list[int]]) -> None:
    """A released count that is not 10 keeps an interval of more than one value, whatever stands beside it."""
    counts, relations = grid(inner)
    withheld = protect(counts, relations)
    low, high = attack(published(counts, withheld), relations)
    shown = rounded(counts)[~withheld]
    assert (shown % BASE == 0).all() and (shown >= THRESHOLD).all()
    assert (np.abs(shown - counts[~withheld]) <= BASE // 2).all()
    assert ((low[~withheld] <= counts[~withheld]) & (counts[~withheld] <= high[~withheld])).all()


def test_withholding_small_counts_alone_gives_them_back() -> None:
    """What the attacker is for: 3 is what is left of 28 when 25 is told."""
    counts, relations = grid([[25, 3], [30, 40]])
    naive = counts < THRESHOLD
    assert widths(counts, naive, relations).min() < PROTECTION
    withheld = protect(counts, relations)
    assert withheld.sum() > naive.sum()
    assert widths(counts, withheld, relations).min() >= PROTECTION


def test_a_table_without_small_counts_is_told_whole() -> None:
    counts, relations = grid([[25, 30], [40, 50]])
    assert not protect(counts, relations).any()


def test_a_count_is_told_by_another_that_it_is_no_part_of() -> None:
    """Where one is at most another, its end is that of the other: 14 may be told as 15, which says up to 17."""
    shown = np.array([15.0, np.nan])
    low, high = attack(shown, Relations(at_most=[(1, (0,))]))
    assert (low.tolist(), high.tolist()) == ([13.0, 0.0], [17.0, 17.0])
    assert attack(shown, Relations())[1].tolist() == [17.0, np.inf]


def test_the_solver_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    counts, relations = grid([[25, 3], [30, 40]])
    attack(published(counts, protect(counts, relations)), relations)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("count", "shown"), [(10, 10), (12, 10), (13, 15), (17, 15), (18, 20), (100, 100)])
def test_counts_are_rounded_to_five(count: int, shown: int) -> None:
    assert rounded(np.array([count])).tolist() == [shown]


def test_the_cheapest_is_withheld_first() -> None:
    counts, relations = np.array([32, 3, 14, 15]), Relations([(0, (1, 2, 3))])
    assert protect(counts, relations).tolist() == [False, True, True, False]
    assert protect(counts, relations, np.array([0, 0, 9, 1])).tolist()[0]


def test_sums_that_are_not_true_are_refused() -> None:
    with pytest.raises(ContractError, match="break a relation"):
        protect(np.array([10, 3, 4]), Relations([(0, (1, 2))]))
