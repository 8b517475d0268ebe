"""A night that looks at components in which something changed leaves the persons that looking at everybody leaves."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from itertools import combinations, pairwise
from typing import Any

import pandas as pd
import pytest

from linkage import contracts, tonight
from linkage.config import Config
from linkage.decisions import Decision, MentionKey, Verdict
from linkage.engine.duckdb import DuckDBEngine
from linkage.entities import KEPT, resolve
from tests.mentions import mention, mention_table, score_table

SMALL = Config(linkage={"max_person_mentions": 5})
STRICT = Config(linkage={"max_person_mentions": 5, "possible": 0.97})
"""Pairs that are sure need not be kept as possible: the settings allow it."""
HUMANS, SEATS = 90, 10
"""How many there are, and rows of a record at most."""
Pair = tuple[int, int]
Row = tuple[int, int]
"""The human that a row names, and which version of what it says."""
TABLES = tuple(name for name in KEPT if name != "person_component")


@dataclass
class World:
    """Records with their rows, what was decided, and how the weights of pairs are drawn."""

    dice: random.Random
    records: dict[int, list[Row]]
    said: dict[int, tuple[Pair, Verdict]] = field(default_factory=dict)
    salts: dict[Pair, int] = field(default_factory=dict)

    def change(self) -> None:
        """Let a day pass: records go, come, and name others; pairs are weighed anew; people decide and withdraw."""
        dice = self.dice
        for record in dice.sample(sorted(self.records), 2):
            del self.records[record]
        for record in dice.sample(sorted(self.records), 3):
            rows = self.records[record]
            rows[dice.randrange(len(rows))] = (dice.randrange(HUMANS), dice.randrange(3))
            rows += [(dice.choice(rows)[0], 0)] if dice.random() < 0.5 and len(rows) < SEATS else []
        for _ in range(3):
            self.records[dice.randrange(200)] = people(dice)
        pairs = sorted(self.weights())
        for pair in dice.sample(pairs, 4):
            self.salts[pair] = dice.randrange(1000)
        for number in [n for n in self.said if dice.random() < 0.4]:
            del self.said[number]
        self.said[max(self.said, default=0) + 1] = (dice.choice(pairs), dice.choice(list(Verdict)))

    def mentions(self) -> dict[int, Row]:
        return {r * SEATS + place: row for r, rows in self.records.items() for place, row in enumerate(rows)}

    def weights(self) -> dict[Pair, float]:
        """Return the pairs that are compared: all of one human, and of humans whose numbers are next to each other."""
        found = {}
        for (a, one), (b, other) in combinations(sorted(self.mentions().items()), 2):
            if a // SEATS != b // SEATS and abs(one[0] - other[0]) <= 1:
                drawn = random.Random(f"{a} {one} {b} {other} {self.salts.get((a, b))}").random()
                found[a, b] = 14 * drawn - 2 if one[0] == other[0] else 13 * drawn - 9
        return found

    def seats(self) -> dict[int, int]:
        """Return which rows stand in another's seat: two that name one human do, of three nobody knows."""
        found = {}
        for record, rows in self.records.items():
            for human in {row[0] for row in rows}:
                places = [record * SEATS + place for place, row in enumerate(rows) if row[0] == human]
                if len(places) == 2:
                    found[places[1]] = places[0]
        return found

    def decisions(self) -> list[Decision]:
        def key(mention_id: int) -> MentionKey:
            return MentionKey("s", "incident", f"{mention_id // SEATS}", mention_id % SEATS)

        return [Decision(n, "", "", verdict, "", key(a), key(b)) for n, ((a, b), verdict) in self.said.items()]


def people(dice: random.Random) -> list[Row]:
    return [(dice.randrange(HUMANS), 0) for _ in range(dice.choice((1, 2, 2, 3)))]


def first(seed: int) -> World:
    dice = random.Random(seed)
    return World(dice, {number: people(dice) for number in range(100)})


