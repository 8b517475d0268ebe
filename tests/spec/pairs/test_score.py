"""A score tells its reasons, and the reasons sum to the score."""

from __future__ import annotations

import random

import pandas as pd
import pytest

from linkage.engine.duckdb import DuckDBEngine
from linkage.pairs.levels import COMPARISONS, level
from linkage.pairs.model import Model, load
from linkage.pairs.score import evidence, score
from tests.mentions import level_names


@pytest.fixture(scope="module")
def model() -> Model:
    shipped = load()
    shipped.mentions = 100_000
    return shipped


def pattern(**levels: str) -> int:
    return sum(level(c.name, levels[c.name]) << c.shift for c in COMPARISONS if c.name in levels)


HOUSEHOLD = {"surname": "equal", "prefix": "equal", "address": "equal"}
SAME_PERSON = [
    ("everything equal", {**HOUSEHOLD, "given": "equal", "birth": "equal", "sex": "equal"}, True),
    ("a BSN outweighs a new surname", {"identifier": "equal", "surname": "different", "given": "equal"}, True),
    ("brothers: family without name and date", {**HOUSEHOLD, "given": "different", "birth": "different"}, False),
    ("father and son: same initial, other date", {**HOUSEHOLD, "given": "same_initial", "birth": "different"}, False),
    ("a household alone is nobody", HOUSEHOLD, False),
    ("namesakes of another age", {"surname": "equal", "given": "equal", "birth": "different"}, False),
    (
        "moved, but name and day agree",
        {"surname": "equal", "given": "equal", "birth": "equal", "address": "different"},
        True,
    ),
]


@pytest.mark.parametrize(("levels", "expected"), [c[1:] for c in SAME_PERSON], ids=[c[0] for c in SAME_PERSON])
def test_decision(model: Model, levels: dict[str, str], expected: bool) -> None:
    weight = sum(e.weight for e in evidence(model, pattern(**levels)))
    assert (weight > 0) is expected


def test_reasons_sum_to_the_score_that_sql_gives(model: Model) -> None:
    draw = random.Random(7)
    rows = []
    for number in range(500):
        packed = sum(draw.randrange(c.size) << c.shift for c in COMPARISONS)
        agreed = [c for c in COMPARISONS if c.frequency and (packed >> c.shift) & ((1 << c.bits) - 1) == 1]
        shares = {f"{c.name}_share": draw.random() / 100 if c in agreed else None for c in COMPARISONS if c.frequency}
        rows.append({"left_id": number, "right_id": number + 1, "pattern": packed} | shares)
    with DuckDBEngine() as db:
        db.register("compared", pd.DataFrame(rows).astype({c: "Float64" for c in rows[0] if c.endswith("_share")}))
        score(db, model, "compared", "scored")
        scored = dict(db.rows("SELECT left_id, match_weight FROM scored"))
    for row in rows:
        told = evidence(model, row["pattern"], {c.name: row[f"{c.name}_share"] for c in COMPARISONS if c.frequency})
        assert abs(sum(e.weight for e in told) - scored[row["left_id"]]) < 1e-9
        assert [e.comparison for e in told[1:]] == list(level_names(row["pattern"]))


def test_a_rare_name_counts_more_than_a_common_one(model: Model) -> None:
    agreed = pattern(surname="equal", given="equal", birth="overlap", address="different")
    rare = sum(e.weight for e in evidence(model, agreed, {"surname": 0.00002}))
    common = sum(e.weight for e in evidence(model, agreed, {"surname": 0.02}))
    assert rare - common > 3
