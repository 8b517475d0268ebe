"""Pairs of mentions that went or say something else are nobody's, whatever numbers are given again, and not kept."""

from __future__ import annotations

import random

import pandas as pd
import pytest

from linkage.engine.duckdb import DuckDBEngine
from linkage.pairs import numbered

PAIR = ["left_id", "right_id", "rules", "pattern"]
Pairs = dict[tuple[int, int], tuple[int, int]]
"""Rules and pattern of a pair."""


def compared(dice: random.Random, some: set[int], mentions: set[int]) -> Pairs:
    """Return pairs of some mentions with others."""
    both = [(min(a, b), max(a, b)) for a in some for b in dice.sample(sorted(mentions), 3) if a != b]
    return {pair: (dice.randint(0, 2), dice.randint(1, 4)) for pair in both}


def write(db: DuckDBEngine, name: str, pairs: Pairs) -> None:
    """Write a table of pairs."""
    db.register(name, pd.DataFrame([(*p, *told) for p, told in pairs.items()], columns=PAIR, dtype="int64"))


@pytest.mark.parametrize("dead", [numbered.DEAD, 1.0])
def test_only_pairs_of_tonight_are_told(dead: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbered, "DEAD", dead)
    dice = random.Random(1)
    mentions = set(range(30))
    pairs = compared(dice, mentions, mentions)
    with DuckDBEngine() as db:
        db.register("mention", pd.DataFrame({"mention_id": sorted(mentions)}))
        write(db, "pair_told", pairs)
        numbered.write(db, "pair_told")
        for night in range(12):
            last = db.rows("SELECT max_by(mention_id, mention_no) FROM mention_number")[0][0]
            gone = {last, *dice.sample(sorted(mentions), 1)} if dice.random() < 0.4 else set()
            fresh = {*dice.sample(sorted(mentions - gone), 1), 100 + night} if dice.random() < 0.6 else set()
            moved = gone | fresh
            mentions = mentions - gone | fresh
            came, went = compared(dice, fresh, mentions), {p: t for p, t in pairs.items() if moved & {*p}}
            pairs = {p: t for p, t in pairs.items() if p not in went} | came
            for name, ids in (("compared_mention", fresh), ("moved_mention", moved)):
                db.register(name, pd.DataFrame({"mention_id": sorted(ids)}, dtype="int64"))
            write(db, "in_pair", came)
            write(db, "came_pair", {p: t for p, t in came.items() if went.get(p) != t})
            write(db, "gone_pair", {p: t for p, t in went.items() if came.get(p) != t})
            numbered.renew(db)
            assert db.rows(f"{numbered.told()} ORDER BY ALL") == sorted((*p, *t) for p, t in pairs.items())
            assert db.rows("SELECT sum(pairs) FROM pattern_count") == [(len(pairs),)]
            assert db.rows("SELECT count(*) FROM compared_pair")[0][0] * (1 - dead) <= len(pairs)
