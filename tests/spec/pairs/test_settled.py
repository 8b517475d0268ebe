"""The night that learns a model leaves the pairs as every later night with that model finds them."""

from __future__ import annotations

from pathlib import Path

import pytest

from linkage import pairs
from linkage.config import Config
from linkage.engine.duckdb import DuckDBEngine
from linkage.pairs import numbered
from tests.nights import Night

PAIRS = f"{numbered.told()} ORDER BY ALL"
CORES = "SELECT * FROM mention_core ORDER BY ALL"


def test_a_second_night_sees_the_context_of_the_first(
    night: Night, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "model.json"
    monkeypatch.setattr(pairs, "YOUNG", 1)
    with DuckDBEngine(night.out / "restricted.duckdb", read_only=True) as published:
        mentions = published.frame("SELECT * FROM mention")
    with DuckDBEngine() as db:
        db.register("mention", mentions)
        learnt = pairs.link(db, Config(), lambda _: None, keep=model)
        first, cores = db.rows(PAIRS), db.rows(CORES)
        used = pairs.link(db, Config(), lambda _: None, frozen=model, from_scratch=True)
        assert learnt is not None and used is None
        assert db.rows(CORES) == cores
        assert db.rows(PAIRS) == first
