"""Blocks and pairs brought up to date in place are those that a count of all mentions gives, whatever changed."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from linkage import contracts
from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import BudgetError
from linkage.pairs import fresh, increment, keys, numbered, relations, taken
from linkage.pairs.blocking import KEPT, write_keys
from linkage.pairs.coding import code, write_bands
from linkage.pairs.compare import Comparer
from linkage.pairs.persons import PERSONS
from tests.mentions import mention, mention_table

PEOPLE, RECORDS = 60, 24
LIMITS = {"all fits": (10_000, 50), "large blocks are left out": (10_000, 4), "the budget decides": (1_150, 50)}
"""Pair budget and largest block."""
RELATED = (10_000, 4, 25)
"""Budgets of what relations add: with the smaller ones a person who is named often relates nobody."""
COLUMNS = [c.name for c in contracts.table("mention").columns]


def somebody(dice: random.Random, number: int) -> dict[str, Any]:
    """Return a mention that shares its values with many others."""
    given = dice.choice(["anna", "bea", "cor", None])
    told = {
        "surname": dice.choice(["smit"] * 9 + ["bakker", "visser", "kok", "mulder", "bos"]),
        "birth_date": dice.choice(["19800101"] * 9 + [f"199{n}0505" for n in range(9)]),
        "postcode": dice.choice(["7901AA"] * 9 + [f"790{n}BB" for n in range(9)]),
        "house_number": dice.choice([1, 1, 1, 2, 3, 4]),
        "bsn_hmac": dice.choice([*"abcdefghijkl", *[None] * 12]),
        "given_name": given,
    }
    known = {name: value for name, value in told.items() if value is not None}
    return mention(record_id=f"R{number % RECORDS:03d}", event_date="2025-03-01", **known)


def chance(patterns: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return the probability of patterns: those with one BSN are sure."""
    return (PERSONS.by_name["identifier"].level_of(patterns) == 1).astype(np.float64)


def compare_all(db: DuckDBEngine, budget: int, max_block: int, related: int) -> None:
    """Write all tables that a night leaves, of all mentions; ``related`` is the budget of what relations add."""
    code(db, PERSONS, known_bands=True)
    write_keys(db, PERSONS)
    keys.make(db, PERSONS)
    comparer = Comparer(db, PERSONS)
    comparer.candidates("pattern_pair", budget=budget, max_block=max_block, are_keyed=True)
    for name in ("shared_seat", "mention_core"):
        db.run(contracts.table(name).ddl())
    db.run("INSERT INTO shared_seat SELECT mention_id, seat FROM mention_code WHERE seat <> mention_id")
    relations.add(db, comparer, chance, related)
    numbered.write(db, "pattern_pair")


def compare_fresh(db: DuckDBEngine, budget: int, max_block: int, related: int) -> None:
    """Bring these tables up to the mentions that changed."""
    comparer = Comparer(db, PERSONS)
    increment.compare(db, comparer, budget=budget, max_block=max_block)
    relations.renew(db, comparer, chance, related)
    taken.put_back(db)


