"""Each gate on a night in which everything is right, and on that night with one thing wrong.

What a sentence of ``schemas/quality`` finds is counted here by plain SQL, which is fast; that Great
Expectations counts the same is tested once for each gate, with all its defects planted together.
"""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import clean_night
import pytest

from linkage import contracts, quality
from linkage.config import Config
from linkage.engine.duckdb import DuckDBEngine

pytestmark = pytest.mark.filterwarnings("ignore")

HERE = Path(__file__).parent

DEFECTS = {gate: tomllib.loads((HERE / f"defects_{gate}.toml").read_text()) for gate in quality.GATES}
EVERY = [pytest.param(gate, defect, id=f"{gate}: {defect}") for gate, found in DEFECTS.items() for defect in found]


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clean") / "night.duckdb"
    with DuckDBEngine(path) as db:
        clean_night.build(db)
    return path


@pytest.fixture
def night(clean: Path, tmp_path: Path) -> Iterator[DuckDBEngine]:
    with DuckDBEngine(Path(shutil.copy(clean, tmp_path))) as db:
        yield db


@pytest.fixture(scope="module")
def opened(clean: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBEngine]:
    with DuckDBEngine(Path(shutil.copy(clean, tmp_path_factory.mktemp("opened")))) as db:
        yield db


@pytest.fixture
def undone(opened: DuckDBEngine) -> Iterator[DuckDBEngine]:
    """A night of which nothing stays that a test does."""
    opened.run("BEGIN TRANSACTION")
    yield opened
    opened.run("ROLLBACK")


def plant(db: DuckDBEngine, sql: str) -> None:
    for statement in sql.split(";"):
        db.run(statement)


@cache
def sentences(gate: str) -> tuple[quality.Check, ...]:
    """Return the checks that are SQL: the others are tested in test_promises_of_a_declaration.py."""
    return tuple(c for c in quality.suite(gate, Config(), "r").checks if c.kind in ("where", "rows"))


def counted(db: DuckDBEngine, check: quality.Check) -> int:
    query = check.rows or f"SELECT 1 FROM {check.table} WHERE {check.where}"
    return int(db.rows(f"SELECT count(*) FROM ({query})")[0][0])


def total(db: DuckDBEngine, check: quality.Check) -> int:
    return int(db.rows(check.total or f"SELECT count(*) FROM {check.table}")[0][0])


def broken(db: DuckDBEngine, gate: str) -> list[str]:
    """Name the sentences that do not hold, in order."""
    found = []
    tables = {name for (name,) in db.rows("SELECT table_name FROM duckdb_tables()")}
    for check in sentences(gate):
        if check.table in tables:
            failing = counted(db, check)
            if failing >= check.min_failing and failing > check.max_share * total(db, check):
                found.append(check.id)
    return sorted(found)


@pytest.mark.parametrize("gate", quality.GATES)
def test_a_night_in_which_everything_is_right_passes(gate: str, night: DuckDBEngine) -> None:
    verdict = quality.check(night, Config(), gate=gate, run_id="r")
    assert [r.message for r in verdict.results if not r.passed] == []
    assert verdict.passed


@pytest.mark.parametrize(("gate", "defect"), EVERY)
def test_a_defect_breaks_exactly_its_sentence(gate: str, defect: str, undone: DuckDBEngine) -> None:
    planted = DEFECTS[gate][defect]
    plant(undone, planted["sql"])
    assert broken(undone, gate) == planted["breaks"]


@pytest.mark.parametrize("gate", quality.GATES)
def test_every_sentence_has_a_defect_that_breaks_it(gate: str) -> None:
    """But for those that code makes from a declaration, of which each way is tried once."""
    tried = {name for defect in DEFECTS[gate].values() for name in defect["breaks"]}
    made = (".references", "_in_bulk", ".codes", ".pattern", ".range")
    assert [c.id for c in sentences(gate) if c.id not in tried and not c.id.endswith(made)] == []


@pytest.mark.parametrize("gate", quality.GATES)
def test_great_expectations_counts_the_same(gate: str, night: DuckDBEngine) -> None:
    for defect in DEFECTS[gate].values():
        plant(night, defect["sql"])
    verdict = quality.check(night, Config(), gate=gate, run_id="r")
    measured = {r.check.id: r.failing_rows for r in verdict.results}
    for check in sentences(gate):
        if night.has(check.table):
            assert (check.id, measured[check.id]) == (check.id, counted(night, check))
    assert {r.check.id for r in verdict.results if not r.passed} >= set(broken(night, gate))
    assert not verdict.passed


