"""One family, told: all of its rows, under the id of today, with nobody's name."""

from __future__ import annotations

import json

import pytest

from linkage import contracts
from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import UsageError
from linkage.families.told import PARTS, tell
from tests.command import call
from tests.nights import Night
from tests.spec.reports.report_view import put

LED = [
    # asked        leads to
    ("HNOW", "HNOW"),
    ("HMERGED", "HNOW"),
]
REFUSED = [
    ("HDIVIDED", "HDIVIDED was divided: ask for HNOW or HOTHER"),
    ("HNEVER", "no household HNEVER in the case view"),
]


@pytest.fixture
def view() -> DuckDBEngine:
    db = DuckDBEngine()
    for name in ("household", "household_id_today", *(table for table, _ in PARTS)):
        db.run(contracts.table(name).ddl())
    put(db, "household", [{"household_id": "HNOW", "members": 1}, {"household_id": "HOTHER", "members": 1}])
    told = {"HMERGED": ["HNOW"], "HDIVIDED": ["HNOW", "HOTHER"]}
    put(db, "household_id_today", [{"old_id": a, "household_id": b} for a, found in told.items() for b in found])
    return db


@pytest.mark.parametrize(("asked", "leads_to"), LED)
def test_an_old_id_leads_to_todays(view: DuckDBEngine, asked: str, leads_to: str) -> None:
    told = tell(view, asked)
    assert (told.household_id, told.asked) == (leads_to, asked)
    assert told.one("household_today") == {}


@pytest.mark.parametrize(("asked", "says"), REFUSED)
def test_an_id_that_leads_nowhere_or_to_two(view: DuckDBEngine, asked: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        tell(view, asked)


def test_a_publication_of_a_version_without_families(view: DuckDBEngine) -> None:
    view.run("DROP TABLE household_today")
    with pytest.raises(UsageError, match="no table household_today: run `inbeeld run` once more"):
        tell(view, "HNOW")


def test_every_row_of_every_household_is_told_once(night: Night) -> None:
    with DuckDBEngine(night.out / "case_view.duckdb", read_only=True) as view:
        told = [tell(view, household) for (household,) in view.rows("SELECT household_id FROM household")]
        for table, _ in PARTS:
            [(rows,)] = view.rows(f"SELECT count(*) FROM {table} WHERE household_id IS NOT NULL")
            assert sum(len(one.parts[table]) for one in told) == rows, table
            assert rows or table == "household_tag", table


def test_the_command_tells_what_is_there_and_nobody_by_name(
    night: Night, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with DuckDBEngine(night.out / "restricted.duckdb", read_only=True) as db:
        [(household,)] = db.rows(
            "SELECT household_id FROM household_today JOIN household_child USING (household_id) "
            "GROUP BY household_id, terms_running ORDER BY count(*) DESC, terms_running DESC, household_id LIMIT 1"
        )
        people = db.rows(
            "SELECT DISTINCT surname, given_name, postcode FROM mention JOIN mention_household USING (mention_id) "
            f"WHERE household_id = '{household}'"
        )
    assert call(monkeypatch, "family", household, "--out", str(night.out)) == 0
    shown = capsys.readouterr().out
    assert call(monkeypatch, "family", household, "--out", str(night.out), "--json") == 0
    content = capsys.readouterr().out
    names = {text for row in people for text in row if text and len(text) > 3}
    assert names
    assert not [name for name in names if name in shown.lower() or name in content.lower()]
    told = json.loads(content)
    assert told["household_id"] == household
    for title, table in (
        ("Members", "household_member"),
        ("Children", "household_child"),
        ("Timeline", "case_timeline"),
    ):
        assert title in shown and told[table]
    for row in told["case_timeline"]:
        assert row["record_id"] in shown
