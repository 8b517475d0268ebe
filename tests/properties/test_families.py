"""What is said of a family follows from its own records, the day and fixed settings, and from nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from linkage import families
from linkage.agenda import draw_up
from linkage.config import Config
from linkage.engine.duckdb import DuckDBEngine
from tests.nights import Night, publish
from tests.shared import once

READ = (
    *("incident", "incident_status", "case_report", "involvement", "unified_case", "household", "household_member"),
    *("household_id_history", "mention", "mention_household", "mention_person", "person_base", "record_household"),
    *("police_incident", "steunpunt_report", "care_report", "delivery", "municipality"),
)
TABLES = (*families.LASTING, *families.DATED)
OF_HOUSEHOLDS = ("incident", "case_report", "unified_case", "household", "household_member", "mention_household")


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    return Night(once(tmp_path_factory, "night", publish))


@pytest.fixture
def db(night: Night) -> Iterator[DuckDBEngine]:
    with night.in_memory(*READ, *TABLES, "household_override") as copy:
        yield copy


@pytest.fixture(scope="module")
def as_of(night: Night) -> date:
    with night.restricted() as published:
        return date.fromisoformat(str(published.rows("SELECT max(as_of) FROM household_today")[0][0]))


def rows(db: DuckDBEngine, name: str, where: str = "true") -> list[object]:
    return [tuple(row) for row in db.rows(f"SELECT * FROM {name} WHERE {where} ORDER BY ALL")]


def build(db: DuckDBEngine, as_of: date) -> None:
    families.build(db, Config(), as_of=as_of, progress=lambda _: None)


def test_the_records_of_some_households_alone_give_the_same_of_them(db: DuckDBEngine, as_of: date) -> None:
    db.run("CREATE TABLE few AS SELECT household_id FROM unified_case WHERE hash(household_id) % 4 = 0")
    there = "household_id IN (FROM few)"
    before = {name: rows(db, name, there) for name in TABLES}
    assert sum(map(len, before.values())) > 30
    for name in OF_HOUSEHOLDS:
        db.run(f"DELETE FROM {name} WHERE household_id IS NULL OR household_id NOT IN (FROM few)")
    build(db, as_of)
    for name in TABLES:
        assert rows(db, name, there) == before[name], name


def test_only_the_households_that_a_night_touched_need_be_made_anew(db: DuckDBEngine, as_of: date) -> None:
    """Every third household was touched, and one is gone: what lasts is made anew for these, and is what it was."""
    build(db, as_of)
    before = {name: rows(db, name) for name in TABLES}
    db.run(
        "CREATE TEMP TABLE touched_household AS SELECT household_id FROM household WHERE hash(household_id) % 3 = 0 "
        "UNION ALL SELECT 'gone'"
    )
    for name in families.LASTING:
        db.run(f"DELETE FROM {name} WHERE household_id IN (FROM touched_household)")
        db.run(f"INSERT INTO {name} SELECT * REPLACE ('gone' AS household_id) FROM {name} LIMIT 1")
    build(db, as_of)
    assert {name: rows(db, name) for name in TABLES} == before


def test_who_was_not_touched_is_left_as_it_was_while_the_settings_are_what_they_were(
    db: DuckDBEngine, as_of: date
) -> None:
    build(db, as_of)
    before = {name: rows(db, name) for name in families.LASTING}
    db.run("CREATE TEMP TABLE touched_household (household_id VARCHAR)")
    for name in families.LASTING:
        db.run(f"DELETE FROM {name}")
    build(db, as_of)
    assert {name: rows(db, name) for name in families.LASTING} == {name: [] for name in families.LASTING}
    families.build(db, Config(limits={"early_days": 3}), as_of=as_of, progress=lambda _: None)
    assert {name: len(rows(db, name)) for name in families.LASTING} == {n: len(r) for n, r in before.items()}


def test_tables_that_last_do_not_know_the_day(db: DuckDBEngine, as_of: date) -> None:
    before = {name: rows(db, name) for name in families.LASTING}
    build(db, date(as_of.year + 1, 1, 1))
    assert {name: rows(db, name) for name in families.LASTING} == before
    assert rows(db, "household_today", f"as_of = DATE '{as_of}'") == []


def test_the_agenda_sums_its_reasons_and_knows_no_order_of_rows(db: DuckDBEngine) -> None:
    whole = draw_up(db, run_id="r", most=10**6)
    assert len(whole.items) == whole.eligible > 3
    assert all(item.points == sum(ground.points for ground in item.grounds) for item in whole.items)
    assert [(-i.points, i.household_id) for i in whole.items] == sorted(
        (-i.points, i.household_id) for i in whole.items
    )
    for name in ("household_today", "household_colour", "household_closure", "household_handover", "unified_case"):
        db.run(f"CREATE OR REPLACE TABLE {name} AS FROM {name} ORDER BY hash({name})")
    for most in (1, 3, 10):
        assert draw_up(db, run_id="r", most=most).items == whole.items[:most]
