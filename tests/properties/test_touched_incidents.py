"""A night that looks at touched records only leaves the case view that looking at all of them leaves."""

from __future__ import annotations

import random
from collections.abc import Callable
from copy import deepcopy
from datetime import date
from typing import Any

import numpy as np
import pytest

from linkage import casebook
from linkage.casebook import hints, judge, retold, steps, touched, weigh
from linkage.casebook.renew import Touched
from linkage.config import Config
from linkage.engine.duckdb import DuckDBEngine
from linkage.entities import household
from linkage.entities import touched as touched_families
from linkage.intake import changes
from linkage.pairs import PERSONS
from linkage.pairs.coding import write_bands
from tests.properties.test_households import Record, drawn
from tests.properties.test_touched_households import another_night, keep, spread, tell_what_changed
from tests.worlds import World, mint

FIRST, SECOND = date(2026, 1, 5), date(2026, 1, 30)
"""Days of the two nights: between them some incidents become too old to wait."""
ADDRESS = {"incident_postcode": "9401AB", "incident_house_number": "5"}
TABLES = (
    *(*steps.VIEWS, *steps.TOUCHED, *judge.KEPT, "report_reference", "incident_hint", "link_edge", "link_rate"),
    *("gap_estimate", "gap_part"),
)


def dense(seed: int) -> list[Record]:
    """Return records of few people in few months, so that reports may answer several incidents; of small families, so
    that a night leaves some of them as they are."""
    dice = random.Random(seed)
    records = []
    for kind, number, _, people in drawn(seed):
        for person in people:
            name, _, role = person["name"].partition(":")
            person["name"] = f"p{number % 15 * 3 + int(name[1:]) % 3}:{role}"
        named = {person["name"].partition(":")[0]: person for person in people}
        records.append(
            (kind, number, f"2025-{dice.randrange(9, 13):02d}-{dice.randrange(1, 28):02d}", [*named.values()])
        )
    return records


def told_besides(kind: str, number: int, dice: random.Random) -> dict[str, Any]:
    """Return what a record says besides its people: now and then something that changes what it counts for."""
    if kind == "incident":
        return dice.choice([{}, {}, {}, {"dv_flag": False}, {"record_status": "ingetrokken"}])
    told = dice.choice(
        [{}, {}, {"contact_type": "advies"}, {"reporter_category": "onderwijs"}, {"closed_at": "2025-11-15"}]
    )
    if dice.random() < 0.5:
        number = dice.randrange(100)
        told = told | {"reporter_reference": dice.choice([f"PL0100-2025{number:06d}", f"ZM2025{number:06d}"])}
    return told


def add_besides(made: World, number: int, day: str, people: list[dict[str, Any]], *, later: bool) -> None:
    """Add to an incident, now and then, a care report and an hour later the same night entered again; some of both are
    there in one of the nights only."""
    if number % 5 == 0 and (later or number % 2):
        made.care(number, f"ZM2025{number:06d}")
    if number % 4 == 0 and (later or number % 3):
        made.incident(number + 500, f"{day} 13:00:00", *people, **ADDRESS)


def written(
    records: list[Record], db: DuckDBEngine, besides: random.Random, *, merged: tuple[int, int] | None = None
) -> World:
    """Write the records into a database as a first night left them; as a later one where of two ``merged`` people the
    linkage says that they are one."""
    made = World(Config())
    made.db = db
    for kind, number, day, people in deepcopy(records):
        for person in people:
            spread(person)
            name, _, role = person["name"].partition(":")
            if merged and name == f"p{merged[0]}":
                person["name"] = f"p{merged[1]}:{role}"
        told = told_besides(kind, number, random.Random(besides.random() if number % 6 == 0 else number))
        if kind == "incident":
            made.incident(number, day, *people, **ADDRESS, **told)
            add_besides(made, number, day, people, later=bool(merged))
        else:
            made.report(f"R{number}", day, *people, **told)
    made.maybe("p4", "p31", 0.9 if merged else 0.6).maybe("p5", "p32")
    if merged:
        made.maybe("p6", "p33")
    else:
        made.maybe("p3", "p30")
    return made.load()


