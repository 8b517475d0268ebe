"""The ledger of colours only grows, its commands refuse what they cannot mean, and the next night follows it."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from linkage import contracts, pipeline
from linkage.colours import Colours
from linkage.config import Config
from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import UsageError
from linkage.store import OutFolder
from tests.command import inbeeld
from tests.nights import Night, publish
from tests.shared import once

WHO = ("--by", "anna", "--reason", "school belde KANARIE")
UNTIL = ("--until", "2026-01-31")


@pytest.fixture
def out(tmp_path: Path) -> Iterator[Path]:
    """An output folder with a publication of household H1 on two records, H2 on one, and H0 that became H1."""
    generation = tmp_path / "out" / "generations" / "1"
    generation.mkdir(parents=True)
    (tmp_path / "out" / "state").mkdir()
    (generation / "manifest.json").write_text('{"as_of": "2025-12-31", "run_id": "00007-x"}')
    (tmp_path / "out" / "current").symlink_to("generations/1")
    with DuckDBEngine(generation / "restricted.duckdb") as db:
        for name in ("record_household", "household_id_today", "household_override"):
            db.run(contracts.table(name).ddl())
        rows = [("politie", "incident", "1", "H1"), ("vt", "case", "C1", "H1"), ("vt", "case", "C2", "H2")]
        db.insert("record_household", [(*row, number) for number, row in enumerate(rows)])
        db.insert("household_id_today", [("H0", "H1")])
    yield tmp_path / "out"


def colour(out: Path, *words: str) -> tuple[int, str]:
    done = inbeeld("colour", *words, "--out", out)
    return done.returncode, done.stdout + done.stderr


def test_a_colour_is_kept_with_the_records_that_were_looked_at(out: Path) -> None:
    assert colour(out, "H1", "red", *WHO, *UNTIL) == (
        0,
        "Colour 1: H1 is red until 2026-01-31; the next run follows it\n",
    )
    [kept] = Colours(OutFolder(out)).active()
    assert (kept.household_id, kept.severity, kept.run_id) == ("H1", "red", "00007-x")
    assert kept.records == (("politie", "incident", "1"), ("vt", "case", "C1"))
    listed = inbeeld("colours", "--out", out, "--json").stdout
    assert [(one["override_id"], one["outcomes"]) for one in json.loads(listed)] == [(1, {})]
    assert "KANARIE" not in listed + inbeeld("colours", "--out", out).stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("H1", "red", *WHO), "--until is needed"),
        (("H1", "red", *WHO, "--until", "2025-12-30"), "--until must not lie before 2025-12-31"),
        (("H1", "red", *WHO, "--until", "morgen"), "give a day as YYYY-MM-DD"),
        (("H9", "red", *WHO, *UNTIL), "HOUSEHOLD is not among the published households"),
        (("H0", "red", *WHO, *UNTIL), "this household is now H1: give that id"),
        (("H1", "blue", *WHO, *UNTIL), "'blue' is not one of 'green'"),
        (("H1", "red", "--by", " ", "--reason", "x", *UNTIL), "--by must have 1 to 1000 characters"),
        (("H1", "rule", *WHO), "nobody gave this household a colour that still stands"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_meant_is_one_line_and_leaves_no_entry(out: Path, words: tuple[str, ...], told: str) -> None:
    code, said = colour(out, *words)
    assert (code, said.count("\n"), told in said) == (2, 1, True), said
    assert Colours(OutFolder(out)).all() == []


def test_the_colour_of_the_rule_returns_by_a_further_entry(out: Path) -> None:
    colour(out, "H1", "red", *WHO, *UNTIL)
    assert colour(out, "H1", "rule", *WHO)[0] == 0
    ledger = Colours(OutFolder(out))
    assert ([o.override_id for o in ledger.all()], ledger.active()) == ([1], [])
    assert "withdrawn" in inbeeld("colours", "--out", out).stdout


def test_who_came_with_a_merge_may_withdraw_what_reaches_the_household(out: Path) -> None:
    colour(out, "H2", "red", *WHO, *UNTIL)
    with DuckDBEngine(out / "current" / "restricted.duckdb") as db:
        db.run("INSERT INTO household_override VALUES (1, 'H1', 'red', DATE '2026-01-31', 'applied')")
    assert "H1: applied" in inbeeld("colours", "--out", out).stdout
    assert colour(out, "H1", "rule", *WHO)[0] == 0
    assert Colours(OutFolder(out)).active() == []


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE override SET severity = 'green'",
        "DELETE FROM override",
        "DELETE FROM override_record",
        "INSERT OR REPLACE INTO override SELECT * FROM override",
    ],
)
def test_the_file_itself_refuses_to_forget(out: Path, sql: str) -> None:
    colour(out, "H1", "red", *WHO, *UNTIL)
    with sqlite3.connect(out / "state" / "colours.sqlite") as db, pytest.raises(sqlite3.DatabaseError):
        db.execute(sql)


def has_nothing_to_do(night: Night, out: Path) -> bool:
    """Tell whether a night would end after it looked at what came in; it ends there in any case."""
    found: list[bool] = []
    with pytest.raises(UsageError, match="enough"), pipeline.start(Config(), night.inbox, out) as begun:
        pipeline.take_in(begun)
        found.append(begun.is_done)
        raise UsageError("enough")
    return found == [True]


def test_a_colour_alone_is_a_reason_for_a_night(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    """What the night makes of it: tests/spec/families."""
    night = Night(once(tmp_path_factory, "night", publish))
    out = tmp_path / "out"
    shutil.copytree(night.out, out, symlinks=True)
    assert has_nothing_to_do(night, out)
    with DuckDBEngine(out / "case_view.duckdb", read_only=True) as view:
        [(household,)] = view.rows("SELECT min(household_id) FROM household_colour WHERE severity = 'green'")
    assert colour(out, household, "orange", *WHO, *UNTIL)[0] == 0
    assert not has_nothing_to_do(night, out)
