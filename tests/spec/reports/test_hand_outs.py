"""What a night hands out: every partner gets what its agreement says, of its own incidents, and nothing else."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from linkage import register, reports
from linkage.engine.duckdb import DuckDBEngine
from linkage.partners import Register
from linkage.reports import facts as facts_of
from linkage.reports import scope
from tests.spec.reports import report_view as made

DAY = date(2025, 3, 14)
REGISTER = """
[[partners]]
id = "police-a"
name = "Police A"
kind = "police"
sources = { politie-nn = "politie_bvh" }
areas = [{ municipalities = ["GM0106", "GM0114"] }]

[[partners]]
id = "vt-one"
name = "Veilig Thuis One"
kind = "steunpunt"
sources = { vt-one = "veilig_thuis" }
areas = [{ municipalities = ["GM0106", "GM0114"] }]

[[partners]]
id = "vt-two"
name = "Veilig Thuis Two"
kind = "steunpunt"
sources = { vt-two = "veilig_thuis" }
areas = [{ municipalities = ["GM0114", "GM0118"] }]

[[partners]]
id = "assen"
name = "Municipality of Assen"
kind = "municipality"
areas = [{ municipalities = ["GM0106"] }]

[[agreements]]
id = "police"
partner = "police-a"
legal_basis = "Wpg"
receives = ["lists"]
form = "identifying"

[[agreements]]
id = "one"
partner = "vt-one"
legal_basis = "Wmo"
receives = ["lists", "page"]

[[agreements]]
id = "two"
partner = "vt-two"
legal_basis = "Wmo"
until = 2025-03-13
receives = ["lists"]

[[agreements]]
id = "assen"
partner = "assen"
legal_basis = "AVG"
receives = ["page", "export"]
"""
OWN = {"police-a": {"GM0106", "GM0114"}, "vt-one": {"GM0106", "GM0114"}, "assen": {"GM0106"}}


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A case view of two police units, its reports, and what was handed out."""
    folder = tmp_path_factory.mktemp("handed")
    with made.build(incidents=600) as db:
        for table in ("incident", "incident_status"):
            db.run(f"UPDATE {table} SET source_id = 'politie-ff' WHERE right(incident_number, 1) IN ('3', '7')")
        db.run(
            "UPDATE incident_link SET incident_source_id = 'politie-ff' WHERE right(incident_number, 1) IN ('3', '7')"
        )
        db.run(
            "UPDATE incident SET expected_steunpunt = CASE municipality_code WHEN 'GM0106' THEN 'vt-one' "
            "WHEN 'GM0118' THEN 'vt-two' WHEN 'GM0114' THEN "
            "CASE WHEN reported_at < '2024-10-01' THEN 'vt-two' ELSE 'vt-one|vt-two' END END"
        )
        partners = Register(**tomllib.loads(REGISTER))
        register.write(db, partners, made.AS_OF)
        paths = reports.write(
            db, folder, run_id=made.RUN, as_of=made.AS_OF, made_at=made.MADE_AT, stale=[], cooperation=partners, on=DAY
        )
        yield folder, db, {path.relative_to(folder).as_posix() for path in paths}


def rows(path: Path, sheet: str) -> list[dict[str, Any]]:
    header, *lines = CalamineWorkbook.from_path(path).get_sheet_by_name(sheet).to_python()
    return [dict(zip(map(str, header), line, strict=True)) for line in lines if line[0] != "geen"]


def open_incidents(db: DuckDBEngine, where: str) -> list[str]:
    found = db.rows(f"SELECT incident_number FROM incident JOIN incident_status USING (source_id, incident_number) "
                    f"WHERE status = 'unmatched' AND {where} ORDER BY 1")  # fmt: skip
    return [str(number) for (number,) in found]


