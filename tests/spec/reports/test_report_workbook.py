"""The workbook: typed cells, no formula, nothing lost, ready to filter and print."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import MonkeyPatch
from python_calamine import CalamineWorkbook

from linkage.config import Limits
from linkage.reports import WORKBOOK, sheets
from linkage.reports.words import words
from tests.spec.reports import report_view as made
from tests.spec.reports.conftest import write
from tests.spec.reports.payloads import PAYLOADS

SHEETS = ["Samenvatting", "Niet in beeld", "Te beoordelen", "Wacht nog", "Gat per gemeente", "Kwaliteit", "Begrippen"]
LISTS = SHEETS[1:4]


def sheet(folder: Path, name: str) -> list[list[object]]:
    """Return the cells of a sheet, row by row."""
    return CalamineWorkbook.from_path(folder / WORKBOOK).get_sheet_by_name(name).to_python()


def parts(folder: Path) -> dict[str, str]:
    """Return the XML parts of the workbook."""
    with zipfile.ZipFile(folder / WORKBOOK) as book:
        return {name: book.read(name).decode() for name in book.namelist()}


def sheet_xml(folder: Path, name: str) -> str:
    return parts(folder)[f"xl/worksheets/sheet{SHEETS.index(name) + 1}.xml"]


def test_the_sheets_stand_in_their_order(written: Path) -> None:
    assert CalamineWorkbook.from_path(written / WORKBOOK).sheet_names == SHEETS


def test_the_nine_statuses_of_the_summary_sum_to_all_incidents(written: Path) -> None:
    rows = sheet(written, "Samenvatting")
    start = next(i for i, row in enumerate(rows) if row[:2] == ["Stand", "Aantal"])
    nine, total = rows[start + 1 : start + 10], rows[start + 10]
    assert sum(row[1] for row in nine) == total[1] == 900  # type: ignore[misc]
    assert sum(row[2] for row in nine) == pytest.approx(1)  # type: ignore[misc]


CELLS = st.one_of(
    st.none(),
    st.text(max_size=60),
    st.sampled_from(
        ["_x0041_", " before", "after ", "<r>rich</r>", "=1+1", "\x01", "\U0001f600" * 20_000, "x" * 40_000]
    ),
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=False, allow_infinity=False),
    st.dates(date(1900, 1, 1), date(9999, 12, 31)),
)
COLUMNS = [
    sheets.Column("incident_number", 12),
    sheets.Column("lacks", 9, "wrapped"),
    sheets.Column("reported_on", 12, "day"),
    sheets.Column("resolve", 14, "wrapped"),
    sheets.Column("best", 10, "share"),
]
ROWS = st.lists(
    st.tuples(*[st.one_of(CELLS, st.builds(sheets.Shown, CELLS, st.sampled_from(["red", "alert", "count"])))] * 5),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(ROWS, st.sampled_from(["", "a note"]))
def test_rows_at_once_give_the_bytes_that_the_librarys_own_calls_give(
    rows: list[tuple[sheets.Value | sheets.Shown, ...]], note: str
) -> None:
    texts, made = words(Limits(), "nl"), []
    for is_ours in (True, False):
        with MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
            if not is_ours:
                patch.setattr(sheets.Sheet, "table", sheets.Sheet.block)
                patch.setattr(sheets.Sheet, "_told", lambda own, value, look: (value, own._looks[look]))
                patch.setattr(sheets.Sheet, "_cell", cell_by_the_library)
            book = sheets.Book(Path(folder) / "book", texts, title="", made_at=datetime(2025, 3, 14))  # noqa: DTZ001
            for look in book._looks.values():
                look._get_xf_index()  # else styles are numbered in the order in which cells are written
            for key in ("pending", "review"):
                book.table(key, COLUMNS, rows, note)
            book.close()
            made.append((Path(folder) / "book").read_bytes())
    assert made[0] == made[1]


def cell_by_the_library(own: Any, column: int, value: sheets.Value | sheets.Shown, look: str) -> None:
    """Write a cell as XlsxWriter has it for a value of its type."""
    if isinstance(value, sheets.Shown):
        value, look = value.value, value.look
    place = own._row, column
    style = own._looks[look]
    if value is None:
        own._sheet.write_blank(*place, None, style)
    elif isinstance(value, str):
        own._sheet.write_string(*place, value, style)
    elif isinstance(value, date):
        own._sheet.write_datetime(*place, value, style)
    else:
        own._sheet.write_number(*place, value, style)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_no_cell_can_hold_is_an_error(tmp_path: Path, number: float) -> None:
    book = sheets.Book(tmp_path / "book", words(Limits(), "nl"), title="", made_at=datetime(2025, 3, 14))  # noqa: DTZ001
    with pytest.raises(ValueError, match="a cell holds"):
        book.table("pending", COLUMNS, [["", "", "", "", number]])


def test_a_stale_source_is_named_before_any_figure(written: Path) -> None:
    rows = sheet(written, "Samenvatting")
    assert rows[1][0] == (
        "Let op: de gegevens van vt-groningen (tot en met 03-02-2025, 38 dagen oud) zijn niet bijgewerkt. "
        "De cijfers kunnen daardoor te hoog of te laag zijn."
    )
    start = next(i for i, row in enumerate(rows) if row[0] == "Bron")
    assert [row[0] for row in rows[start + 1 : start + 4]] == ["vt-groningen", "politie-nn", "vt-drenthe"]
    assert rows[start + 1][1:4] == [date(2025, 2, 3), 38, "nee, achter"]


@pytest.mark.parametrize("name", [*LISTS, "Gat per gemeente"])
def test_the_first_line_of_every_list_names_the_missing_source_with_its_age(
    written: Path, tmp_path: Path, name: str
) -> None:
    note, header, *_ = sheet(written, name)
    assert "vt-groningen (tot en met 03-02-2025, 38 dagen oud)" in str(note[0])
    assert header[0] in ("Incidentnummer", "Gemeente")
    write(tmp_path, incidents=50)
    assert sheet(tmp_path, name)[0][0] == header[0]


def test_a_list_holds_real_dates_and_real_numbers(written: Path) -> None:
    _, header, *rows = sheet(written, "Niet in beeld")
    kinds = {
        "Incidentnummer": str,
        "Bron": str,
        "Bij politie op": date,
        "Gemeente": str,
        "Dagen open": float,
        "Waarom niet in beeld": str,
        "Kinderen betrokken": str,
        "Kleur": str,
        "Incidenten in huishouden": float,
        "Huishouden": str,
        "Wat ontbreekt, en bij wie": str,
        "Wat helpt": str,
        "Nieuw sinds vorige nacht": str,
    }
    assert header == list(kinds)
    assert rows
    assert {row[-1] for row in rows} == {""}, "on the first night nobody can tell what is new"
    assert all(isinstance(cell, kind) for row in rows for cell, kind in zip(row, kinds.values(), strict=True))


def test_the_most_urgent_incident_stands_first(written: Path) -> None:
    colours = ["Rood", "Oranje", "Geel", "Groen", "Geen kleur"]
    children = ["Ja", "Onbekend", "Nee"]
    _, _, *rows = sheet(written, "Niet in beeld")
    urgency = [
        (colours.index(str(row[7])), children.index(str(row[6])), -float(str(row[4])), -float(str(row[8])), str(row[0]))
        for row in rows
    ]
    assert urgency == sorted(urgency)
    assert {row[0] for row in urgency} == {0, 1, 2, 3}


def test_repeats_count_the_incidents_of_the_household_that_are_not_excluded(tmp_path: Path) -> None:
    from linkage import reports

    with made.build(incidents=200) as db:
        reports.write(db, tmp_path, run_id=made.RUN, as_of=made.AS_OF, made_at=made.MADE_AT, stale=[])
        counted = Counter(
            household
            for (household,) in db.rows(
                """SELECT household_id FROM incident JOIN incident_status USING (incident_number)
                   WHERE status <> 'excluded'"""
            )
        )
    _, *rows = sheet(tmp_path, "Niet in beeld")
    assert all(row[8] == counted[str(row[9])] for row in rows)
    assert max(counted.values()) > 1


def test_the_gap_stands_there_for_every_municipality_and_month(written: Path) -> None:
    _, header, *rows = sheet(written, "Gat per gemeente")
    assert header[:3] == ["Gemeente", "Maand", "Incidenten"]
    assert sum(row[2] for row in rows) == 900  # type: ignore[misc]
    assert all(isinstance(row[1], date) and row[1].day == 1 for row in rows)
    assert all(row[11] <= row[10] + 1e-9 <= row[12] + 2e-9 for row in rows if row[10] != "")  # type: ignore[operator]


def test_checks_that_failed_come_first_and_refused_rows_are_counted_by_reason(written: Path) -> None:
    rows = sheet(written, "Kwaliteit")
    assert [row[1] for row in rows[1:4]] == ["Let op", "Let op", "In orde"]
    start = next(i for i, row in enumerate(rows) if row[0] == "Reden")
    assert [(row[0], row[3]) for row in rows[start + 1 :]] == [
        ("Het bijbehorende incident of dossier is niet bekend", 2),
        ("no word yet", 1),
        ("Een verplicht veld is leeg", 1),
    ]


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_filtered_frozen_and_set_up_for_print(written: Path, name: str) -> None:
    xml = sheet_xml(written, name)
    assert 'state="frozen"' in xml
    assert "<autoFilter " in xml
    assert 'orientation="landscape"' in xml
    assert re.search(r'fitToHeight="0"', xml)
    assert f"'{name}'!$1:$2" in parts(written)["xl/workbook.xml"]


def test_no_cell_is_a_formula_or_a_link_whatever_the_texts(hostile: Path) -> None:
    for name, xml in parts(hostile).items():
        assert not re.search(r"<f[ >]|<hyperlink", xml), name
        assert "relationships/hyperlink" not in xml, name


def test_two_hundred_payloads_come_back_as_they_went_in(tmp_path: Path) -> None:
    assert len(PAYLOADS) > 200
    weights = {status: int(status == "unmatched") for status in made.WEIGHTS}
    write(tmp_path, incidents=len(PAYLOADS), weights=weights, hostile=PAYLOADS)
    _, *rows = sheet(tmp_path, "Niet in beeld")
    line_ends = str.maketrans({"\r": "\n"})  # XML readers may turn one line end into the other
    found = {str(row[0]).translate(line_ends) for row in rows}
    assert found == {text.translate(line_ends) for text in PAYLOADS}


def test_an_empty_list_says_so(tmp_path: Path) -> None:
    write(tmp_path, incidents=0)
    for name in LISTS:
        assert sheet(tmp_path, name)[1][0] == "geen"


def test_the_same_night_gives_the_same_bytes(tmp_path: Path, written: Path) -> None:
    again = write(tmp_path, stale=["vt-groningen"])
    files = [path.relative_to(written) for path in written.rglob("*.*") if path.is_file()]
    assert len(files) == 5
    for name in files:
        assert (again / name).read_bytes() == (written / name).read_bytes()
