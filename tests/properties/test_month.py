"""A night compares only what changed, and finds what a run from scratch finds, in whatever order deliveries come."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linkage import simulate
from linkage.engine.duckdb import DuckDBEngine
from linkage.entities import near
from linkage.pairs import cores, fresh
from linkage.pairs.spec import Spec
from tests.month import Chain, Post, differing, outcome, shown_otherwise

NIGHTS = 4


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    simulate.write_sample(folder, incidents=80, seed=8, nights=NIGHTS)
    return folder


@pytest.fixture(scope="module")
def month(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Chain:
    """Nights in which deliveries come late, twice and again; checked against a run from scratch on the way."""
    chain = Chain(tmp_path_factory.mktemp("month"))
    for number, deliveries in enumerate(Post(sample / "inbox", sample / "spare", seed=1).nights):
        chain.night(deliveries)
        assert chain.state is not None
        assert shown_otherwise(chain.state) == []
        if number in (2, NIGHTS):
            assert differing(chain.state, chain.again_from_scratch()) == []
    return chain


def compared_anew(state: Path | None) -> tuple[int, int]:
    """Return how many mentions a night compared anew, and of how many."""
    assert state is not None
    with DuckDBEngine(state, read_only=True) as db:
        (told,) = db.rows("SELECT fresh_mentions, (SELECT count(*) FROM mention) FROM link_basis")
    return int(told[0]), int(told[1])


def test_a_night_is_what_a_run_from_scratch_makes_of_it_and_compares_few(month: Chain) -> None:
    compared, mentions = compared_anew(month.state)
    assert compared < mentions / 4


def test_another_order_of_deliveries_ends_with_the_same(sample: Path, month: Chain, tmp_path: Path) -> None:
    other = Chain(tmp_path)
    for deliveries in Post(sample / "inbox", tmp_path / "spare", seed=2).nights:
        other.night(deliveries)
    assert month.state is not None and other.state is not None
    left, right = outcome(month.state), outcome(other.state)
    assert [name for name in left if left[name] != right[name]] == []


def overlook_mentions(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = fresh.pairs

    def none_is_fresh(db: DuckDBEngine, spec: Spec, **limits: int) -> None:
        db.run("DELETE FROM fresh_mention")
        pairs(db, spec, **limits)

    monkeypatch.setattr(fresh, "pairs", none_is_fresh)


def overlook_relations(monkeypatch: pytest.MonkeyPatch) -> None:
    renew = cores.renew

    def no_record_is_touched(db: DuckDBEngine, *told: Any) -> None:
        renew(db, *told)
        db.run("DELETE FROM touched_record")

    monkeypatch.setattr(cores, "renew", no_record_is_touched)


def overlook_persons(monkeypatch: pytest.MonkeyPatch) -> None:
    seed = near._seed

    def nobody_is_near(db: DuckDBEngine) -> None:
        seed(db)
        db.run("DELETE FROM near_seed")

    monkeypatch.setattr(near, "_seed", nobody_is_near)


@pytest.mark.parametrize(
    ("overlook", "table"),
    [
        (overlook_mentions, "compared_pair"),
        (overlook_relations, "compared_pair"),
        (overlook_persons, "mention_person"),
    ],
    ids=lambda told: getattr(told, "__name__", ""),
)
def test_a_night_that_overlooks_what_changed_is_seen(
    overlook: Callable[[pytest.MonkeyPatch], None],
    table: str,
    sample: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative controls of the comparisons above."""
    chain = Chain(tmp_path)
    first, *rest = Post(sample / "inbox", tmp_path / "spare", seed=3).nights
    chain.night(first)
    overlook(monkeypatch)
    chain.night(delivery for night in rest for delivery in night)
    monkeypatch.undo()
    assert chain.state is not None
    assert table in differing(chain.state, chain.again_from_scratch())
