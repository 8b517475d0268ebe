"""What is said of a family follows from its own records, the day and fixed settings, and from nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from linkage import families
from linkage.agenda import draw_up
from linkage.colours import Override
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
Rows = list[tuple[Any, ...]]
Found = dict[str, Rows]
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


def rows(db: DuckDBEngine, name: str, where: str = "true") -> Rows:
    return [tuple(row) for row in db.rows(f"SELECT * FROM {name} WHERE {where} ORDER BY ALL")]


def build(db: DuckDBEngine, as_of: date, overrides: Sequence[Override] = ()) -> None:
    families.build(db, Config(), as_of=as_of, progress=lambda _: None, overrides=overrides)


COLOURED = ("incident", "unified_case", "household_override")


def whole(db: DuckDBEngine, as_of: date, overrides: Sequence[Override] = ()) -> Found:
    """Return all tables as a run that knows nothing of the night before makes them."""
    db.run("DROP TABLE IF EXISTS touched_household")
    build(db, as_of, overrides)
    return {name: rows(db, name) for name in (*TABLES, *COLOURED)}


def next_night(db: DuckDBEngine, as_of: date, overrides: Sequence[Override] = (), touched: str = "false") -> Found:
    """Return all tables as a night leaves them whose records touched these households; it makes none of them whole."""
    db.run(f"CREATE OR REPLACE TEMP TABLE touched_household AS SELECT household_id FROM household WHERE {touched}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(families, "_make", lambda *_: pytest.fail("all families were looked at"))
        build(db, as_of, overrides)
    return {name: rows(db, name) for name in (*TABLES, *COLOURED)}


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


STEPS = (0, 1, 31, 400)


@pytest.mark.parametrize("days", STEPS)
@pytest.mark.parametrize("back", [0, 365])
def test_a_later_day_gives_what_a_run_from_scratch_gives(db: DuckDBEngine, as_of: date, back: int, days: int) -> None:
    """Nobody was touched: terms end, children grow up, closures, transfers and exclusion orders pass by themselves."""
    first = as_of - timedelta(back)
    before = whole(db, first)
    night = next_night(db, first + timedelta(days))
    assert night == whole(db, first + timedelta(days))
    assert (night == before) is (days == 0)


TODAY = "CAST($day AS TIMESTAMP)"
MONTHS = Config().casebook.severity_months
COMES = (
    *(
        f"UPDATE {table} SET {column} = CAST({TODAY} + INTERVAL ({days}) DAY AS {kind})"
        for table, column, kind, days in (
            ("case_report", "safety_assessment_end", "DATE", 1),
            ("case_report", "service_end", "DATE", 1),
            ("case_report", "closed_at", "TIMESTAMP", 1),
            ("case_report", "transfer_at", "TIMESTAMP", 1),
            ("case_report", "received_at", "TIMESTAMP", 1),
            ("case_report", "received_at", "TIMESTAMP", -6),
            ("steunpunt_report", "informed_at", "TIMESTAMP", 1),
            ("steunpunt_report", "monitoring_start", "DATE", 1),
            ("steunpunt_report", "monitoring_end", "DATE", 0),
            ("household_member", "valid_from", "DATE", 1),
            ("household_member", "valid_until", "DATE", 1),
            ("care_report", "sent_at", "TIMESTAMP", 1),
        )
    ),
    *(
        f"UPDATE incident SET reported_at = {TODAY} + INTERVAL 1 DAY - INTERVAL {months} MONTH"
        for months in (0, 1, MONTHS, 1 + MONTHS)
    ),
    f"UPDATE case_report SET received_at = {TODAY} - INTERVAL 6 DAY, safety_assessment_end = NULL, closed_at = NULL",
    f"UPDATE police_incident SET exclusion_order = true, exclusion_until = CAST({TODAY} AS DATE)",
    f"UPDATE mention SET event_date = CAST({TODAY} + INTERVAL 1 DAY - INTERVAL 18 YEAR AS DATE)",
)


@pytest.mark.parametrize("comes", COMES, ids=lambda told: " ".join(told.split()[1:10]))
@pytest.mark.parametrize("days", [1])
def test_a_day_that_a_table_asks_for_comes_by_itself(db: DuckDBEngine, as_of: date, comes: str, days: int) -> None:
    """One row in three has the day on the morrow (of ends, today), and nothing else happens."""
    is_of_all = comes.startswith("UPDATE mention")
    if is_of_all:
        db.run("UPDATE person_base SET birth_earliest = NULL, birth_latest = NULL WHERE hash(person_id) % 3 = 0")
    db.run(comes.replace("$day", f"DATE '{as_of}'") + ("" if is_of_all else " WHERE rowid % 3 = 0"))
    whole(db, as_of)
    night = next_night(db, as_of + timedelta(days))
    assert night == whole(db, as_of + timedelta(days))


def test_a_term_far_ahead_gets_its_holidays_when_the_days_up_to_it_are_numbered(db: DuckDBEngine, as_of: date) -> None:
    """Ten weeks that end at Christmas of next year: its holidays are known only once the year is near."""
    christmas = date(as_of.year + 1, 12, 25)
    db.run("UPDATE case_report SET service_start = ? WHERE rowid % 9 = 0", [christmas - timedelta(70)])
    before = whole(db, as_of)["report_term"]
    night = next_night(db, as_of + timedelta(300))["report_term"]
    assert night == whole(db, as_of + timedelta(300))["report_term"]
    due = {row[5] for found in (before, night) for row in found if row[4] == christmas - timedelta(70)}
    assert due == {christmas, christmas + timedelta(3)}


def test_an_earlier_day_is_made_whole(db: DuckDBEngine, as_of: date) -> None:
    whole(db, as_of)
    db.run("CREATE OR REPLACE TEMP TABLE touched_household (household_id VARCHAR)")
    build(db, as_of - timedelta(40))
    earlier = {name: rows(db, name) for name in (*TABLES, *COLOURED)}
    assert earlier == whole(db, as_of - timedelta(40))


BORN = ("2004-02-29", "2007-02-28", "2007-03-01", "2020-02-29", "2012-12-31")


@pytest.mark.parametrize("eve", [date(2024, 2, 27), date(2025, 2, 26)], ids=str)
def test_birthdays_come_on_their_day(db: DuckDBEngine, eve: date) -> None:
    """Night after night around the birthdays of children, also of who was born on a leap day."""
    db.run(
        "UPDATE person_base SET birth_earliest = b.day, birth_latest = b.day + CAST(number % 2 AS INTEGER) "
        "FROM (SELECT person_id AS id, hash(person_id) % 12 AS number FROM person_base) p JOIN "
        "(SELECT row_number() OVER () - 1 AS place, CAST(day AS DATE) AS day FROM (SELECT unnest($1) AS day)) b "
        "ON b.place = number // 2 WHERE person_base.person_id = p.id",
        [list(BORN)],
    )
    whole(db, eve)
    nights = [(day, next_night(db, day)) for day in (eve + timedelta(number) for number in range(1, 5))]
    assert [night["household_child"] for _, night in nights] == [whole(db, day)["household_child"] for day, _ in nights]


def test_incidents_that_stand_otherwise_are_seen_though_nobody_was_touched(db: DuckDBEngine, as_of: date) -> None:
    """A report that names nobody answers an incident, another loses its report, one waited long enough."""
    whole(db, as_of)
    db.run("UPDATE incident_status SET status = 'unmatched' WHERE status = 'pending' AND hash(incident_number) % 2 = 0")
    db.run(
        "UPDATE incident_status SET status = 'matched_reference', report_id = 'r', report_source_id = 's' "
        "WHERE status = 'unmatched' AND hash(incident_number) % 3 = 0"
    )
    db.run(
        "UPDATE incident_status SET status = 'unmatched', report_id = NULL, report_source_id = NULL "
        "WHERE status LIKE 'matched%' AND hash(incident_number) % 5 = 0"
    )
    night = next_night(db, as_of + timedelta(1))
    assert night == whole(db, as_of + timedelta(1))
    db.run(
        "UPDATE incident_status SET status = 'covered_open_case', report_id = NULL, report_source_id = NULL "
        "WHERE status LIKE 'matched%' AND hash(incident_number) % 5 = 1"
    )
    night = next_night(db, as_of + timedelta(1))
    assert night == whole(db, as_of + timedelta(1))


def test_a_colour_that_a_person_gives_comes_and_goes(db: DuckDBEngine, as_of: date) -> None:
    """Given, withdrawn, given again, and over after its last day: with nobody touched."""
    whole(db, as_of)
    [(household,)] = db.rows("SELECT min(household_id) FROM household_colour WHERE severity = 'green'")
    key = "source_id, record_kind, record_id"
    records = tuple(
        (str(a), str(b), str(c))
        for a, b, c in db.rows(f"SELECT {key} FROM record_household WHERE household_id = ?", [household])
    )
    given = [Override(1, "2025-01-01", str(household), "red", as_of + timedelta(1), "r", records)]
    there = f"household_id = '{household}'"
    for day, overrides, colour in ((0, given, "red"), (0, [], "green"), (1, given, "red"), (2, given, "green")):
        night = next_night(db, as_of + timedelta(day), overrides)
        assert rows(db, "unified_case", there + f" AND severity = '{colour}'"), (day, colour)
        assert night == whole(db, as_of + timedelta(day), overrides)


def test_colours_of_rows_that_came_without_and_of_rows_that_kept_theirs(db: DuckDBEngine, as_of: date) -> None:
    """Rows that came without a colour, and some that kept yesterday's; one of them has none any more."""
    after = whole(db, as_of)
    db.run("UPDATE incident SET severity = NULL WHERE hash(incident_number) % 4 = 0")
    [(number, household)] = db.rows(
        "SELECT incident_number, household_id FROM incident WHERE severity = 'red' AND NOT incident_number IN "
        "(SELECT incident_number FROM incident_status WHERE status = 'excluded') ORDER BY 1 LIMIT 1"
    )
    db.run("UPDATE unified_case SET severity = 'wrong' WHERE household_id = ?", [household])
    assert next_night(db, as_of) == after
    db.run("UPDATE incident_status SET status = 'excluded' WHERE incident_number = ?", [number])
    build(db, as_of)
    assert db.rows("SELECT severity FROM incident WHERE incident_number = ?", [number]) == [(None,)]


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