def test_a_file_is_written_for_each_grant_and_for_nothing_else(night: Any) -> None:
    assert night[2] == {
        *(
            "inbeeld.html",
            "inbeeld.xlsx",
            "sturing.html",
            "police-a/inbeeld.xlsx",
            "vt-one/inbeeld.xlsx",
            "vt-one/inbeeld.html",
        ),
        "assen/inbeeld.html",
    }


def test_a_police_unit_gets_its_own_incidents_by_number(night: Any) -> None:
    folder, db, _ = night
    found = rows(folder / "police-a" / "inbeeld.xlsx", "Niet in beeld")
    own = open_incidents(db, "source_id = 'politie-nn' AND municipality_code IN ('GM0106', 'GM0114')")
    assert sorted(str(row["Incidentnummer"]) for row in found) == own
    assert len(own) > 5


def test_a_steunpunt_gets_the_incidents_that_are_expected_of_it_without_numbers(night: Any) -> None:
    folder, db, _ = night
    found = rows(folder / "vt-one" / "inbeeld.xlsx", "Niet in beeld")
    expected = open_incidents(db, "expected_steunpunt LIKE '%vt-one%'")
    assert [row["Incidentnummer"] for row in found] == [str(n) for n in range(1, len(expected) + 1)]
    assert {row["Melding verwacht bij"] for row in found} == {"Veilig Thuis One", "Veilig Thuis One / Veilig Thuis Two"}


@pytest.mark.parametrize("name", ["vt-one/inbeeld.html", "assen/inbeeld.html"])
def test_a_page_without_numbers_holds_none_and_no_place_of_another(night: Any, name: str) -> None:
    text = (night[0] / name).read_text(encoding="utf-8")
    assert not re.search(r"PL\d{2}\w{2}", text)
    assert "Hoogeveen" not in text
    assert "PL0100" in (night[0] / "inbeeld.html").read_text(encoding="utf-8")


def test_a_page_without_lists_has_figures_only(night: Any) -> None:
    """It has no script, so no rows that a script would read."""
    text = (night[0] / "assen" / "inbeeld.html").read_text(encoding="utf-8")
    assert "<script" not in text
    assert 'id="lijst"' not in text and 'href="#lijst"' not in text
    assert "Municipality of Assen" in text and "Assen" in text
    assert "Goed werk" not in text


def test_a_page_of_figures_alone_shows_no_count_that_is_small_or_exact(night: Any) -> None:
    """All that stands in a cell of numbers is a multiple of five, a share, or withheld."""
    text = (night[0] / "assen" / "inbeeld.html").read_text(encoding="utf-8")
    cells = [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r'<td class="n[^"]*">(.*?)</td>', text)]
    counts = [int(n.replace(".", "")) for c in cells if "%" not in c for n in re.findall(r"[\d.]+", c)]
    assert len(cells) > 20 and counts and {n % 5 for n in counts} == {0} and min(counts) >= 10
    [(total,)] = night[1].rows("SELECT count(*) FROM incident WHERE municipality_code = 'GM0106'")
    assert total % 5 != 0 and not re.search(rf"\b{total}\b", text)


def test_rows_without_numbers_stand_beside_no_figures(night: Any) -> None:
    """Whoever may count the rows could tell more from figures of the same incidents."""
    folder, db, _ = night
    text = (folder / "vt-one" / "inbeeld.html").read_text(encoding="utf-8")
    [island] = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text)
    assert len(json.loads(island)["lists"]["unmatched"]) == len(
        open_incidents(db, "expected_steunpunt LIKE '%vt-one%'")
    )
    assert not re.search(r'id="(cijfers|gemeenten|standen|maanden)"[^>]*>\s*<h2', text) and "<svg class=" not in text
    assert {"Gat per gemeente", "Kwaliteit"}.isdisjoint(
        CalamineWorkbook.from_path(folder / "vt-one" / "inbeeld.xlsx").sheet_names
    )
    summary = (
        CalamineWorkbook.from_path(folder / "vt-one" / "inbeeld.xlsx").get_sheet_by_name("Samenvatting").to_python()
    )
    assert [
        cell for row in summary for cell in row if isinstance(cell, float | int) and not isinstance(cell, bool)
    ] == [source_age for row in summary for source_age in row[2:3] if isinstance(source_age, float)]