def write(db: DuckDBEngine, world: World, config: Config = SMALL) -> None:
    """Write what the linkage leaves for the persons."""
    rows = world.mentions()
    table = [
        mention(
            source_id="s", record_id=f"{n // SEATS}", person_seq=n % SEATS, sex="MVX"[version], birth_date="19800101"
        )
        for n, (_, version) in rows.items()
    ]
    mention_table(db, table)
    db.register("number", pd.DataFrame({"place": range(len(rows)), "id": list(rows)}))
    db.run("UPDATE mention SET mention_id = id, record_no = id // 10 FROM number WHERE mention_id = place")
    db.run(contracts.table("shared_seat").ddl())
    db.insert("shared_seat", sorted(world.seats().items()))
    scored = [(a, b, weight) for (a, b), weight in world.weights().items()]
    score_table(db, scored, possible=config.linkage.possible)


def tell_what_changed(db: DuckDBEngine, before: World, after: World, was: pd.DataFrame) -> None:
    """Write what a night knows of its changes; a pair may be named twice, or though it is as it was."""
    old, new = before.mentions(), after.mentions()
    fresh = [n for n in new if old.get(n) != new[n]]
    gone = [n for n in old if n not in new]
    for name, found in (("fresh_mention", fresh), ("gone_mention", gone)):
        db.register(name, pd.DataFrame({"mention_id": pd.Series(found, dtype="int64")}))
    db.show("was", was)
    db.run(
        "CREATE OR REPLACE TEMP TABLE was_mention AS FROM was "
        "WHERE mention_id IN (FROM fresh_mention UNION ALL FROM gone_mention)"
    )
    left, right = before.weights(), after.weights()
    changed = [pair for pair in sorted({*left, *right}) if left.get(pair) != right.get(pair) or pair[0] % 7 == 0]
    db.register("changed_pair", pd.DataFrame([*changed, *changed[:5]], columns=["left_id", "right_id"]))


def write_changed_pairs_behind(db: DuckDBEngine) -> None:
    """Let the pairs that changed stand behind all others, as the linkage leaves them, and the night know where."""
    db.run("CREATE OR REPLACE TEMP TABLE all_pairs AS FROM pair")
    db.run("CREATE OR REPLACE TABLE pair AS FROM all_pairs ANTI JOIN changed_pair USING (left_id, right_id)")
    tonight.note(db)
    db.run("INSERT INTO pair FROM all_pairs SEMI JOIN changed_pair USING (left_id, right_id)")


def state(db: DuckDBEngine) -> dict[str, object]:
    """Return the tables of persons, and who is tied to whom."""
    found: dict[str, object] = {name: db.rows(f"FROM {name} ORDER BY ALL") for name in TABLES}
    tied = db.rows("SELECT list_sort(list(person_id)) FROM person_component GROUP BY component")
    return found | {"person_component": sorted(row[0] for row in tied)}


def nights(
    seed: int, *, only_changed: bool, config: Config = SMALL
) -> tuple[list[dict[str, object]], list[set[str]], list[str]]:
    """Return the tables after every night, the persons that it called changed, and what it said."""
    world, said = first(seed), []
    states, told = [], []
    with DuckDBEngine() as db:
        for number in range(4):
            if number:
                was, before = db.frame("FROM mention"), World(world.dice, {**world.records}, salts={**world.salts})
                before.records = {record: [*rows] for record, rows in world.records.items()}
                world.change()
            write(db, world, config)
            if number and only_changed:
                tell_what_changed(db, before, world, was)
                if number > 1:
                    write_changed_pairs_behind(db)
            resolve(
                db, config, run_id=f"{number}", mint=lambda _, text: text, progress=said.append,
                decisions=world.decisions(),
            )  # fmt: skip
            states.append(state(db))
            told.append({p for (p,) in db.rows("FROM changed_person")} if db.has("changed_person") else set())
    return states, told, said


