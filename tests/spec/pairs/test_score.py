"""A score tells its reasons, and the reasons sum to the score."""

from __future__ import annotations

import math
import random

import pandas as pd
import pytest

from linkage.config import Config
from linkage.engine.duckdb import DuckDBEngine
from linkage.pairs import numbered
from linkage.pairs.model import Model, load
from linkage.pairs.persons import PERSONS
from linkage.pairs.score import evidence, weigh
from linkage.pairs.spec import BANDS
from tests.mentions import level_names


@pytest.fixture(scope="module")
def model() -> Model:
    return load(PERSONS).of(100_000)


def pattern(surname_band: int = 0, **levels: str) -> int:
    """Return the pattern of levels by name; without a band an agreement counts as on average."""
    surname = PERSONS.by_name["surname"]
    packed = sum(c.number(levels[c.name]) << c.shift for c in PERSONS.comparisons if c.name in levels)
    return packed | surname_band << (surname.shift + surname.bits)


SURE = Config().linkage.sure
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
    assert (weight > math.log2(SURE / (1 - SURE))) is expected


def drawn(draw: random.Random, pairs: int) -> pd.DataFrame:
    """Return pairs of mentions 0, 1, … in a row, with any pattern."""
    rows = []
    for number in range(pairs):
        packed = 0
        for c in PERSONS.comparisons:
            found = draw.randrange(c.size)
            band = draw.randint(1, BANDS) if c.band and found == 1 else 0
            packed |= (found | band << c.bits) << c.shift
        rows.append({"left_id": number, "right_id": number + 1, "rules": 1, "pattern": packed})
    return pd.DataFrame(rows)


def weighed(db: DuckDBEngine, model: Model, pairs: pd.DataFrame) -> None:
    """Write pairs and weigh them."""
    db.register("mention", pd.DataFrame({"mention_id": range(len(pairs) + 1)}))
    db.register("pattern_pair", pairs)
    numbered.write(db, "pattern_pair")
    weigh(db, model)


def test_reasons_sum_to_the_score_that_sql_gives(model: Model) -> None:
    pairs = drawn(random.Random(7), 500)
    with DuckDBEngine() as db:
        weighed(db, model, pairs)
        scored = dict(db.rows("SELECT left_id, match_weight FROM pair_score"))
    for number, packed in enumerate(pairs["pattern"].tolist()):
        told = evidence(model, packed)
        assert abs(sum(e.weight for e in told) - scored[number]) < 1e-9
        assert [e.comparison for e in told[1:]] == list(level_names(packed))


def test_pairs_that_come_later_weigh_what_they_weigh_all_at_once(model: Model) -> None:
    before = drawn(random.Random(8), 60)
    came = drawn(random.Random(9), 60)[20:]
    after = pd.concat([before[:20], came])
    with DuckDBEngine() as db, DuckDBEngine() as whole:
        weighed(db, model, before)
        weighed(whole, model, after)
        for name in ("compared_mention", "moved_mention"):
            db.register(name, pd.DataFrame({"mention_id": []}, dtype="int64"))
        for name in ("in_pair", "came_pair"):
            db.register(name, came)
        db.run("CREATE TEMP TABLE gone_pair AS FROM pair_score WHERE left_id >= 20")
        db.run("DELETE FROM compared_pair WHERE left_no > 20")
        numbered.renew(db)
        weigh(db, model)
        for query in ("SELECT * EXCLUDE evidence_no FROM pattern_count", "FROM pair_score"):
            assert db.rows(f"{query} ORDER BY ALL") == whole.rows(f"{query} ORDER BY ALL")


def test_a_rare_name_counts_more_than_a_common_one(model: Model) -> None:
    agreed = {"surname": "equal", "given": "equal", "birth": "overlap", "address": "different"}
    rare = sum(e.weight for e in evidence(model, pattern(surname_band=7, **agreed)))
    common = sum(e.weight for e in evidence(model, pattern(surname_band=2, **agreed)))
    assert rare - common > 3