def test_a_message_names_the_source_and_column_that_lag_behind(
    night: DuckDBEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = quality.suite("delivery", Config(), "r")
    only = tuple(c for c in whole.checks if c.id == "unmapped_code.share_within_limit")
    monkeypatch.setattr(quality, "suite", lambda *_: replace(whole, checks=only))
    night.run("UPDATE unmapped_code SET unmapped = 20, share = 0.02")
    [message] = quality.check(night, Config(), gate="delivery", run_id="r").failures
    assert message == (
        "unmapped_code.share: at most 0.005 of a column's codes may be unknown, from 20 rows on "
        "[unmapped_code.share_within_limit]: 1 of 1 do not (pol/personen.csv: rol); "
        "add the new codes of these columns to schemas/codes (codes or fixes), "
        "or raise max_unmapped_share in [intake] for one night"
    )


def test_only_names_of_sources_and_columns_are_shown() -> None:
    """What a message shows must come from columns that never hold a value of a record."""
    allowed = {"source_id", "delivery_id", "file", "column_name", "d.source_id", "d.delivery_id"}
    for gate in quality.GATES:
        for check in quality.suite(gate, Config()).checks:
            if check.show:
                selected = check.rows.removeprefix("SELECT ").split(" FROM ")[0]
                shown = {part for part in selected.split(" || ") if not part.startswith("'")}
                assert shown <= allowed, check.id


def test_no_published_table_declares_an_identifying_column() -> None:
    named = [f"{t.name}.{c.name}" for t in contracts.tables("case_view") for c in t.columns if c.identifying]
    assert named == []


def incidents(delivery: str, begin: int, end: int, offence: str) -> str:
    return f"""
        INSERT INTO police_incident BY NAME SELECT 'pol' AS source_id, '{delivery}' AS delivery_id,
        'PL0500-2025' || lpad(CAST(n AS VARCHAR), 6, '0') AS incident_number, TIMESTAMP '2025-01-01' AS reported_at,
        'v' AS version, TIMESTAMP '{offence}' AS offence_start_at, 'nieuw' AS record_status
        FROM range({begin}, {end}) AS t (n)
    """


@pytest.mark.parametrize(
    ("before", "tonight", "told"),
    [
        ((0, 2000), (3, 6), ["3 of 9 of pol/2025-03-15"]),
        ((0, 2000), (2, 6), []),
        ((9, 2000), (0, 6), []),
        ((0, 2000), (0, 0), []),
    ],
    ids=["a fault of tonight", "too few to tell", "faults of earlier nights", "nothing came in"],
)
def test_a_fault_of_tonight_does_not_drown_in_the_years_before(
    before: tuple[int, int], tonight: tuple[int, int], told: list[str], night: DuckDBEngine
) -> None:
    night.run(
        "INSERT INTO delivery BY NAME SELECT * REPLACE ('2025-03-15' AS delivery_id, 'tonight' AS run_id, "
        "'hash' AS content_hash) FROM delivery WHERE source_id = 'pol' AND status = 'accepted' LIMIT 1"
    )
    first = 1000
    for delivery, (wrong, right) in (("2025-03-14", before), ("2025-03-15", tonight)):
        night.run(incidents(delivery, first, first + wrong, "2025-02-01"))
        night.run(incidents(delivery, first + wrong, first + wrong + right, "2024-12-31"))
        first += wrong + right
    checks = tuple(c for c in quality.suite("delivery", Config(), "tonight").checks if "not_before_offence" in c.id)
    found, _ = quality._measure(night, quality.Suite("delivery", (), checks, ""))
    assert found.passed == (not told)
    assert found.failing_rows == before[0] + tonight[0]
    for one in told:
        assert f"{one} do not, at most 0.005 allowed" in found.message


def test_a_part_is_named_by_its_delivery_alone() -> None:
    names = {c.apart for gate in quality.GATES for c in quality.suite(gate, Config(), "r").checks}
    assert {name.partition(" THEN ")[2] for name in names} == {"", "source_id || '/' || delivery_id END"}
