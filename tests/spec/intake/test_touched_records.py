"""A night that writes touched records only tells of all records, and of their persons, what writing all tells."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from linkage import contracts, tonight
from linkage.config import Config
from linkage.engine.duckdb import DuckDBEngine
from linkage.intake import changes, records, standardise, touch
from linkage.simulate import write_sample
from tests.spec.intake import inbox as box
from tests.spec.intake.inbox import incident, member, person, police, report, steunpunt


@pytest.fixture(autouse=True)
def small_ones_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tonight, "MANY", 1)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder, incidents=40, seed=3)
    return folder


EVERYTHING = {name: name for name in records.TABLES}


def said(db: DuckDBEngine) -> set[tuple[object, ...]]:
    return set(db.rows(f"SELECT record_no, said FROM {changes.STATE}"))


def mentions(db: DuckDBEngine) -> list[tuple[object, ...]]:
    return db.rows("FROM mention ORDER BY mention_id")


def rows(db: DuckDBEngine) -> dict[str, list[tuple[object, ...]]]:
    return {name: db.rows(f"FROM {name} ORDER BY ALL") for name in (*records.TABLES, changes.STATE)}


def read(db: DuckDBEngine) -> None:
    standardise(db, Config(), lambda _: None)


def content(mention: tuple[object, ...]) -> str:
    """Return what a mention says, without the hash of the row that it was made of."""
    place = [c.name for c in contracts.table("mention").columns].index("row_hash")
    return repr(mention[:place] + mention[place + 1 :])


def check(db: DuckDBEngine, before: set[tuple[object, ...]], mentions_before: list[tuple[object, ...]]) -> None:
    """Hold what a night told against what everything anew tells."""
    now, changed = said(db), set(db.rows(f"SELECT {changes.RECORD_NO} FROM changed_record"))
    assert changed == {row[:-1] for row in now ^ before}
    read(db)
    found, said_before = mentions(db), set(map(content, mentions_before))
    assert {number for (number,) in db.rows("FROM fresh_mention")} == {
        row[0] for row in found if content(row) not in said_before
    }
    gone = {row[0] for row in mentions_before} - {row[0] for row in found}
    assert {number for (number,) in db.rows("FROM gone_mention")} == gone
    db.run(f"CREATE OR REPLACE TEMP TABLE all_said AS {changes._said(records.STAMP, EVERYTHING)}")
    assert set(db.rows(f"SELECT {changes.RECORD_NO}, said FROM all_said")) == now
    with DuckDBEngine() as other:
        for name in (*records.TABLES,):
            other.register(f"{name}_rows", db.frame(f"FROM {name}"))
            other.run(contracts.table(name).ddl())
            other.run(f"INSERT INTO {name} BY NAME FROM {name}_rows")
        read(other)
        assert mentions(other) == found


def night(db: DuckDBEngine, inbox: Path, run: str) -> None:
    tonight.note(db)
    before = said(db)
    mentions_before = mentions(db)
    box.take(inbox, db, run=run)
    check(db, before, mentions_before)
    found = rows(db)
    records.bring_up(db, run, from_scratch=True)
    assert rows(db) == found


def test_nights_in_any_order(sample: Path, tmp_path: Path) -> None:
    folders = [path.parent for path in sorted((sample / "inbox").rglob("manifest.json"))]
    random.Random(5).shuffle(folders)
    db = DuckDBEngine()
    for run, folder in enumerate(folders):
        shutil.copytree(folder, tmp_path / folder.parent.name / folder.name)
        if run < 2:
            box.take(tmp_path, db, run=str(run))
            read(db)
        else:
            night(db, tmp_path, str(run))
    night(db, tmp_path, "nothing new")


def only_persons(inbox: Path) -> None:
    """The persons of a case come without its reports, which say what they said."""
    steunpunt(inbox, 5, [], [member("C1", 2, geslachtsnaam="Jansen")])


def only_a_report(inbox: Path) -> None:
    """One of two reports of a case comes, and makes it older."""
    steunpunt(inbox, 5, [report("M2", "C1", ontvangen_op="2025-01-01")])


def another_case(inbox: Path) -> None:
    """A report goes to another case."""
    steunpunt(inbox, 5, [report("M2", "C2")])


def a_later_incident(inbox: Path) -> None:
    """An incident comes without its persons, whose mentions have its day."""
    police(inbox, 5, [incident(1, kennisname="2025-02-01T10:00:00")])


def withdrawn(inbox: Path) -> None:
    """A record goes, and its persons with it."""
    police(inbox, 5, [incident(1, status="ingetrokken")])


CASES = (only_persons, only_a_report, another_case, a_later_incident, withdrawn)


def a_first_night(inbox: Path) -> DuckDBEngine:
    steunpunt(inbox, 3, [report("M1", "C1"), report("M2", "C1")], [member("C1", 1, geslachtsnaam="Smit")])
    police(inbox, 3, [incident(1), incident(2)], [person(1, 1, geslachtsnaam="Smit"), person(2, 1)])
    db, _ = box.take(inbox)
    read(db)
    return db


@pytest.mark.parametrize("change", CASES, ids=lambda told: told.__name__)
def test_what_comes_alone(tmp_path: Path, change: Callable[[Path], None]) -> None:
    db = a_first_night(tmp_path)
    change(tmp_path)
    night(db, tmp_path, "2")


def test_rows_that_were_kept_apart_are_dropped_once_they_are_read(tmp_path: Path) -> None:
    db = a_first_night(tmp_path)
    only_persons(tmp_path)
    box.take(tmp_path, db, run="2")
    assert db.rows(f"SELECT count(*) FROM {touch.renewed('steunpunt_person')}") == [(1,)]
    read(db)
    assert not any(db.has(touch.renewed(name)) for name in records.TABLES)


def of_tonight_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "TOUCHED", {name: touch.renewed(name) for name in records.TABLES})


def behind_the_rows_of_tonight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tonight, "ends", lambda _, tables: dict.fromkeys(tables, 1000))


@pytest.mark.parametrize("mistake", [of_tonight_only, behind_the_rows_of_tonight], ids=lambda told: told.__name__)
def test_a_reader_that_looks_at_too_little_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mistake: Callable[[pytest.MonkeyPatch], None]
) -> None:
    """The negative control: of a case nobody may look at the reports that came tonight only, nor past these."""
    mistake(monkeypatch)
    db = a_first_night(tmp_path)
    only_persons(tmp_path)
    with pytest.raises(AssertionError):
        night(db, tmp_path, "2")
