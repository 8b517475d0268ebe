"""A gate that rests on the night before counts what it would count without."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkage import contracts, quality, tonight
from linkage.config import Config
from linkage.engine.duckdb import DuckDBEngine
from linkage.quality import asking
from linkage.quality.asking import Found
from linkage.quality.proofs import NOTHING, Since
from tests.spec.quality import clean_night

pytestmark = pytest.mark.filterwarnings("ignore")

BEFORE, NOW = "00001-20250314", "00002-20250315"


class Plain:
    """Asks what Great Expectations would hand on."""

    def __init__(self, db: DuckDBEngine) -> None:
        self.db = db

    def execute_query(self, query: Any) -> Any:
        return SimpleNamespace(fetchall=lambda: self.db.rows(str(query)))


@pytest.fixture(scope="module", autouse=True)
def small_ones_count() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tonight, "MANY", 1)
        yield


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBEngine]:
    """The night after one in which one thing was wrong, that only warns."""
    path = tmp_path_factory.mktemp("since") / "night.duckdb"
    with DuckDBEngine(path) as db:
        clean_night.build(db)
        db.run("UPDATE steunpunt_report SET closed_at = received_at - INTERVAL 1 DAY WHERE rowid = 0")
        for gate in quality.GATES:
            assert quality.check(db, Config(), gate=gate, run_id=BEFORE).passed
    with DuckDBEngine(path) as db:
        tonight.note(db)
        yield db


@cache
def suite(gate: str) -> quality.Suite:
    return quality.suite(gate, Config(), NOW)


def since(db: DuckDBEngine, gate: str, run_id: str = NOW) -> Since:
    return quality._since(db, suite(gate), run_id, quality._asked(db, suite(gate), run_id))


def asked(gate: str, known: Since, tables: set[str]) -> dict[str, Any]:
    """Return what a gate asks of some tables."""
    checks = [c for c in suite(gate).checks if c.table in tables]
    told = [p for p in suite(gate).proofs if {c.id for c in checks} & set(p.of)]
    return asking.questions(checks, told, known)


def counted(db: DuckDBEngine, gate: str, known: Since, tables: set[str]) -> dict[str, Found]:
    return asking.answer(Plain(db), asked(gate, known, tables))


def gates_of(table: str) -> list[str]:
    return [gate for gate in quality.GATES if any(c.table == table for c in suite(gate).checks)]


def differing(db: DuckDBEngine, *tables: str) -> list[str]:
    """Name the checks of tables that are counted otherwise by the rows of tonight than by all."""
    found = []
    for gate in quality.GATES:
        known = since(db, gate)
        by_tonight, by_all = (counted(db, gate, told, set(tables)) for told in (known, NOTHING))
        found += [name for name in by_all | by_tonight if by_all.get(name) != by_tonight.get(name)]
    return found


def test_the_rows_of_tonight_are_looked_at_by_themselves(night: DuckDBEngine) -> None:
    for gate in quality.GATES:
        known = since(night, gate)
        filled = {t for t in {c.table for c in suite(gate).checks} if night.has(t) and night.rows(f"FROM {t} LIMIT 1")}
        assert set(known.first) == filled
        told = {c.id for c in suite(gate).checks if c.table in filled and c.kind != "rows"}
        assert told - known.right == {n for n in told if n.startswith("steunpunt_report.closed_after_receipt")}
        made = asked(gate, known, filled)["proofs"]
        assert len(made) > len(asked(gate, NOTHING, filled)["proofs"])


@contextmanager
def undone(db: DuckDBEngine) -> Iterator[None]:
    db.run("BEGIN TRANSACTION")
    try:
        yield
    finally:
        db.run("ROLLBACK")


def other(db: DuckDBEngine, table: str, row: int, **values: str) -> None:
    """Put another row in the place of one, as the stages do: the one goes, the other comes."""
    said = "".join(f', {value} AS "{column}"' for column, value in values.items())
    kept = f"EXCLUDE ({', '.join(values)})" if values else ""
    db.run(f"INSERT INTO {table} BY NAME SELECT * {kept}{said} FROM {table} WHERE rowid = {row}")
    db.run(f"DELETE FROM {table} WHERE rowid = {row}")


FAULTS = {
    "an unknown code": ("police_person", {"role": "'odd'"}),
    "nothing where something must be": ("mention", {"event_date": "NULL", "source_id": "NULL"}),
    "a number out of range": ("involvement", {"age_at_event": "-1"}),
    "a form that is none": ("mention", {"postcode": "'x'"}),
    "a sentence that is broken": ("steunpunt_report", {"closed_at": "received_at - INTERVAL 1 DAY"}),
    "a share that is too large": ("mention", {"birth_date": "'20000101'"}),
    "a reference to nothing": ("involvement", {"person_id": "'P999'", "household_id": "'H999'"}),
    "a key of another row": ("police_person", {"person_seq": "3 - person_seq"}),
    "a number of another mention": ("mention", {"mention_id": "(SELECT max(mention_id) FROM mention)"}),
    "a number of another record": ("mention", {"record_no": "(SELECT max(record_no) FROM mention)"}),
    "no number of its own": ("mention", {"mention_id": "NULL", "record_no": "NULL"}),
    "a person of another mention": ("involvement", {"person_id": "(SELECT max(person_id) FROM involvement)"}),
    "a mention that is another": ("involvement", {"record_id": "'PL0500-2025000009'"}),
    "a person who is another": ("person", {"person_id": "(SELECT max(person_id) FROM person)"}),
    "an event of another household": ("case_timeline", {"household_id": "NULL"}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_row_of_tonight_that_is_wrong_is_counted(fault: str, night: DuckDBEngine) -> None:
    table, values = FAULTS[fault]
    with undone(night):
        other(night, table, 0, **values)
        assert table in since(night, gates_of(table)[0]).first
        assert differing(night, table) == []


@pytest.mark.parametrize("table", ["person", "household", "police_incident", "steunpunt_report", "mention", "incident"])
def test_a_row_to_which_others_lead_and_that_is_gone_is_missed(table: str, night: DuckDBEngine) -> None:
    leading = {c.table for gate in gates_of(table) for c in suite(gate).checks if table in f"{c.rows} {c.refers}"}
    with undone(night):
        night.run(f"DELETE FROM {table} WHERE rowid = 0")
        assert differing(night, table, *leading) == []


def test_a_key_that_comes_twice_in_one_night_is_seen(night: DuckDBEngine) -> None:
    for table in ("mention", "involvement", "person", "incident", "case_timeline", "household_member"):
        with undone(night):
            other(night, table, 0)
            assert differing(night, table) == []
            night.run(f"INSERT INTO {table} SELECT * FROM {table}")
            gate = gates_of(table)[-1]
            assert counted(night, gate, since(night, gate), {table})[f"{table}.key"].wrong > 0
            assert differing(night, table) == []


def test_two_that_have_no_number_are_seen(night: DuckDBEngine) -> None:
    with undone(night):
        for row in (0, night.rows("SELECT max(rowid) FROM mention")[0][0]):
            other(night, "mention", row, mention_id="NULL", record_no="NULL")
        assert differing(night, "mention") == []


def test_the_first_row_of_tonight_is_looked_at(night: DuckDBEngine, tmp_path: Path) -> None:
    """Rows of an open transaction stand far behind: this one is written."""
    with DuckDBEngine(Path(shutil.copy(night.rows("SELECT path FROM duckdb_databases()")[0][0], tmp_path))) as db:
        tonight.note(db)
        other(db, "police_person", 0, role="'odd'")
        assert db.rows("SELECT max(rowid) FROM police_person") == [(since(db, "delivery").first["police_person"],)]
        assert differing(db, "police_person") == []


@cache
def columns(table: str) -> list[str]:
    return [column.name for column in contracts.table(table).columns]


def any_fault() -> st.SearchStrategy[tuple[str, str, str, int, int]]:
    tables = st.sampled_from([t for t in clean_night.TABLES if t not in ("gap", "generation", "partner_area", "kpi")])
    kinds = st.sampled_from(("gone", "again", "null", "of another"))
    return tables.flatmap(
        lambda t: st.tuples(st.just(t), st.sampled_from(columns(t)), kinds, st.integers(0, 9), st.integers(0, 9))
    )


def plant(db: DuckDBEngine, fault: tuple[str, str, str, int, int]) -> None:
    table, column, kind, one, two = fault
    if (chosen := clean_night.two_rows(db, table, one, two)) is None:
        return
    here, there = chosen
    if kind == "gone":
        db.run(f"DELETE FROM {table} WHERE rowid = {here}")
    elif kind == "again":
        db.run(f"INSERT INTO {table} SELECT * FROM {table} WHERE rowid = {here}")
    else:
        taken = "NULL" if kind == "null" else f'(SELECT "{column}" FROM {table} WHERE rowid = {there})'
        other(db, table, here, **{column: taken})


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(faults=st.lists(any_fault(), min_size=1, max_size=4))
def test_whatever_came_and_went_is_counted_as_by_all_rows(
    faults: list[tuple[str, str, str, int, int]], night: DuckDBEngine
) -> None:
    with undone(night):
        for fault in faults:
            plant(night, fault)
        assert differing(night, *{table for table, *_ in faults}) == []


def test_what_one_scan_tells_is_what_two_do(night: DuckDBEngine) -> None:
    config = Config.model_validate({"households": {"collective_persons": 2}})
    checks = [c for gate in quality.GATES for c in quality.suite(gate, config, NOW).checks if c.both]
    assert [c.id for c in checks] == ["mention.many_persons_at_one_address"]
    with undone(night):
        other(night, "mention", 0, house_suffix="'a'")
        night.run(
            "INSERT INTO mention BY NAME SELECT * EXCLUDE (surname, house_suffix, n), 'p' || n AS surname, "
            "if(n < 4, NULL, 'b') AS house_suffix FROM mention, range(6) r (n)"
        )
        for check in checks:
            [(wrong,)], [(total,)] = night.rows(f"SELECT count(*) FROM ({check.rows})"), night.rows(f"({check.total})")
            assert night.rows(check.both) == [(wrong, total)]
            assert 0 < wrong < total


def test_a_check_that_was_broken_is_counted_again(night: DuckDBEngine) -> None:
    with undone(night):
        night.run(f"UPDATE check_result SET failing_rows = 1 WHERE check_id = 'mention.key' AND run_id = '{BEFORE}'")
        right = since(night, "mentions").right
        assert "mention.key" not in right
        assert "mention.mention_id.required" in right
        proofs = asked("mentions", since(night, "mentions"), {"mention"})["proofs"]
        assert all("rowid" not in holds for names, holds in proofs if "mention.key" in names)


def test_a_gate_that_asks_something_else_knows_nothing(night: DuckDBEngine) -> None:
    config = Config.model_validate({"limits": {"timely_days": 8}})
    changed = quality.suite("case_view", config, NOW)
    assert quality._since(night, changed, NOW, quality._asked(night, changed, NOW)) == NOTHING


def test_what_a_row_tells_follows_from_the_row_alone() -> None:
    """Else a row that was right may be wrong tonight."""
    for gate in quality.GATES:
        for check in suite(gate).checks:
            assert not {"select", "current_date", "now()", "today()", "random()"} & set(check.where.lower().split())
