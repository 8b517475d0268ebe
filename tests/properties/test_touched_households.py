"""A night that looks at touched families only leaves the households that looking at everybody leaves."""

from __future__ import annotations

import random
from collections.abc import Callable
from copy import deepcopy

import pytest

from linkage.config import Config
from linkage.engine.duckdb import DuckDBEngine
from linkage.entities import household, touched
from linkage.entities.household import KEPT
from tests.properties.test_households import Record, drawn, party
from tests.worlds import World, mint

SMALL = Config(households={"max_members": 4})
"""A size limit at which households are cut in most of these worlds."""
TABLES = (*KEPT,)


def another_night(records: list[Record], dice: random.Random) -> list[Record]:
    """Return the records with a few gone, a few new, and a few that name somebody else, or another day."""
    after = [deepcopy(record) for record in records if dice.random() >= 0.03]
    for place in dice.sample(range(len(after)), 3):
        kind, number, day, people = after[place]
        if dice.random() < 0.5:
            after[place] = (kind, number, "2025-12-31", people)
        else:
            after[place] = (kind, number, day, [*people, party(dice, dice.randrange(120))])
    for number in range(200, 204):
        people = [party(dice, n) for n in dice.sample(range(130), dice.choice((1, 2, 3)))]
        after.append((dice.choice(("incident", "case")), number, "2025-11-11", people))
    return after