def tell_all_records(db: DuckDBEngine) -> None:
    """Tell what every record says in the first night, and keep which records there are."""
    changes.tell(db, (), only_touched=False)
    told = " UNION ".join(f"SELECT source_id, {kind}, {record} FROM {name}" for name, kind, record in changes.PARTS)
    db.run(f"CREATE OR REPLACE TEMP TABLE told_before (source_id, record_kind, record_id) AS {told}")


def tell_changed_records(db: DuckDBEngine) -> None:
    """Write ``changed_record`` and an empty ``changed_pair`` as intake and the linkage do."""
    db.run(
        "CREATE OR REPLACE TEMP TABLE touched_record AS FROM told_before "
        "UNION SELECT source_id, 'incident', incident_number FROM police_incident "
        "UNION SELECT source_id, 'case', case_id FROM steunpunt_report"
    )
    db.run("CREATE OR REPLACE TEMP TABLE touched_report AS SELECT source_id, report_id FROM steunpunt_report")
    for name, *_ in changes.PARTS:
        db.run(f"CREATE OR REPLACE TEMP VIEW renewed_{name} AS FROM {name}")
    changes.tell(db, (), only_touched=True)
    db.run("CREATE OR REPLACE TEMP TABLE changed_pair AS SELECT left_id, right_id FROM pair LIMIT 0")


def two_nights(seed: int, *, only_touched: bool) -> tuple[dict[str, object], int]:
    """Return the tables after a second night, and how many incidents it looked at."""
    dice = random.Random(seed)
    records, db, settings = dense(seed)[:90], DuckDBEngine(), Config()
    written(records, db, random.Random(seed))
    tell_all_records(db)
    household.build(db, settings, run_id="1", mint=mint)
    write_bands(db, PERSONS)
    casebook.build(db, settings, as_of=FIRST, progress=lambda _: None)
    keep(db)
    written(another_night(records, dice), db, random.Random(seed + 1), merged=(7, 8))
    if only_touched:
        tell_what_changed(db)
        tell_changed_records(db)
    looked_at = [0]
    find = touched.find

    def counted(db: DuckDBEngine) -> None:
        find(db)
        [(looked_at[0],)] = db.rows("SELECT count(*) FROM cb_touched_incident")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(touched_families, "MOST", 1.0)
        patch.setattr(touched, "find", counted)
        household.build(db, settings, run_id="2", mint=mint)
        casebook.build(db, settings, as_of=SECOND, progress=lambda _: None)
    return {name: db.rows(f"FROM {name} ORDER BY ALL") for name in TABLES}, looked_at[0]


@pytest.mark.parametrize("seed", [0, 3])
@pytest.mark.parametrize("young", [weigh.YOUNG, 0], ids=["learnt anew", "rates of the month"])
def test_looking_at_touched_records_is_looking_at_all(seed: int, young: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weigh, "YOUNG", young)
    found, looked_at = two_nights(seed, only_touched=True)
    wanted, nobody = two_nights(seed, only_touched=False)
    assert [name for name in TABLES if found[name] != wanted[name]] == []
    assert looked_at > 0 and nobody == 0


def overlook_families(patch: pytest.MonkeyPatch) -> None:
    """Look at mentions that say something else themselves, and at none that stands elsewhere."""
    find_persons = touched._find_persons

    def of_fresh_mentions(db: DuckDBEngine) -> None:
        db.run("DELETE FROM moved_mention WHERE mention_id NOT IN (FROM fresh_mention)")
        find_persons(db)

    patch.setattr(touched, "_find_persons", of_fresh_mentions)


def overlook_persons(patch: pytest.MonkeyPatch) -> None:
    """Take mentions for those of the persons that they were of."""
    find_persons = touched._find_persons

    def of_no_other(db: DuckDBEngine) -> None:
        db.run("DELETE FROM other_mention")
        find_persons(db)

    patch.setattr(touched, "_find_persons", of_no_other)


def overlook_reports_nearby(patch: pytest.MonkeyPatch) -> None:
    """Explain anew what is touched itself, and nothing that a changed report may explain."""
    patch.setattr(hints, "KEYS", {"phone_hmac": "true"})


