"""The reliability table against a count by hand and a brute force."""

from __future__ import annotations

import numpy as np
import pytest

from linkage.evaluate.reliability import TENTHS_AND_TOP, reliability


def test_deciles_by_hand() -> None:
    told = np.array([0.05, 0.85, 0.87, 0.89, 1.0])
    is_same = np.array([False, True, True, False, True])
    people = np.array([1, 2, 2, 3, 4])
    zero, eighth, ninth = reliability(told, is_same, people)
    assert (zero.low, zero.pairs, zero.observed, zero.people) == (0.0, 1, 0.0, 1)
    assert (eighth.low, eighth.pairs, eighth.people) == (0.8, 3, 2)
    assert eighth.promised == pytest.approx(0.87)
    assert eighth.observed == pytest.approx(2 / 3)
    assert eighth.observed_of_people == pytest.approx(1 / 2), "three pairs, but two pairs of people"
    assert eighth.gap == pytest.approx(0.87 - 2 / 3)
    assert (ninth.low, ninth.observed) == (0.9, 1.0), "certainty stands in the last decile"
    assert not eighth.is_judged
    assert eighth.error == pytest.approx(np.hypot(0.15 + 0.13, 0.89) / 3), "the two pairs of people 2 are off together"


def test_deciles_against_a_brute_force() -> None:
    dice = np.random.default_rng(7)
    told = dice.random(3000)
    is_same = dice.random(3000) < told**2
    people = dice.integers(0, 400, 3000)
    for decile in reliability(told, is_same, people):
        inside = [i for i in range(3000) if decile.low <= told[i] < decile.low + 0.1 - 1e-12]
        groups: dict[int, list[bool]] = {}
        for i in inside:
            groups.setdefault(int(people[i]), []).append(bool(is_same[i]))
        assert decile.pairs == len(inside)
        assert decile.observed == pytest.approx(sum(is_same[i] for i in inside) / len(inside))
        assert decile.people == len(groups)
        assert decile.observed_of_people == pytest.approx(sum(sum(g) / len(g) for g in groups.values()) / len(groups))
        assert decile.least <= decile.observed_of_people <= decile.most
        assert decile.is_judged


def test_the_interval_is_wilson_s() -> None:
    (only,) = reliability(np.full(10, 0.25), np.arange(10) < 2)
    assert [only.least, only.most] == pytest.approx([0.0567, 0.5098], abs=1e-4)


def test_the_top_can_be_told_in_three() -> None:
    told = reliability(np.array([0.95, 0.995, 0.9995, 1.0]), np.ones(4, dtype=bool), bounds=TENTHS_AND_TOP)
    assert [(c.low, c.high, c.pairs) for c in told] == [(0.9, 0.99, 1), (0.99, 0.999, 1), (0.999, 1.0, 2)]


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="one length"):
        reliability(np.array([0.5]), np.array([True, False]))
