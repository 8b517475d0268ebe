"""What a table's declaration promises is checked: one broken promise, one failed check."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from linkage import contracts, quality
from linkage.config import Config
from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import ContractError

pytestmark = pytest.mark.filterwarnings("ignore")

PET = """
zone = "case_view"
comment = "A pet"
key = ["owner", "number"]

[columns]
owner = { type = "VARCHAR", required = true, comment = "Owner" }
number = { type = "INTEGER", required = true, minimum = 1, maximum = 9, comment = "Number of the pet" }
kind = { type = "VARCHAR", codes = "pet_kind", comment = "Kind of animal" }
tricks = { type = "VARCHAR[]", codes = "pet_kind", comment = "Animals it can play" }
chip = { type = "VARCHAR", pattern = "[0-9]{3}-[A-Z]", fill = 0.5, comment = "Chip" }
born_on = { type = "DATE", minimum = "2000-01-01", comment = "Day of birth" }
seen_at = { type = "TIMESTAMP", comment = "Last seen" }

[[checks]]
id = "seen_after_birth"
column = "seen_at"
severity = "warn"
where = "seen_at < born_on"
stop_share = 0.5
description = "a pet must not be seen before it was born"
description_nl = "Een dier is niet gezien voor zijn geboorte"
"""

GATE = """
zone = "case_view"
optional = ["check_result"]
advice = "look at the pets"

[[checks]]
id = "owners_are_known"
table = "pet"
column = "owner"
severity = "stop"
rows = "SELECT owner FROM pet WHERE owner NOT IN (SELECT name FROM owner)"
total = "SELECT count(DISTINCT owner) FROM pet"
max_share = 0.2
description = "every owner must be known"
description_nl = "Elke eigenaar is bekend"

