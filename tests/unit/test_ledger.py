"""The ledger remembers every run and follows the publication."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from linkage.config import Config, Limits
from linkage.engine.duckdb import DuckDBEngine
from linkage.ledger import Ledger, config_hash
from linkage.store import OutFolder

START = datetime(2025, 3, 14, 1, 0, tzinfo=UTC)
DAY = date(2025, 3, 14)


@dataclass(frozen=True)
class Refused:
    """A delivery that intake set aside."""

    source_id: str
    delivery_id: str
    extracted_at: datetime | None = START
    reason: str = "hash"
    message: str = "personen.csv does not match its manifest"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[OutFolder]:
    """An output folder that this test holds, beside an inbox."""
    folder = OutFolder(tmp_path / "out")
    with folder.lock():
        yield folder


def version(delivery: str) -> str:
    """Return what orders a delivery that is named by its day, or by the moment of its extraction."""
    moment = delivery if "T" in delivery else f"{delivery}T01:00:00.000000Z"
    return f"{moment} {delivery} 0123456789ab"


def publish(folder: OutFolder, run_id: str, deliveries: list[tuple[str, str, str]]) -> None:
    """Publish a generation that took in deliveries of (content hash, source, delivery)."""
    work = folder.begin(run_id)
    with DuckDBEngine(work / "restricted.duckdb") as db:
        db.run(
            "CREATE OR REPLACE TABLE delivery (content_hash VARCHAR, source_id VARCHAR, delivery_id VARCHAR, "
            "run_id VARCHAR, version VARCHAR, status VARCHAR)"
        )
        for row in deliveries:
            db.run("INSERT INTO delivery VALUES (?, ?, ?, ?, ?, 'accepted')", [*row, run_id, version(row[2])])
        db.run("INSERT INTO delivery VALUES ('h9', 'other', 'x', ?, NULL, 'refused')", [run_id])
        db.run("CHECKPOINT")
    (work / "publication" / "case_view.duckdb").write_text("x")
    (work / "publication" / "reports").mkdir()
    folder.publish(run_id, as_of=DAY)


def test_a_run_is_numbered_and_ends_with_its_counts(folder: OutFolder) -> None:
    ledger = Ledger(folder)
    first = ledger.begin(START, Config())
    ledger.end(first, "gate_failed", message="gate delivery stopped the run", ended_at=START)
    second = ledger.begin(START, Config())
    ledger.end(second, "published", message="", ended_at=START, as_of=DAY, counts={"unmatched": 3})
    assert (first, second) == ("00001-20250314T010000Z", "00002-20250314T010000Z")
    newest, oldest = ledger.runs()
    assert newest["status"] == "published"
    assert newest["counts"] == {"unmatched": 3}
    assert oldest["message"] == "gate delivery stopped the run"


def test_a_run_that_died_reads_as_crashed_at_the_next_start(folder: OutFolder) -> None:
    ledger = Ledger(folder)
    ledger.begin(START, Config())
    ledger.begin(START, Config())
    assert [run["status"] for run in ledger.runs()] == ["running", "crashed"]


def test_a_run_that_died_after_the_swap_counts_as_published(folder: OutFolder) -> None:
    ledger = Ledger(folder)
    run_id = ledger.begin(START, Config())
    publish(folder, run_id, [("h1", "politie", "2025-03-14")])
    assert ledger.seen() == set()
    ledger.begin(START, Config())
    assert ledger.runs()[1]["status"] == "published"
    assert ledger.seen() == {"h1"}


def test_a_run_that_died_before_the_swap_took_nothing_in(folder: OutFolder) -> None:
    ledger = Ledger(folder)
    publish(folder, ledger.begin(START, Config()), [("h1", "politie", "2025-03-13")])
    ledger.begin(START, Config())
    assert ledger.seen() == {"h1"}


def test_an_older_generation_put_back_brings_its_deliveries_back(folder: OutFolder) -> None:
    ledger = Ledger(folder)
    first = ledger.begin(START, Config())
    publish(folder, first, [("h1", "politie", "2025-03-13")])
    publish(folder, ledger.begin(START, Config()), [("h1", "politie", "2025-03-13"), ("h2", "politie", "2025-03-14")])
    (folder.path / "current").unlink()
    (folder.path / "current").symlink_to(Path("generations") / first)
    ledger.begin(START, Config())
    assert ledger.seen() == {"h1"}


def inbox_with(folder: OutFolder, *deliveries: str) -> Path:
    """Make an inbox that holds these deliveries of the police."""
    inbox = folder.path.parent / "inbox"
    for delivery in deliveries:
        (inbox / "politie" / delivery).mkdir(parents=True, exist_ok=True)
    return inbox


def test_a_refused_delivery_waits_until_a_later_one_is_accepted(folder: OutFolder) -> None:
    ledger, inbox = Ledger(folder), inbox_with(folder, "2025-03-14")
    refused = Refused("politie", "2025-03-14")
    for _ in range(2):
        run_id = ledger.begin(START, Config())
        ledger.refuse(run_id, [refused])
        publish(folder, run_id, [("h1", "politie", "2025-03-13")])
        ledger.accept(run_id)
        assert ledger.outstanding(inbox) == [("politie", "2025-03-14", refused.message)]
    run_id = ledger.begin(START, Config())
    ledger.refuse(run_id, [refused])
    publish(folder, run_id, [("h1", "politie", "2025-03-13"), ("h3", "politie", "2025-03-15")])
    ledger.accept(run_id)
    assert ledger.outstanding(inbox) == []


def test_an_export_an_hour_later_counts_as_later_in_the_night_in_which_that_hour_comes_twice(
    folder: OutFolder,
) -> None:
    ledger, inbox = Ledger(folder), inbox_with(folder, "2025-10-26")
    refused = Refused("politie", "2025-10-26", datetime(2025, 10, 26, 0, 30, tzinfo=UTC))
    for later in ("2025-10-26T00:30:00.000000Z", "2025-10-26T01:30:00.000000Z"):
        run_id = ledger.begin(START, Config())
        ledger.refuse(run_id, [refused])
        publish(folder, run_id, [("h1", "politie", later)])
        ledger.accept(run_id)
        waits = ledger.outstanding(inbox)
        assert bool(waits) == later.endswith("T00:30:00.000000Z")


def test_a_refused_delivery_is_named_in_its_first_night_even_beside_a_later_good_one(folder: OutFolder) -> None:
    ledger, inbox = Ledger(folder), inbox_with(folder, "2025-03-14")
    run_id = ledger.begin(START, Config())
    ledger.refuse(run_id, [Refused("politie", "2025-03-14")])
    publish(folder, run_id, [("h3", "politie", "2025-03-15")])
    ledger.accept(run_id)
    assert len(ledger.outstanding(inbox)) == 1


def test_a_refused_delivery_is_forgotten_when_its_folder_goes(folder: OutFolder) -> None:
    ledger, inbox = Ledger(folder), inbox_with(folder, "2025-03-14")
    ledger.refuse(ledger.begin(START, Config()), [Refused("politie", "2025-03-14")])
    (inbox / "politie" / "2025-03-14").rmdir()
    assert ledger.outstanding(inbox) == []


def test_checks_of_a_night_that_published_nothing_reach_the_next_case_view(folder: OutFolder, tmp_path: Path) -> None:
    ledger = Ledger(folder)
    with DuckDBEngine(tmp_path / "w.duckdb") as db:
        failed = ledger.begin(START, Config())
        ledger._recall_checks(db)
        db.run(
            "INSERT INTO check_result VALUES "
            "(?, 'delivery', 'c1', 'delivery', NULL, 'stop', false, 3, 9, NULL, 'd', 'd', NULL)",
            [failed],
        )
        ledger.keep_checks(db, failed, "delivery")
        ledger.end(failed, "gate_failed", message="gate delivery", ended_at=START)
    with DuckDBEngine(tmp_path / "w2.duckdb") as db:
        good = ledger.begin(START, Config())
        ledger.write_run_table(db, good, as_of=DAY, ended_at=START)
        assert db.rows("SELECT run_id, passed, failing_rows FROM check_result") == [(failed, False, 3)]
        runs = db.rows("SELECT run_id, status, started_at, as_of FROM run ORDER BY run_id")
    local = datetime(2025, 3, 14, 2, 0)  # noqa: DTZ001
    assert runs == [(failed, "gate_failed", local, None), (good, "published", local, DAY)]


def test_another_setting_gives_another_config_hash() -> None:
    assert config_hash(Config()) == config_hash(Config())
    assert config_hash(Config()) != config_hash(Config(limits=Limits(timely_days=5)))


def test_checks_that_an_earlier_version_wrote_are_kept(folder: OutFolder, tmp_path: Path) -> None:
    """Its table lacks a column: the ledger has its rows."""
    ledger = Ledger(folder)
    with DuckDBEngine(tmp_path / "w.duckdb") as db:
        earlier = ledger.begin(START, Config())
        ledger._recall_checks(db)
        db.run("ALTER TABLE check_result DROP apart")
        db.run(
            "INSERT INTO check_result VALUES (?, 'delivery', 'c1', 'delivery', NULL, 'warn', false, 3, 9, 'd', 'd', "
            "NULL)",
            [earlier],
        )
        ledger.keep_checks(db, earlier, "delivery")
        ledger.write_run_table(db, earlier, as_of=DAY, ended_at=START)
        assert db.rows("SELECT run_id, failing_rows, apart FROM check_result") == [(earlier, 3, None)]