def change(dice: random.Random, db: DuckDBEngine, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Let some people say something else, a few come and a few go; write the tables that tell of it."""
    tonight = [somebody(dice, n) if dice.random() < 0.06 else row for n, row in enumerate(rows)]
    tonight += [somebody(dice, n) for n in range(len(rows), len(rows) + dice.randint(0, 4))]
    db.run("CREATE OR REPLACE TEMP TABLE before AS FROM mention")
    mention_table(db, tonight)
    db.run(f"DELETE FROM mention WHERE mention_id IN ({dice.choice(range(PEOPLE))}, {dice.choice(range(PEOPLE))})")
    said = ", ".join(COLUMNS)
    for name, one, other in (("fresh_mention", "mention", "before"), ("gone_mention", "before", "mention")):
        same = f"(mention_id, hash({said})) IN (SELECT (mention_id, hash({said})) FROM {other})"
        if name == "gone_mention":
            same = "mention_id IN (SELECT mention_id FROM mention)"
        db.run(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT mention_id FROM {one} WHERE NOT ({same})")
    moved = "SELECT mention_id FROM fresh_mention UNION ALL FROM gone_mention"
    db.run(f"CREATE OR REPLACE TEMP TABLE {fresh.WAS} AS FROM before WHERE mention_id IN ({moved})")
    return tonight


def told(db: DuckDBEngine) -> dict[str, list[Any]]:
    """Return the pairs with all that is known of them, and what is known of the blocks."""
    queries = {name: f"FROM {name}" for name in (keys.TABLE, *KEPT, "mention_core", "shared_seat")} | {
        "compared_pair": numbered.told(),
        "pattern_count": "SELECT pattern, rules, pairs FROM pattern_count",
        "mention_number": "SELECT mention_id FROM mention_number",
    }
    return {name: db.rows(f"{query} ORDER BY ALL") for name, query in queries.items()}


def nights(seed: int, budget: int, max_block: int, folder: Path) -> int:
    """hold two nights in place against a count of all; return how many keys were too common in all of them."""
    dice, blocked = random.Random(seed), 0
    with DuckDBEngine() as db, DuckDBEngine() as other:
        rows = [somebody(dice, n) for n in range(PEOPLE)]
        mention_table(db, rows)
        write_bands(db, PERSONS)
        compare_all(db, budget, max_block, RELATED[0])
        for night in range(2):
            rows, tonight = change(dice, db, rows), (budget + dice.randint(-30, 30), max_block, dice.choice(RELATED))
            for name in ("mention", "value_band"):
                file = folder / f"{name}-{seed}-{night}.parquet"
                db.run(f"COPY {name} TO '{file}'")
                other.run(f"CREATE OR REPLACE TABLE {name} AS FROM '{file}'")
            try:
                compare_all(other, *tonight)
            except BudgetError as error:
                with pytest.raises(BudgetError, match=str(error)):
                    compare_fresh(db, *tonight)
                break
            said_otherwise = db.rows("FROM fresh_mention ORDER BY ALL")
            compare_fresh(db, *tonight)
            assert told(db) == told(other)
            assert db.rows("FROM fresh_mention ORDER BY ALL") == said_otherwise, "to be compared is to say nothing new"
            blocked += int(db.rows("SELECT count(*) FROM blocked_key")[0][0])
    return blocked


@pytest.mark.parametrize("limits", LIMITS.values(), ids=LIMITS)
def test_nights_in_place_are_a_count_of_all(limits: tuple[int, int], tmp_path: Path) -> None:
    blocked = sum(nights(seed, *limits, tmp_path) for seed in range(2))
    assert (blocked > 0) == (limits != LIMITS["all fits"])


def test_two_rows_of_one_human_keep_their_seat_beside_a_row_that_changed() -> None:
    twice = {"surname": "berg", "given_name": "anna", "birth_date": "19800402", "record_id": "R1"}
    rows = [mention(**twice), mention(**twice), mention(surname="kok", given_name="cor", record_id="R1")]
    with DuckDBEngine() as db:
        mention_table(db, rows)
        write_bands(db, PERSONS)
        compare_all(db, 10_000, 50, RELATED[0])
        seats = db.rows("FROM shared_seat")
        db.run(f"CREATE TEMP TABLE {fresh.WAS} AS FROM mention WHERE mention_id = 2")
        for name, ids in (("fresh_mention", [2]), ("gone_mention", [])):
            db.register(name, pd.DataFrame({"mention_id": ids}, dtype="int64"))
        mention_table(db, [*rows[:2], mention(surname="bos", given_name="bea", record_id="R1")])
        compare_fresh(db, 10_000, 50, RELATED[0])
        assert db.rows("FROM shared_seat") == seats == [(1, 0)]