def test_a_night_in_which_nobody_comes_and_somebody_goes() -> None:
    before = World(random.Random(), {1: [(1, 0)], 2: [(50, 0)]})
    after = World(before.dice, {1: [(1, 0)]})
    with DuckDBEngine() as db:
        for world in (before, after, after):
            was = db.frame("FROM mention") if db.has("mention") else None
            write(db, world)
            if was is not None:
                tell_what_changed(db, before, world, was)
                before = world
            resolve(db, SMALL, run_id="r", mint=lambda _, text: text, progress=lambda _: None)
            assert db.rows("SELECT person_id FROM mention_person ORDER BY ALL") == db.rows(
                "SELECT person_id FROM person_base ORDER BY ALL"
            )
            assert db.rows("SELECT DISTINCT mention_id // 10 FROM mention_person ORDER BY ALL") == [
                (record,) for record in world.records
            ]


def others(before: Any, after: Any) -> set[str]:
    """Return the persons that have not the same mentions."""
    differing = set(before["mention_person"]) ^ set(after["mention_person"])
    return {person for _, person in differing}


@pytest.mark.parametrize("config", [SMALL, STRICT], ids=["usual", "strict"])
@pytest.mark.parametrize("seed", range(5))
def test_looking_at_what_changed_is_looking_at_everybody(
    seed: int, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tonight, "MANY", 1)
    monkeypatch.setattr(import_module("linkage.entities.cluster"), "PAGE", 21)
    found, told, said = nights(seed, only_changed=True, config=config)
    wanted, _, _ = nights(seed, only_changed=False, config=config)
    for number, (one, other) in enumerate(zip(found, wanted, strict=True)):
        assert [name for name in one if one[name] != other[name]] == [], number
    assert told[1:] == [others(one, other) for one, other in pairwise(found)]
    looked_at = [int(line.split(", ")[1].split()[0]) for line in said[1:]]
    assert all(0 < some < int(line.split()[0]) * 0.8 for some, line in zip(looked_at, said[1:], strict=True)), said


def overlook_ties(patch: pytest.MonkeyPatch) -> None:
    """Look at the persons themselves, and at none from whom a contradiction keeps them apart."""
    monkeypatched(patch, "WHERE component IN (", "WHERE false AND component IN (")


def overlook_withdrawn(patch: pytest.MonkeyPatch) -> None:
    """Look at decisions of tonight only."""
    monkeypatched(patch, "UNION ALL FROM was_decision", "")


def overlook_seats(patch: pytest.MonkeyPatch) -> None:
    """Look at the rows of a record that changed themselves."""
    monkeypatched(
        patch, "SELECT mention_id FROM mention WHERE record_no IN (", "FROM fresh_mention UNION SELECT 0 IN ("
    )


def overlook_weak(patch: pytest.MonkeyPatch) -> None:
    """Look at pairs that are sure only."""
    monkeypatched(patch, "r.component = l.component", "false")


def overlook_joined(patch: pytest.MonkeyPatch) -> None:
    """Look at the ends of pairs that may join, and not at whose they were."""
    monkeypatched(patch, "UNION FROM near_joined UNION SELECT unnest", "UNION SELECT unnest")


def monkeypatched(patch: pytest.MonkeyPatch, what: str, other: str) -> None:
    """Run another statement than `near` means to."""
    run = DuckDBEngine.run

    def changed(db: DuckDBEngine, sql: str, params: Any = ()) -> None:
        run(db, " ".join(sql.split()).replace(what, other) if "TABLE near_" in sql else sql, params)

    patch.setattr(DuckDBEngine, "run", changed)


@pytest.mark.parametrize(
    "overlook",
    [overlook_ties, overlook_withdrawn, overlook_seats, overlook_weak, overlook_joined],
    ids=lambda told: told.__name__,
)
def test_who_looks_at_less_is_seen(
    overlook: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative controls of the comparison above."""
    overlook(monkeypatch)
    assert any(nights(seed, only_changed=True)[0] != nights(seed, only_changed=False)[0] for seed in range(12))
