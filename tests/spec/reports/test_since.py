"""The list against that of the publication before: what is new on it, what left it and how, to each its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from linkage import reports
from linkage.reports import facts, scope, since
from tests.spec.reports import report_view as made

BEFORE = made.AS_OF - timedelta(days=1)


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """The case view of the night before: one incident was open that is not, three are that were not."""
    path = tmp_path / "before.duckdb"
    with made.build(path, incidents=300) as db:
        made.put(db, "household_today", [{"household_id": "H1", "as_of": BEFORE}])
        db.run(
            "UPDATE incident_status SET status = 'pending' WHERE incident_number IN "
            "(SELECT incident_number FROM incident_status WHERE status = 'unmatched' ORDER BY 1 LIMIT 3)"
        )
        db.run(
            "UPDATE incident_status SET status = 'unmatched' WHERE incident_number = "
            "(SELECT min(incident_number) FROM incident_status WHERE status = 'matched_late')"
        )
        db.run("INSERT INTO incident_status (source_id, incident_number, status, age_days) "
               "VALUES ('politie-nn', 'PL0100-2020999999', 'unmatched', 90)")  # fmt: skip
    return path


def test_what_came_and_what_went_is_told_with_how(before: Path) -> None:
    with made.build(incidents=300) as db:
        found = since.read(db, before)
        open_now = {
            number for (number,) in db.rows("SELECT incident_number FROM incident_status WHERE status = 'unmatched'")
        }
    assert found is not None and found.before == BEFORE
    assert len(found.new) == 3 and {number for _, number in found.new} <= open_now
    assert found.how() == [("gone", 1), ("matched_late", 1)]
    assert [one.incident_number for one in found.resolved if one.how == "gone"] == ["PL0100-2020999999"]


def test_the_page_and_the_workbook_tell_it(before: Path, tmp_path: Path) -> None:
    with made.build(incidents=300) as db:
        reports.write(
            db, tmp_path, run_id=made.RUN, as_of=made.AS_OF, made_at=made.MADE_AT, stale=[], before=before
        )  # fmt: skip
    text = (tmp_path / reports.PAGE).read_text(encoding="utf-8")
    assert "Sinds 12-03-2025: 3 nieuw op de lijst, 2 eraf." in text
    assert "Eraf: 1 × Niet meer geleverd door de bron, 1 × Melding na 8 tot 42 dagen." in text
    book = CalamineWorkbook.from_path(tmp_path / reports.WORKBOOK)
    header, *rows = book.get_sheet_by_name("Niet in beeld").to_python()
    assert [row[header.index("Nieuw sinds vorige nacht")] for row in rows].count("ja") == 3
    header, *gone = book.get_sheet_by_name("Opgelost").to_python()
    assert header == ["Incidentnummer", "Bron", "Bij politie op", "Gemeente", "Hoe opgelost", "Dagen tot melding"]
    assert [row[4] for row in gone] == ["Niet meer geleverd door de bron", "Melding na 8 tot 42 dagen"]


def test_a_partner_is_told_of_its_own_records_alone(before: Path) -> None:
    with made.build(incidents=300) as db:
        told = facts.read(db, run_id=made.RUN, as_of=made.AS_OF, stale=[])
        counts = scope.count(db)
        whole = replace(told, since=since.read(db, before))
    place = whole.since.resolved[-1].municipality_code
    own = scope.narrow(counts, whole, scope.Scope("a", frozenset({place}), has_numbers=True))
    assert own.since is not None and {one.municipality_code for one in own.since.resolved} == {place}
    assert {number for _, number in own.since.new} <= {case.incident_number for case in own.unmatched}
    assert scope.narrow(counts, whole, scope.Scope("a", frozenset({place}))).since is None


def test_the_first_night_has_nothing_to_compare_with(tmp_path: Path) -> None:
    with made.build(incidents=10) as db:
        assert since.read(db, None) is None
        assert since.read(db, tmp_path / "none.duckdb") is None
        assert isinstance(made.AS_OF, date)