[[checks]]
id = "few_old_ones"
table = "pet"
severity = "info"
where = "number > $limits.timely_days"
description = "no number above $limits.timely_days"
description_nl = "Geen nummer boven $limits.timely_days"
"""

CODES = """
comment = "Kinds"
[codes]
cat = "Cat"
dog = "Dog"
"""

CLEAN = """INSERT INTO pet VALUES
  ('An', 1, 'cat', ['dog', 'cat'], '123-A', DATE '2020-01-01', TIMESTAMP '2021-01-01 10:00:00'),
  ('An', 2, NULL, NULL, NULL, NULL, NULL),
  ('Bo', 1, 'dog', [], '456-B', DATE '2000-01-01', TIMESTAMP '2000-01-01 00:00:00')"""


@pytest.fixture
def pets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DuckDBEngine]:
    kept = {
        f"tables/{n}.toml": (contracts.SCHEMAS / "tables" / f"{n}.toml").read_text()
        for n in ("check_result", "stage_basis")
    }
    files = {
        "tables/pet.toml": PET,
        **kept,
        "codes/pet_kind.toml": CODES,
        "quality/case_view.toml": GATE,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(contracts, "SCHEMAS", tmp_path)
    forget()
    with DuckDBEngine(tmp_path / "work.duckdb") as db:
        db.run(contracts.table("pet").ddl().replace(" NOT NULL", ""))
        db.run("CREATE TABLE owner AS SELECT unnest(['An', 'Bo']) AS name")
        db.run(CLEAN)
        yield db
    forget()


def forget() -> None:
    for cached in (contracts.table, contracts.tables, contracts.codes):
        cached.cache_clear()


def failed(db: DuckDBEngine) -> dict[str, tuple[int | None, int | None]]:
    verdict = quality.check(db, Config(), gate="case_view", run_id="r")
    return {r.check.id: (r.failing_rows, r.total_rows) for r in verdict.results if not r.passed}


DEFECTS = {
    "a key that occurs twice": (
        "INSERT INTO pet (owner, number, chip) VALUES ('Bo', 1, NULL), ('Bo', 3, '123-C')",
        {"pet.key": (2, 5)},
    ),
    "a required column that is empty": ("UPDATE pet SET owner = NULL WHERE number = 2", {"pet.owner.required": (1, 3)}),
    "a code that is not in its list": ("UPDATE pet SET kind = 'cow' WHERE number = 2", {"pet.kind.codes": (1, 3)}),
    "a list with a code that is not in its list": (
        "UPDATE pet SET tricks = ['cat', 'cow'] WHERE number = 2",
        {"pet.tricks.codes": (1, 3)},
    ),
    "a value of another form": ("UPDATE pet SET chip = '1234-A' WHERE chip = '123-A'", {"pet.chip.pattern": (1, 3)}),
    "a number above its maximum": (
        "UPDATE pet SET number = 10 WHERE number = 2",
        {"pet.number.range": (1, 3), "pet.few_old_ones": (1, 3)},
    ),
    "a day before its minimum": (
        "UPDATE pet SET born_on = DATE '1999-12-31' WHERE owner = 'Bo'",
        {"pet.born_on.range": (1, 3)},
    ),
    "a column that is emptier than it may be": (
        "UPDATE pet SET chip = NULL WHERE owner = 'Bo'",
        {"pet.chip.fill": (2, 3)},
    ),
    "a table's own check": (
        "UPDATE pet SET seen_at = TIMESTAMP '1999-01-01 00:00:00' WHERE owner = 'Bo'",
        {"pet.seen_after_birth": (1, 3)},
    ),
    "a check over two tables": ("DELETE FROM owner WHERE name = 'Bo'", {"pet.owners_are_known": (1, 2)}),
    "a column that was not declared": ("ALTER TABLE pet ADD COLUMN surname VARCHAR", {"pet.columns": (1, 7)}),
    "a table that is not there": ("DROP TABLE pet", {"pet.exists": (1, 1)}),
    "a column that is not there": (
        "ALTER TABLE pet DROP COLUMN kind",
        {"pet.columns": (1, 7), "pet.kind.codes": (None, None)},
    ),
}


def test_a_clean_table_passes_and_every_check_is_kept(pets: DuckDBEngine) -> None:
    assert failed(pets) == {}
    kept = pets.rows("SELECT count(*), count(DISTINCT check_id), bool_and(passed) FROM check_result")
    assert kept == [(14, 14, True)]


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_fails_exactly_its_check(defect: str, pets: DuckDBEngine) -> None:
    sql, expected = DEFECTS[defect]
    pets.run(sql)
    assert failed(pets) == expected


def test_what_only_warns_stops_when_it_comes_in_bulk(pets: DuckDBEngine) -> None:
    pets.run(
        "INSERT INTO pet SELECT 'An', 5, 'cat', [], '123-A', DATE '2020-01-01', TIMESTAMP '2001-01-01' FROM range(30)"
    )
    assert failed(pets)["pet.seen_after_birth_in_bulk"] == (30, 33)


def test_a_failed_stop_stops_and_a_failed_warning_does_not(pets: DuckDBEngine) -> None:
    pets.run("UPDATE pet SET chip = NULL WHERE owner = 'Bo'")
    assert quality.check(pets, Config(), gate="case_view", run_id="r").passed
    pets.run("UPDATE pet SET kind = 'cow' WHERE number = 2")
    verdict = quality.check(pets, Config(), gate="case_view", run_id="r")
    assert not verdict.passed
    assert verdict.failures == (
        "pet.kind: every value must be in code list pet_kind [pet.kind.codes]: 1 of 3 do not; look at the pets",
    )
    [warning] = verdict.warnings
    assert warning.startswith("pet.chip: at least 50% of the rows must be filled [pet.chip.fill]: 2 of 3 do not")


def test_the_database_stays_open_for_writing_and_a_second_check_replaces_the_first(pets: DuckDBEngine) -> None:
    failed(pets)
    pets.run("INSERT INTO pet (owner, number, chip) VALUES ('Bo', 3, '123-C')")
    failed(pets)
    assert pets.rows("SELECT count(*), max(total_rows) FROM check_result WHERE check_id = 'pet.key'") == [(1, 4)]


def test_a_file_is_checked_without_being_written(pets: DuckDBEngine, tmp_path: Path) -> None:
    pets.run("UPDATE pet SET kind = 'cow' WHERE number = 2")
    pets.close()
    verdict = quality.check(tmp_path / "work.duckdb", Config(), gate="case_view", run_id="r")
    assert [r.check.id for r in verdict.results if not r.passed] == ["pet.kind.codes"]
    with DuckDBEngine(tmp_path / "work.duckdb", read_only=True) as db:
        assert not db.has("check_result")


def test_an_identifying_column_may_not_be_declared_in_the_case_view(pets: DuckDBEngine) -> None:
    path = contracts.SCHEMAS / "tables" / "pet.toml"
    path.write_text(PET.replace('comment = "Owner"', 'identifying = true, comment = "Owner"'))
    forget()
    assert failed(pets) == {"pet.owner.identifying": (3, 3)}


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (GATE.replace('severity = "info"', 'severity = "fatal"'), "few_old_ones: severity is stop, warn or info"),
        (GATE.replace("few_old_ones", "owners_are_known"), "more than one check is named pet.owners_are_known"),
        (GATE.replace('$limits.timely_days"\ndesc', '$limits.some_days"\ndesc'), "no limits.some_days"),
        (GATE.replace("max_share", "max_part"), "unknown \\['max_part'\\]"),
    ],
)
def test_a_malformed_suite_is_refused(broken: str, message: str, pets: DuckDBEngine) -> None:
    (contracts.SCHEMAS / "quality" / "case_view.toml").write_text(broken)
    with pytest.raises(ContractError, match=message):
        quality.suite("case_view", Config())