def test_checks_are_told_to_a_partner_without_their_counts(night: Any) -> None:
    """They are counted over the records of everybody."""
    header, *lines = (
        CalamineWorkbook.from_path(night[0] / "police-a" / "inbeeld.xlsx").get_sheet_by_name("Kwaliteit").to_python()
    )
    assert header[3:5] == ["Gevonden", "Rijen"]
    assert {tuple(line[3:5]) for line in lines[:9]} == {("", "")}


def test_the_case_view_tells_what_was_handed_out_and_what_was_not(night: Any) -> None:
    _, db, _ = night
    told = db.rows("SELECT partner_id, product, agreement_id, is_granted, path, reason FROM hand_out ORDER BY ALL")
    assert told == [
        ("assen", "export", "assen", True, None, None),
        ("assen", "page", "assen", True, "assen/inbeeld.html", None),
        ("police-a", "lists", "police", True, "police-a/inbeeld.xlsx", None),
        ("vt-one", "lists", "one", True, "vt-one/inbeeld.xlsx", None),
        ("vt-one", "page", "one", True, "vt-one/inbeeld.html", None),
        ("vt-two", "lists", None, False, None, "two ended with 2025-03-13"),
    ]
    assert list(reports.withheld(db)) == [
        "lists for Veilig Thuis Two not written: no agreement today (two ended with 2025-03-13)"
    ]


def test_the_list_of_the_region_names_whose_report_is_expected(night: Any) -> None:
    found = Counter(row["Melding verwacht bij"] for row in rows(night[0] / "inbeeld.xlsx", "Niet in beeld"))
    assert {"Veilig Thuis One", "Veilig Thuis Two", "Veilig Thuis One / Veilig Thuis Two", ""} == set(found)


def test_figures_of_a_scope_are_its_own_and_its_bounds_hold_them(night: Any) -> None:
    _, db, _ = night
    whole = facts_of.read(db, run_id=made.RUN, as_of=made.AS_OF, stale=[])
    everywhere = frozenset(gap.municipality_code for gap in whole.municipalities if gap.municipality_code)
    seen = scope.narrow(scope.count(db), whole, scope.Scope("all", everywhere, has_numbers=True))
    assert [gap for gap in seen.municipalities if gap.municipality_code != "onbekend"] == [
        gap for gap in whole.municipalities if gap.municipality_code != "onbekend"
    ]
    part = scope.narrow(
        scope.count(db),
        whole,
        scope.Scope("a", frozenset({"GM0106"}), sources=frozenset({"politie-nn"}), has_numbers=True),
    )
    [(incidents, unmatched)] = db.rows(
        "SELECT count(*), count(*) FILTER (status = 'unmatched') FROM incident JOIN incident_status "
        "USING (source_id, incident_number) WHERE municipality_code = 'GM0106' AND source_id = 'politie-nn'"
    )
    assert (part.total.incidents, part.total.unmatched, part.statuses["unmatched"]) == (incidents, unmatched, unmatched)
    for gap in (*part.months, *part.cells, part.total):
        assert gap.low is None or gap.rate is None or gap.low <= gap.rate <= (gap.high or 0)
    assert sum(gap.incidents for gap in part.months) == incidents


def test_a_scope_without_incidents_is_empty_and_no_error(night: Any) -> None:
    _, db, _ = night
    whole = facts_of.read(db, run_id=made.RUN, as_of=made.AS_OF, stale=[])
    none = scope.narrow(scope.count(db), whole, scope.Scope("none", frozenset({"GM0034"})))
    assert (none.incidents, none.total.rate, list(none.unmatched), none.first) == (0, None, [], None)