def overlook_competitors(patch: pytest.MonkeyPatch) -> None:
    """Weigh again what says something else, and not what hangs together with it."""
    patch.setattr(weigh, "_of_touched_families", lambda told, _: np.asarray(told["is_changed"], dtype=bool))


def overlook_what_hangs_together(patch: pytest.MonkeyPatch) -> None:
    """Judge anew what is touched itself, and not what else its reports might answer."""

    def of_itself(db: DuckDBEngine, _: object) -> None:
        for kind, known in (("incident", judge.INCIDENTS), ("report", judge.REPORTS)):
            db.run(f"CREATE TEMP TABLE {known} AS FROM cb_next_{kind}")

    patch.setattr(judge, "_spread", of_itself)


def overlook_twins(patch: pytest.MonkeyPatch) -> None:
    """Take incidents for the duplicates of those that they were the night before."""
    of_none = Touched(now="false", was="false", among="WHERE false")
    patch.setattr(casebook, "TOUCHED", steps.TOUCHED | {"incident_twin": of_none})


def overlook_ties(patch: pytest.MonkeyPatch) -> None:
    """Take numbers and possible persons for what they were the night before."""
    begin = judge._begin

    def of_records(db: DuckDBEngine) -> None:
        db.run(f"DELETE FROM {judge.TIES}")
        db.run(f"INSERT INTO {judge.TIES} FROM cb_tie")
        begin(db)

    patch.setattr(judge, "_begin", of_records)


def overlook_the_day(patch: pytest.MonkeyPatch) -> None:
    """Leave incidents that became too old to wait as they were told."""
    find = retold._find_status

    def touched_alone(db: DuckDBEngine) -> None:
        find(db)
        for name in ("cb_retold", "cb_restated"):
            db.run(f"DELETE FROM {name} WHERE incident_no NOT IN (SELECT incident_no FROM {touched.INCIDENTS})")

    patch.setattr(retold, "_find_status", touched_alone)


def overlook_age(patch: pytest.MonkeyPatch) -> None:
    """Leave incidents as old as they were."""
    patch.setattr(retold, "_grow_older", lambda _: None)


@pytest.mark.parametrize(
    ("overlook", "table", "seed"),
    [
        (overlook_families, "involvement", 2),
        (overlook_persons, "shared_people", 4),
        (overlook_what_hangs_together, "incident_link", 2),
        (overlook_ties, "incident_link", 3),
        (overlook_twins, "incident_status", 2),
        (overlook_reports_nearby, "incident_hint", 21),
        (overlook_competitors, "link_edge", 0),
        (overlook_the_day, "case_timeline", 0),
        (overlook_age, "incident_status", 0),
    ],
    ids=lambda told: getattr(told, "__name__", ""),
)
def test_who_looks_at_less_is_seen(
    overlook: Callable[[pytest.MonkeyPatch], None], table: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative controls of the comparison above."""
    monkeypatch.setattr(weigh, "YOUNG", 0)
    wanted, _ = two_nights(seed, only_touched=False)
    overlook(monkeypatch)
    found, _ = two_nights(seed, only_touched=True)
    assert found[table] != wanted[table]


@pytest.mark.parametrize(("young", "kept"), [(0, [True, False]), (weigh.YOUNG, [False, False])])
def test_rates_stay_for_the_month_once_they_rest_on_enough(
    young: int, kept: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rates that somebody else wrote are used until the month is over, where enough reports stood behind them."""
    monkeypatch.setattr(weigh, "YOUNG", young)
    db, found = DuckDBEngine(), []
    written(dense(0)[:90], db, random.Random(0))
    household.build(db, Config(), run_id="1", mint=mint)
    write_bands(db, PERSONS)
    casebook.build(db, Config(), as_of=FIRST, progress=lambda _: None)
    for day in (SECOND, date(2026, 2, 1)):
        db.run("UPDATE link_rate SET value = 0.125 WHERE name = 'further'")
        casebook.build(db, Config(), as_of=day, progress=lambda _: None)
        found.append(db.rows("SELECT value FROM link_rate WHERE name = 'further'") == [(0.125,)])
    assert found == kept
