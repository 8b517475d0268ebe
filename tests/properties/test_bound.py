"""The bound of an open pair: no outcome of what is open can bring the pair above it."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.pairs import bound
from linkage.pairs.fields import exact, name, spec, typed
from linkage.pairs.model import CLASSES, Joint, Kind, Model, Table, cells
from linkage.pairs.score import evidence
from linkage.pairs.spec import BANDS, Comparison, Spec

FIELDS = (
    name("surname", (0.9,), household=True),
    typed("code", household=True),
    exact("suburb", household=True),
    name("given"),
    typed("born", 2, frequency=True),
    exact("sex"),
)
SPEC = spec(FIELDS, (), two_sided=True)


def any_model(seed: int, told: Spec = SPEC) -> Model:
    """A model of any numbers: probabilities within each group, joint cells of which some were never seen."""
    draw = np.random.default_rng(seed)
    every = packed([c for c in told.comparisons if c.household], draw, 60)
    tables = {}
    for name_of in CLASSES:
        levels = {
            c.name: np.r_[1.0, draw.dirichlet(np.full(c.size - 1, 0.5)) * 0.98 + 0.02 / c.size]
            for c in told.comparisons
        }
        cell, group = cells(told, every)
        known = np.unique(cell)
        joint = Joint(
            known, draw.normal(0, 3, len(known)), {int(g): float(draw.normal(0, 3)) for g in np.unique(group)}
        )
        bands = {c.name: np.r_[1.0, draw.dirichlet(np.ones(BANDS))] for c in told.comparisons if c.band and c.near > 1}
        tables[name_of] = Table(levels, Joint() if name_of == "chance" else joint, bands)
    rates = {"same": draw.uniform(0, 1), "family": draw.uniform(0, 1)}
    knots = tuple(zip(np.arange(-9.0, 10.0, 3.0), np.cumsum(draw.uniform(0.1, 5, 7)), strict=True))
    return Model(told, tables, rates, 1000, 1e5, knots=knots)


def one(c: Comparison, level: int, band: int) -> int:
    """Level and band of a comparison in their place; a band stands where its value agrees or nearly does."""
    held = band if c.band and 0 < level <= c.near else 0
    return level << c.shift | held << (c.shift + c.bits)


def packed(comparisons: list[Comparison], draw: np.random.Generator, size: int) -> np.ndarray:
    return np.array(
        [
            sum(one(c, int(draw.integers(0, c.size)), int(draw.integers(0, BANDS + 1))) for c in comparisons)
            for _ in range(size)
        ],
        dtype=np.int64,
    )


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**31), open_=st.integers(0, (1 << len(FIELDS)) - 1))
def test_no_outcome_is_above_the_bound(seed: int, open_: int) -> None:
    model, draw = any_model(seed), np.random.default_rng(seed)
    asked = [c for n, c in enumerate(SPEC.comparisons) if open_ >> n & 1 and len(c.levels) > 2]
    open_ = sum(1 << n for n, c in enumerate(SPEC.comparisons) if c in asked)
    known = packed([c for c in SPEC.comparisons if c not in asked], draw, 5)
    outcomes = [
        {one(c, level, band) for level in range(2, c.size) for band in (range(BANDS + 1) if c.near > 1 else (0,))}
        for c in asked
    ]
    added = [sum(chosen) for chosen in product(*outcomes)]
    if len(added) > 20_000:
        added = [added[n] for n in draw.integers(0, len(added), 20_000)]
    best = bound.best(model, known, np.full(5, open_))
    for pattern, highest in zip(known, best, strict=True):
        assert model.weight(pattern | np.array(added, dtype=np.int64)).max() <= highest + 1e-9


def test_the_bound_of_what_is_decided_is_above_its_weight() -> None:
    model = any_model(3)
    known = packed(list(SPEC.comparisons), np.random.default_rng(3), 200)
    assert (bound.best(model, known, np.zeros(200, dtype=np.int64)) >= model.weight(known) - 1e-9).all()


def test_every_comparison_is_decisive_once() -> None:
    assert sorted(bound.decisive(any_model(1))) == list(range(len(FIELDS)))


WITHOUT = spec((name("given"), typed("born")), (), two_sided=False)


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**31), has_household=st.booleans())
def test_the_parts_of_an_explanation_sum_to_the_weight(seed: int, has_household: bool) -> None:
    told = SPEC if has_household else WITHOUT
    model, other = any_model(seed, told), any_model(seed + 1, told)
    for name_of in ("same", "family"):
        table = model.tables[name_of]
        model.tables[name_of] = replace(table, kinds=(Kind(0.9, table), Kind(0.1, other.tables[name_of])))
    draw = np.random.default_rng(seed)
    for pattern in [*packed(list(told.comparisons), draw, 3).tolist(), 0]:
        parts = evidence(model, pattern)
        weight = float(model.weight(np.array([pattern], dtype=np.int64))[0])
        assert sum(e.weight for e in parts) == pytest.approx(weight, abs=1e-9)
        assert {e.comparison: e.level for e in parts[1:]} == told.names(pattern)
