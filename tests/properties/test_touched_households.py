"""A night that looks at touched families only leaves the households that looking at everybody leaves."""

from __future__ import annotations

import random
from copy import deepcopy
from typing import Any

import pytest

from linkage.config import Config
from linkage.engine.duckdb import DuckDBEngine
from linkage.entities import household, touched
from linkage.entities.household import KEPT
from tests.properties.test_households import Record, drawn, party
from tests.worlds import World, mint

SMALL = Config(households={"max_members": 4, "collective_persons": 3, "collective_surnames": 2})
"""Limits at which households are cut, and addresses come and go as collective ones, in most of these worlds."""
PLACES, DOZENS = 4, 12
"""House numbers that a person may have, and how many persons live among one another."""
LEFT = ("mention", "mention_person", "police_incident", "steunpunt_report", "steunpunt_person")
"""Tables of which a night is told what changed."""
TABLES = tuple(name for name in KEPT if name != "household_component")
SAID = ("mention_household", "record_household", "household_member")


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
        person["house_number"] = 1 + place % PLACES + PLACES * (number // DOZENS)


def written(records: list[Record], db: DuckDBEngine, *, merged: tuple[int, int] | None = None, night: int = 1) -> World:
    """Write the records into a database; of two ``merged`` people the linkage says that they are one.

    What a record says besides its persons, a few records say otherwise in another ``night``.
    """
    made = World(SMALL)
    made.db = db
    made.listed = [("7902CD", number, "") for number in range(4, 60, 8)]
    for kind, number, day, people in deepcopy(records):
        for person in people:
            spread(person)
            name, _, role = person["name"].partition(":")
            if merged and name == f"p{merged[0]}":
                person["name"] = f"p{merged[1]}:{role}"
        if kind == "incident":
            made.incident(number, day, *people, dv_flag=(number + night) % 11 > 0)
        else:
            for person in people:
                person["member_from"] = "2022-01-01" if (number + night) % 7 == 0 else None
            closed = "2025-12-30" if (number + night) % 9 < 4 else None
            made.report(f"R{number}", day, *people, closed_at=closed)
    return made.load()


def keep(db: DuckDBEngine) -> None:
    """Keep what a night was told."""
    for name in LEFT:
        db.run(f"CREATE TABLE was_{name} AS FROM {name}")


def leave(db: DuckDBEngine) -> None:
    """Keep what a night was told, and leave the tables of the casebook."""
    keep(db)
    db.run("CREATE TABLE incident AS FROM police_incident")
    db.run("CREATE TABLE case_report AS FROM steunpunt_report")


def tell_what_changed(db: DuckDBEngine) -> None:
    """Write what a night knows of its changes, from what `keep` kept of the night before."""
    key = "source_id, record_kind, record_id"
    db.run("CREATE OR REPLACE TEMP TABLE now_said AS SELECT mention_id, hash(m) AS said FROM mention m")
    db.run("CREATE OR REPLACE TEMP TABLE was_said AS SELECT mention_id, hash(m) AS said FROM was_mention m")
    db.run(
        "CREATE OR REPLACE TEMP TABLE fresh_mention AS SELECT mention_id FROM now_said "
        "ANTI JOIN was_said USING (mention_id, said)"
    )
    db.run(
        "CREATE OR REPLACE TEMP TABLE gone_mention AS SELECT mention_id FROM was_mention "
        "ANTI JOIN mention USING (mention_id)"
    )
    db.run(
        "CREATE OR REPLACE TEMP TABLE recoded_mention AS FROM fresh_mention UNION SELECT mention_id FROM mention "
        "JOIN (FROM steunpunt_person EXCEPT FROM was_steunpunt_person) p ON record_kind = 'case' "
        "AND record_id = case_id AND p.person_seq = mention.person_seq"
    )
    db.run(
        "CREATE OR REPLACE TEMP TABLE was_mention AS FROM main.was_mention WHERE mention_id IN (SELECT mention_id "
        "FROM was_said ANTI JOIN now_said USING (mention_id, said))"
    )
    differ = "(FROM (FROM {0} EXCEPT FROM was_{0}) UNION ALL FROM (FROM was_{0} EXCEPT FROM {0}))"
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE changed_record AS
        SELECT {key} FROM mention SEMI JOIN fresh_mention USING (mention_id) UNION SELECT {key} FROM was_mention
        UNION SELECT source_id, 'incident', incident_number FROM {differ.format("police_incident")}
        UNION SELECT source_id, 'case', case_id FROM {differ.format("steunpunt_report")}
        UNION SELECT source_id, 'case', case_id FROM {differ.format("steunpunt_person")}
        """
    )
    db.run(
        "CREATE OR REPLACE TEMP TABLE other_mention AS SELECT mention_id FROM mention_person n "
        "FULL JOIN was_mention_person w USING (mention_id) WHERE n.person_id IS DISTINCT FROM w.person_id"
    )
    db.run(
        """
        CREATE OR REPLACE TEMP TABLE changed_person AS
        WITH moved AS (
            SELECT unnest([n.person_id, w.person_id]) AS person_id
            FROM mention_person n FULL JOIN was_mention_person w USING (mention_id)
            WHERE n.person_id IS DISTINCT FROM w.person_id
        )
        SELECT DISTINCT person_id FROM moved WHERE person_id IS NOT NULL
        """
    )


def a_night(records: list[Record], db: DuckDBEngine) -> list[tuple[str, int | None, str]]:
    """Write records, and build households of them for the first time; returns the addresses that are listed."""
    listed = written(records, db).listed
    household.build(db, SMALL, run_id="1", mint=mint, listed=listed)
    leave(db)
    return listed


def two_nights(seed: int, *, only_touched: bool) -> tuple[dict[str, object], int]:
    """Return the tables after a second night, and how many people it looked at."""
    dice = random.Random(seed)
    records = drawn(seed)[:70]
    db = DuckDBEngine()
    listed = a_night(records, db)
    written(another_night(records, dice), db, merged=(7, 8), night=2)
    looked_at = [0]
    if only_touched:
        tell_what_changed(db)
    read = touched._read

    def counted(db: DuckDBEngine) -> None:
        read(db)
        [(looked_at[0],)] = db.rows("SELECT count(*) FROM hh_near")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(touched, "MOST", 1.0)
        patch.setattr(touched, "_read", counted)
        household.build(db, SMALL, run_id="2", mint=mint, listed=listed)
    found: dict[str, object] = {name: db.rows(f"FROM {name} ORDER BY ALL") for name in TABLES}
    tied = db.rows("SELECT list_sort(list(household_id)) FROM household_component GROUP BY component")
    return found | {"household_component": sorted(row[0] for row in tied)}, looked_at[0]


@pytest.mark.parametrize("seed", range(4))
def test_looking_at_touched_families_is_looking_at_everybody(seed: int) -> None:
    found, looked_at = two_nights(seed, only_touched=True)
    wanted, nobody = two_nights(seed, only_touched=False)
    assert [name for name in found if found[name] != wanted[name]] == []
    assert 0 < looked_at < 85 and nobody == 0, looked_at


@pytest.mark.parametrize("seed", (5, 34, 39))
def test_families_of_whom_something_is_told_otherwise_are_named_and_their_mentions(seed: int) -> None:
    """As they were and as they are; and few others."""
    dice = random.Random(seed)
    records = drawn(seed)[:70]
    db = DuckDBEngine()
    listed = a_night(records, db)
    for name in SAID:
        db.run(f"CREATE TABLE before_{name} AS FROM {name}")
    written(another_night(records, dice), db, merged=(7, 8), night=2)
    tell_what_changed(db)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(touched, "MOST", 1.0)
        household.build(db, SMALL, run_id="2", mint=mint, listed=listed)
    differ = {
        name: f"((FROM {name} EXCEPT FROM before_{name}) UNION (FROM before_{name} EXCEPT FROM {name}))"
        for name in SAID
    }
    others = {row[0] for name in SAID for row in db.rows(f"SELECT household_id FROM {differ[name]}")}
    named = {row[0] for row in db.rows("FROM touched_household")}
    assert others <= named < {row[0] for row in db.rows("SELECT household_id FROM household")} | others
    elsewhere = {row[0] for row in db.rows(f"SELECT mention_id FROM {differ['mention_household']}")}
    assert elsewhere <= {row[0] for row in db.rows("FROM moved_mention")}


def test_a_night_in_which_nobody_comes_and_a_family_goes() -> None:
    db = DuckDBEngine()
    records = drawn(3)[:40]
    alone: Record = ("incident", 300, "2025-06-01", [{"name": "p200:verdachte", "sex": "M"}])
    listed = a_night([*records, alone], db)
    wanted = db.rows("SELECT household_id FROM household ORDER BY ALL")
    written(records, db)
    tell_what_changed(db)
    household.build(db, SMALL, run_id="2", mint=mint, listed=listed)
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
        leave(db)
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


def alone(number: int, surname: str, suffix: str | None = None) -> Record:
    """Return a record that names one person, at a building that no other record of these worlds tells of."""
    told = {"postcode": "7903EF", "house_number": 1, "house_suffix": suffix, "surname": surname}
    return ("incident", number, f"2025-0{number % 10 + 1}-01", [{"name": f"p{number}:verdachte", **told}])


HOME = [alone(312, "berg"), alone(313, "berg")]
DOOR = alone(314, "dam", "a")


@pytest.mark.parametrize(("first", "then"), [(HOME, [*HOME, DOOR]), ([*HOME, DOOR], HOME)], ids=["told", "withdrawn"])
def test_who_lives_in_a_building_whose_homes_are_told_apart(first: list[Record], then: list[Record]) -> None:
    """Two persons of one surname are a household while their building is one home; a third tells of a door."""
    found = []
    for only_touched in (True, False):
        db = DuckDBEngine()
        rest = drawn(3)[:40]
        world = written([*rest, *first], db)
        household.build(db, SMALL, run_id="1", mint=mint, listed=world.listed)
        leave(db)
        before = db.rows("SELECT count(*) FROM household WHERE members = 2 AND household_id LIKE '%00031%'")
        written([*rest, *then], db)
        if only_touched:
            tell_what_changed(db)
        household.build(db, SMALL, run_id="2", mint=mint, listed=world.listed)
        assert before != db.rows("SELECT count(*) FROM household WHERE members = 2 AND household_id LIKE '%00031%'")
        found.append({name: db.rows(f"FROM {name} ORDER BY ALL") for name in TABLES})
    assert found[0] == found[1]


def of_one_name(kind: str, number: int, *names: str) -> Record:
    return (kind, number, "2025-06-01", [{"name": f"{name}:betrokkene"} for name in names])


def test_a_record_that_is_back_with_somebody_else_takes_no_id_from_a_family_of_whom_nothing_is_told() -> None:
    """Its mention had the id of that family before it was withdrawn."""
    found, stays = [], of_one_name("incident", 331, "p330", "p331")
    for only_touched in (True, False):
        db = DuckDBEngine()
        rest = drawn(3)[:40]
        for night in (
            [of_one_name("case", 330, "p330", "p331"), stays],
            [stays],
            [of_one_name("case", 330, "p340"), stays],
        ):
            listed = written([*rest, *night], db).listed
            if db.has("was_mention") and only_touched:
                tell_what_changed(db)
            household.build(db, SMALL, run_id="1", mint=mint, listed=listed)
            if night == [stays]:
                leave(db)
        found.append({name: db.rows(f"FROM {name} ORDER BY ALL") for name in TABLES})
        assert db.rows("SELECT count(*) FROM household") == db.rows(
            "SELECT count(DISTINCT household_id) FROM household"
        )
        [(members,)] = db.rows(
            "SELECT list_sort(list(DISTINCT person_id)) FROM household_member WHERE household_id IN "
            "(SELECT household_id FROM household_member WHERE person_id = 'p-p330')"
        )
        assert members == ["p-p330", "p-p331"]
    assert found[0] == found[1]


CONTROLS = {
    "families": ("hh_near AS WITH own", "WHERE component IN", "WHERE false AND component IN"),
    "flipped addresses": ("hh_next WITH divided", "address IN (FROM hh_flipped)", "false"),
    "names at an address": ("hh_next WITH divided", "USING (address, name)", "USING (address, name) WHERE false"),
    "incidents": ("hh_next AS WITH record", "n.dv_flag IS DISTINCT FROM w.dv_flag", "false"),
    "closings": ("hh_next AS WITH record", "n.is_open IS DISTINCT FROM w.is_open OR n.closed", "false AND n.closed"),
    "stays of a dossier": ("hh_next AS WITH record", "SEMI JOIN recoded_mention", "SEMI JOIN fresh_mention"),
    "ties of tonight": ("INSERT INTO household_component", "OVER (PARTITION BY label)", "OVER (PARTITION BY group_no)"),
    "protected since": ("INTO protected_address", "SEMI JOIN hh_flipped", "SEMI JOIN (FROM hh_flipped LIMIT 0)"),
}
"""What a night may overlook: how the statement is known, and what is left out of it."""


@pytest.mark.parametrize("overlooked", CONTROLS)
def test_who_looks_at_less_is_seen(overlooked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative controls of the comparison above."""
    known_by, what, other = CONTROLS[overlooked]
    run, left_out = DuckDBEngine.run, [0]

    def changed(db: DuckDBEngine, sql: str, params: Any = ()) -> None:
        told = " ".join(sql.split())
        left_out[0] += known_by in told and what in told
        run(db, told.replace(what, other) if known_by in told else sql, params)

    monkeypatch.setattr(DuckDBEngine, "run", changed)
    assert any(two_nights(seed, only_touched=True)[0] != two_nights(seed, only_touched=False)[0] for seed in range(6))
    assert left_out[0]