def spread(person: dict[str, object]) -> None:
    """Let people of unlike numbers live apart, so that not everybody is everybody's neighbour."""
    number = int(str(person["name"]).partition(":")[0].removeprefix("p"))
    if isinstance(place := person.get("house_number"), int):
        person["house_number"] = place + 12 * (number // 12)


def written(records: list[Record], db: DuckDBEngine, *, merged: tuple[int, int] | None = None) -> World:
    """Write the records into a database; of two ``merged`` people the linkage says that they are one."""
    made = World(SMALL)
    made.db = db
    made.listed = [("7902CD", number, "") for number in range(4, 130, 4)]
    for kind, number, day, people in deepcopy(records):
        for person in people:
            spread(person)
            name, _, role = person["name"].partition(":")
            if merged and name == f"p{merged[0]}":
                person["name"] = f"p{merged[1]}:{role}"
        if kind == "incident":
            made.incident(number, day, *people)
        else:
            made.report(f"R{number}", day, *people)
    return made.load()


def tell_what_changed(db: DuckDBEngine) -> None:
    """Write what a night knows of its changes, from the tables ``was`` and ``was_person`` of the night before."""
    key = "source_id, record_kind, record_id"
    db.run("CREATE OR REPLACE TEMP TABLE now_said AS SELECT mention_id, hash(m) AS said FROM mention m")
    db.run("CREATE OR REPLACE TEMP TABLE was_said AS SELECT mention_id, hash(m) AS said FROM was m")
    db.run(
        "CREATE OR REPLACE TEMP TABLE fresh_mention AS SELECT mention_id FROM now_said "
        "ANTI JOIN was_said USING (mention_id, said)"
    )
    db.run(
        "CREATE OR REPLACE TEMP TABLE gone_mention AS SELECT mention_id FROM was ANTI JOIN mention USING (mention_id)"
    )
    db.run(
        "CREATE OR REPLACE TEMP TABLE was_mention AS FROM was WHERE mention_id IN (SELECT mention_id FROM was_said "
        "ANTI JOIN now_said USING (mention_id, said))"
    )
    db.run(
        f"CREATE OR REPLACE TEMP TABLE changed_record AS SELECT DISTINCT {key} FROM (SELECT {key} FROM mention "
        f"SEMI JOIN fresh_mention USING (mention_id) UNION ALL SELECT {key} FROM was_mention)"
    )
    db.run(
        """
        CREATE OR REPLACE TEMP TABLE changed_person AS
        WITH moved AS (
            SELECT unnest([n.person_id, w.person_id]) AS person_id
            FROM mention_person n FULL JOIN was_person w USING (mention_id)
            WHERE n.person_id IS DISTINCT FROM w.person_id OR mention_id IN (SELECT mention_id FROM fresh_mention)
        )
        SELECT DISTINCT person_id FROM moved WHERE person_id IS NOT NULL
        """
    )


def two_nights(seed: int, *, only_touched: bool) -> tuple[dict[str, object], int]:
    """Return the tables after a second night, and how many people it looked at."""
    dice = random.Random(seed)
    records = drawn(seed)[:70]
    db = DuckDBEngine()
    first = written(records, db)
    household.build(db, SMALL, run_id="1", mint=mint, listed=first.listed)
    db.run("CREATE TABLE was AS FROM mention")
    db.run("CREATE TABLE was_person AS FROM mention_person")
    written(another_night(records, dice), db, merged=(7, 8))
    looked_at = [0]
    if only_touched:
        tell_what_changed(db)
    leave_out = touched.leave_out_neighbours

    def counted(db: DuckDBEngine) -> None:
        leave_out(db)
        [(looked_at[0],)] = db.rows("SELECT count(*) FROM hh_near WHERE is_touched")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(touched, "MOST", 1.0)
        patch.setattr(touched, "leave_out_neighbours", counted)
        household.build(db, SMALL, run_id="2", mint=mint, listed=first.listed)
    return {name: db.rows(f"FROM {name} ORDER BY ALL") for name in TABLES}, looked_at[0]


@pytest.mark.parametrize("seed", range(4))
def test_looking_at_touched_families_is_looking_at_everybody(seed: int) -> None:
    found, looked_at = two_nights(seed, only_touched=True)
    wanted, nobody = two_nights(seed, only_touched=False)
    assert [name for name in TABLES if found[name] != wanted[name]] == []
    assert 0 < looked_at < 85 and nobody == 0, looked_at


def test_a_night_in_which_nobody_comes_and_a_family_goes() -> None:
    db = DuckDBEngine()
    records = drawn(3)[:40]
    alone: Record = ("incident", 300, "2025-06-01", [{"name": "p200:verdachte", "sex": "M"}])
    first = written([*records, alone], db)
    household.build(db, SMALL, run_id="1", mint=mint, listed=first.listed)
    db.run("CREATE TABLE was AS FROM mention")
    db.run("CREATE TABLE was_person AS FROM mention_person")
    wanted = db.rows("SELECT household_id FROM household ORDER BY ALL")
    written(records, db)
    tell_what_changed(db)
    household.build(db, SMALL, run_id="2", mint=mint, listed=first.listed)
    [(gone,)] = db.rows("FROM touched_household")
    assert db.rows("SELECT household_id FROM household ORDER BY ALL") == [row for row in wanted if row != (gone,)]


BORN = {"p301": "20071201", "p302": "20080301", "p303": "20160101"}
YOUNG: list[Record] = [
    (
        "case",
        301,
        "2025-06-01",
        [{"name": "p300:ouder"}, *({"name": f"{n}:getuige_kind", "born": b} for n, b in BORN.items())],
    )
]
LATE: Record = ("incident", 310, "2025-12-31", [{"name": "p310:verdachte"}])


@pytest.mark.parametrize(("first", "then"), [(YOUNG, [*YOUNG, LATE]), ([*YOUNG, LATE], YOUNG)], ids=["on", "back"])
def test_who_comes_of_age_in_a_family_of_whom_nothing_is_told(first: list[Record], then: list[Record]) -> None:
    """The last day in the data moves on, or back, past a birthday."""
    found = []
    for only_touched in (True, False):
        db = DuckDBEngine()
        rest = drawn(3)[:40]
        household.build(db, SMALL, run_id="1", mint=mint, listed=written([*rest, *first], db).listed)
        db.run("CREATE TABLE was AS FROM mention")
        db.run("CREATE TABLE was_person AS FROM mention_person")
        before = db.rows("FROM household ORDER BY ALL")
        places = set(db.rows("SELECT household_id, rowid FROM household"))
        world = written([*rest, *then], db)
        if only_touched:
            tell_what_changed(db)
        household.build(db, SMALL, run_id="2", mint=mint, listed=world.listed)
        now = db.rows("FROM household ORDER BY ALL")
        found.append(now)
        if only_touched:
            written_anew = {row[0] for row in places ^ set(db.rows("SELECT household_id, rowid FROM household"))}
            assert {row[0] for row in {*before} ^ {*now}} <= written_anew < {row[0] for row in [*before, *now]}
    assert found[0] == found[1]
    family = {row[0]: row[2] for row in before}
    assert [abs(row[2] - family[row[0]]) for row in found[0] if family.get(row[0], row[2]) != row[2]] == [1]


def overlook_addresses(patch: pytest.MonkeyPatch) -> None:
    """Look at who is tied to a change by records and households only."""
    patch.setattr(touched, "_add_neighbours", lambda *_, **__: None)


def overlook_families(patch: pytest.MonkeyPatch) -> None:
    """Look at the persons themselves and at who lives at their addresses only."""
    patch.setattr(touched, "_complete", lambda _: None)


@pytest.mark.parametrize("overlook", [overlook_addresses, overlook_families], ids=lambda told: told.__name__)
def test_who_looks_at_less_is_seen(
    overlook: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative controls of the comparison above."""
    overlook(monkeypatch)
    assert any(two_nights(seed, only_touched=True)[0] != two_nights(seed, only_touched=False)[0] for seed in range(4))
