"""The inbox becomes current tables that depend on what was delivered, not on when it came."""

from __future__ import annotations

import csv
import json
import random
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from linkage.engine.duckdb import DuckDBEngine
from linkage.lateness import lags
from linkage.simulate import write_sample
from tests.spec.intake import inbox as box
from tests.spec.intake.inbox import care, incident, member, number, person, persons, police, report, state, steunpunt


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder, incidents=40, seed=3)
    return folder


@pytest.fixture(scope="module")
def whole(sample: Path) -> DuckDBEngine:
    return box.take(sample / "inbox")[0]


def test_every_true_mention_is_current_once_and_no_other(sample: Path, whole: DuckDBEngine) -> None:
    with (sample / "truth" / "mention_truth.csv").open(encoding="utf-8") as file:
        truth = sorted((r["source_id"], r["record_id"], int(r["person_seq"])) for r in csv.DictReader(file))
    found = whole.rows(
        """SELECT source_id, incident_number, person_seq FROM police_person
           UNION ALL SELECT source_id, case_id, person_seq FROM steunpunt_person ORDER BY ALL"""
    )
    assert found == truth


def test_every_row_and_byte_is_accounted_for(whole: DuckDBEngine) -> None:
    wrong = whole.rows(
        """SELECT delivery_id FROM delivery WHERE rows <> accepted + rejected
             OR bytes <> bytes_header + bytes_accepted + bytes_rejected"""
    )
    assert wrong == []
    assert whole.rows("SELECT sum(rows) FROM delivery") == whole.rows("SELECT sum(rows) FROM delivery_file")


def test_a_second_run_finds_nothing_new(sample: Path, tmp_path: Path) -> None:
    db, first = box.take(sample / "inbox")
    before = state(db)
    _, second = box.take(sample / "inbox", db, run="2")
    assert (second.accepted, second.refused, second.already_seen) == ((), (), len(first.accepted))
    assert second.as_of == first.as_of
    assert state(db) == before


@pytest.mark.parametrize("seed", range(2))
def test_the_order_of_arrival_does_not_matter(sample: Path, whole: DuckDBEngine, tmp_path: Path, seed: int) -> None:
    folders = [path.parent for path in sorted((sample / "inbox").rglob("manifest.json"))]
    random.Random(seed).shuffle(folders)
    db = DuckDBEngine()
    for run, folder in enumerate(folders):
        shutil.copytree(folder, tmp_path / folder.parent.name / folder.name)
        box.take(tmp_path, db, run=str(run))
    assert state(db) == state(whole)


def test_a_run_that_is_tried_again_reports_what_it_took_in_before(sample: Path) -> None:
    db, first = box.take(sample / "inbox")
    _, again = box.take(sample / "inbox", db)
    assert again == first


def test_a_delivery_with_any_person_of_a_record_replaces_them_all(tmp_path: Path) -> None:
    police(tmp_path, 3, [incident(1), incident(2)], [person(1, 1), person(1, 2), person(2, 1)])
    police(tmp_path, 4, [incident(1, status="gewijzigd")], [person(1, 1)])
    db, _ = box.take(tmp_path)
    assert persons(db) == [(number(1), 1, "2025-03-04"), (number(2), 1, "2025-03-03")]


def test_a_change_without_persons_leaves_them(tmp_path: Path) -> None:
    police(tmp_path, 3, [incident(1)], [person(1, 1)])
    police(tmp_path, 4, [incident(1, status="gewijzigd")])
    db, _ = box.take(tmp_path)
    assert persons(db) == [(number(1), 1, "2025-03-03")]


def test_a_withdrawn_record_stays_without_persons_and_no_older_file_brings_it_back(tmp_path: Path) -> None:
    police(tmp_path, 5, [incident(1, status="ingetrokken")], [person(1, 1)])
    db, _ = box.take(tmp_path)
    police(tmp_path, 3, [incident(1)], [person(1, 1), person(1, 2)], [care(1, "Z1")])
    box.take(tmp_path, db, run="2")
    assert db.rows("SELECT record_status FROM police_incident") == [("ingetrokken",)]
    assert persons(db) == []
    assert db.rows("SELECT * FROM care_report") == []


def test_what_the_latest_full_no_longer_holds_is_withdrawn(tmp_path: Path) -> None:
    police(tmp_path, 3, [incident(1), incident(2), incident(3)], [person(1, 1), person(2, 1)], [care(2, "Z1")])
    police(tmp_path, 4, [incident(1)], [], kind="full")
    police(tmp_path, 5, [incident(3, status="gewijzigd")])
    db, _ = box.take(tmp_path)
    statuses = db.rows("SELECT incident_number, record_status FROM police_incident ORDER BY ALL")
    assert statuses == [(number(1), "nieuw"), (number(2), "ingetrokken"), (number(3), "gewijzigd")]
    assert persons(db) == []
    assert db.rows("SELECT * FROM care_report") == []


def test_a_full_redelivery_stores_nothing_twice_and_still_counts_as_delivered(tmp_path: Path) -> None:
    rows = [incident(n) for n in range(1, 6)], [person(n, 1) for n in range(1, 6)]
    police(tmp_path, 3, *rows, kind="full")
    db, _ = box.take(tmp_path)
    police(tmp_path, 4, *rows, kind="full")
    box.take(tmp_path, db, run="2")
    assert db.rows("SELECT count(*), min(delivery_id) FROM police_incident_version") == [(5, "2025-03-04")]
    assert db.rows("SELECT count(*) FROM police_person_version") == [(5,)]
    assert db.rows("SELECT count(*) FROM police_incident WHERE record_status = 'nieuw'") == [(5,)]
    assert len(persons(db)) == 5


def test_an_older_full_that_comes_late_leaves_what_the_newer_one_holds(tmp_path: Path) -> None:
    police(tmp_path, 4, [incident(1)], [person(1, 1)], kind="full")
    db, _ = box.take(tmp_path)
    police(tmp_path, 3, [incident(1), incident(2)], [person(1, 1), person(2, 1)], kind="full")
    box.take(tmp_path, db, run="2")
    found = db.rows("SELECT incident_number, record_status, delivery_id FROM police_incident ORDER BY ALL")
    assert found == [(number(1), "nieuw", "2025-03-04"), (number(2), "ingetrokken", "2025-03-03")]
    assert persons(db) == [(number(1), 1, "2025-03-04")]


def test_a_case_keeps_its_persons_while_one_report_stands(tmp_path: Path) -> None:
    steunpunt(tmp_path, 3, [report("M1", "C1"), report("M2", "C1")], [member("C1", 1)])
    steunpunt(tmp_path, 4, [report("M1", "C1", status="ingetrokken")])
    db, _ = box.take(tmp_path)
    assert persons(db) == [("C1", 1, "2025-03-03")]
    steunpunt(tmp_path, 5, [report("M2", "C1", status="ingetrokken")])
    box.take(tmp_path, db, run="2")
    assert persons(db) == []


def test_an_orphan_is_rejected_until_its_record_comes(tmp_path: Path) -> None:
    police(tmp_path, 4, [incident(2)], [person(2, 1), person(1, 1)])
    db, _ = box.take(tmp_path)
    assert db.rows("SELECT line_number, reason, column_name FROM rejected_row") == [(3, "orphan", "registratienummer")]
    assert db.rows("SELECT rows, accepted, rejected FROM delivery") == [(3, 2, 1)]
    assert persons(db) == [(number(2), 1, "2025-03-04")]
    police(tmp_path, 3, [incident(1)])
    box.take(tmp_path, db, run="2")
    assert db.rows("SELECT * FROM rejected_row") == []
    assert len(persons(db)) == 2


def test_advice_carries_no_persons(tmp_path: Path) -> None:
    steunpunt(tmp_path, 3, [report("M1", "C1", soort_contact="advies")], [member("C1", 1)])
    db, _ = box.take(tmp_path)
    assert persons(db) == []
    assert db.rows("SELECT reason FROM rejected_row") == [("advice_person",)]


def test_a_case_with_advice_and_a_report_keeps_its_persons(tmp_path: Path) -> None:
    steunpunt(tmp_path, 3, [report("M1", "C1", soort_contact="advies"), report("M2", "C1")], [member("C1", 1)])
    db, _ = box.take(tmp_path)
    assert persons(db) == [("C1", 1, "2025-03-03")]
    assert db.rows("SELECT * FROM rejected_row") == []


@pytest.mark.parametrize(("given", "is_secret"), [("N", False), ("0", False), ("J", True), ("onb", True), ("??", True)])
def test_an_address_whose_secrecy_cannot_be_read_is_secret(tmp_path: Path, given: str, is_secret: bool) -> None:
    police(tmp_path, 3, [incident(1)], [person(1, 1, geheim_adres=given)])
    db, _ = box.take(tmp_path)
    assert db.rows("SELECT secret_address FROM police_person") == [(is_secret,)]


def test_the_later_of_two_rows_with_one_key_is_rejected(tmp_path: Path) -> None:
    police(tmp_path, 3, [incident(1, mk_code="F550"), incident(1, registratienummer=f"{number(1)}-1")])
    db, _ = box.take(tmp_path)
    assert db.rows("SELECT line_number, reason FROM rejected_row") == [(3, "duplicate_key")]
    assert db.rows("SELECT mk_code FROM police_incident") == [("F550",)]


@pytest.mark.parametrize(
    ("values", "reason", "header"),
    [
        ({"kennisname": "01-03-2025"}, "bad_timestamp", "kennisname"),
        ({"kennisname": ""}, "required_empty", "kennisname"),
        ({"huisverbod_van": "2025-02-30"}, "bad_date", "huisverbod_van"),
        ({"aantal_kinderen": "twee"}, "bad_integer", "aantal_kinderen"),
        ({"registratienummer": "1234"}, "bad_number", "registratienummer"),
        ({"pleeg_straat": "a\x07b"}, "control_character", "pleeg_straat"),
    ],
)
def test_a_row_that_breaks_the_contract_is_rejected_with_its_reason(
    tmp_path: Path, values: dict[str, str], reason: str, header: str
) -> None:
    police(tmp_path, 3, [incident(1), incident(2, **values)])
    db, told = box.take(tmp_path)
    assert db.rows("SELECT line_number, reason, column_name FROM rejected_row") == [(3, reason, header)]
    assert (told.rows_accepted, told.rows_rejected) == (1, 1)


def test_numbers_are_pseudonyms_and_never_in_clear(tmp_path: Path) -> None:
    given = ["999992934", "9999.92.934", "999999990", "111222334", ""]
    rows = [person(1, n, bsn=bsn, telefoon=phone) for n, (bsn, phone) in enumerate(zip(given, PHONES, strict=True), 1)]
    police(tmp_path, 3, [incident(1)], [*rows, person(1, 9, v_nummer="2871234567")])
    db, _ = box.take(tmp_path)
    found = db.rows("SELECT bsn_status, bsn_hmac, phone_hmac, v_number_hmac FROM police_person ORDER BY person_seq")
    assert [row[0] for row in found] == ["valid", "valid", "denied", "invalid", "absent", "absent"]
    assert found[0][1] == found[1][1] == box.KEYS.hmac("bsn", "999992934")
    assert {row[1] for row in found[2:]} == {None}
    assert {row[2] for row in found[:4]} == {box.KEYS.hmac("phone", "+31612345678")}
    assert found[4][2] is None
    assert found[5][3] == box.KEYS.hmac("v_number", "2871234567")
    stored = str([db.rows(f"SELECT * FROM {name}") for name in ("police_person", "police_person_version")])
    assert not any(clear in stored for clear in ("999992934", "612345678", "2871234567"))


PHONES = ("0612345678", "+31 6 12345678", "0031(0)6-12345678", "06-12 34 56 78", "")


def test_codes_are_mended_and_unknown_ones_counted(tmp_path: Path) -> None:
    sexes = ["man", "V", "Z", "", "."]
    police(tmp_path, 3, [incident(1)], [person(1, n, geslacht=sex) for n, sex in enumerate(sexes, 1)])
    db, _ = box.take(tmp_path)
    found = [row[0] for row in db.rows("SELECT sex FROM police_person ORDER BY person_seq")]
    assert found == ["M", "V", "onbekend", None, None]
    counted = db.rows("SELECT file, column_name, rows, unmapped, share FROM unmapped_code WHERE unmapped > 0")
    assert counted == [("personen.csv", "geslacht", 5, 1, 0.2)]


def test_values_take_their_canonical_form(tmp_path: Path) -> None:
    values = {"kennisname": "2025-03-01T10:00:00+00:00", "indicatie_hg": "ja", "kinderen_aanwezig": "onb"}
    police(tmp_path, 3, [incident(1, **values, pleeg_gemeentecode="118")])
    people = [person(1, 1, geboortedatum="19720000", geheim_adres="7"), person(1, 2, geboortedatum="19720231")]
    police(tmp_path, 4, [], people)
    steunpunt(tmp_path, 3, [report("M1", "", aard_geweld="geen|ouderenmishandeling")])
    db, _ = box.take(tmp_path)
    row = db.rows(
        "SELECT reported_at::VARCHAR, dv_flag, children_present, incident_municipality_code FROM police_incident"
    )
    assert row == [("2025-03-01 11:00:00", True, "onbekend", "GM0118")]
    row = db.rows("SELECT birth_date_raw, secret_address FROM police_person ORDER BY person_seq")
    assert row == [("19720000", True), (None, False)]
    assert db.rows("SELECT unknown_birth_dates FROM delivery WHERE delivery_id = '2025-03-04'") == [(1,)]
    found = db.rows("SELECT nature_of_violence, additional_info, case_id FROM steunpunt_report")
    assert found == [(["geen", "ouderenmishandeling"], [], None)]


def test_an_old_export_gives_dossiers_and_persons(tmp_path: Path) -> None:
    told = {"Dossiernr": "9", "Datum ontvangst": "01-02-2025", "Melder": "Pol. Hgv", "Gemeente": "Hoogeveen"}
    told |= {"Naam": "Berg, v.d.", "Geb.datum": "05-06-1980", "M/V": "v", "Soort": "melding"}
    rows = [told | {"Adres": "Dorpsstr. 12-a"}, told | {"Adres": "1e Dwarsweg 5 hs"}]
    rows += [told | {"Dossiernr": "10", "Soort": "advies", "Naam": ""}]
    box.write(tmp_path, "ashg", 3, "ashg_2010", {"clienten.csv": rows}, kind="full")
    db, _ = box.take(tmp_path)
    found = db.rows(
        "SELECT report_id, case_id, contact_type, reporter_category, reporter_role, municipality_code, "
        "received_at::VARCHAR FROM steunpunt_report ORDER BY ALL DESC"
    )
    shared = ("politie", "pol", "GM0118", "2025-02-01 00:00:00")
    assert found == [("9", "9", "melding", *shared), ("10", "10", "advies", *shared)]
    found = db.rows(
        "SELECT case_id, person_seq, surname, birth_date_raw, sex, street, house_number, house_letter, addition, "
        "bsn_status FROM steunpunt_person ORDER BY ALL"
    )
    one = ("Berg, v.d.", "19800605", "V")
    assert found == [
        ("9", 1, *one, "Dorpsstr.", "12", "a", None, "absent"),
        ("9", 2, *one, "1e Dwarsweg", "5", None, "hs", "absent"),
    ]


def _manifest(**values: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "manifest.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | values), encoding="utf-8")

    return change


def _files(change: Callable[[list[dict[str, object]]], object]) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        path = folder / "manifest.json"
        manifest = json.loads(path.read_text())
        change(manifest["files"])
        path.write_text(json.dumps(manifest), encoding="utf-8")

    return spoil


def _link(folder: Path) -> None:
    elsewhere = folder.parent.parent.with_name("elsewhere.csv")
    (folder / "personen.csv").rename(elsewhere)
    (folder / "personen.csv").symlink_to(elsewhere)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda f: (f / "manifest.json").write_text("{"), "manifest"),
        (lambda f: (f / "manifest.json").write_text("{}"), "manifest"),
        (_manifest(source_id="elders"), "source_id"),
        (_manifest(delivery_id="elders"), "delivery_id"),
        (_manifest(profile="elders"), "profile"),
        (_manifest(kind="delta"), "kind"),
        (_manifest(purpose="marketing"), "purpose"),
        (_files(lambda files: files[0].update(name="../x.csv")), "file_name"),
        (_link, "not_regular"),
        (lambda f: (f / "personen.csv").unlink(), "missing_file"),
        (lambda f: (f / "extra.csv").write_text("x"), "unlisted_file"),
        (lambda f: (f / "incidenten.csv").write_bytes((f / "incidenten.csv").read_bytes()[:-1]), "sha256"),
        (_files(lambda files: files[0].update(rows=7)), "rows"),
    ],
)
def test_a_spoilt_delivery_is_refused_and_the_others_are_taken_in(
    tmp_path: Path, spoil: Callable[[Path], None], reason: str
) -> None:
    police(tmp_path, 3, [incident(1)], [person(1, 1)])
    steunpunt(tmp_path, 4, [report("M1", "C1")])
    spoil(police(tmp_path, 4, [incident(2)], [person(2, 1)]))
    db, told = box.take(tmp_path)
    assert [(r.source_id, r.delivery_id, r.reason) for r in told.refused] == [("politie-nn", "2025-03-04", reason)]
    assert "\n" not in told.refused[0].message
    assert told.stale == ("politie-nn",)
    assert len(told.accepted) == 2
    assert db.rows("SELECT count(*) FROM police_incident") == [(1,)]
    assert db.rows("SELECT reason FROM delivery WHERE status = 'refused'") == [(reason,)]
    _, again = box.take(tmp_path, db, run="2")
    assert [r.reason for r in again.refused] == [reason]
    assert db.rows("SELECT run_id FROM delivery WHERE status = 'refused'") == [("2",)]


def test_a_refused_delivery_that_is_sent_again_well_takes_the_place_of_its_refusal(tmp_path: Path) -> None:
    folder = police(tmp_path, 3, [incident(1)])
    _manifest(purpose="marketing")(folder)
    db, _ = box.take(tmp_path)
    _manifest(purpose="hg-ketenbeeld")(folder)
    _, told = box.take(tmp_path, db, run="2")
    assert (told.refused, told.stale) == ((), ())
    assert db.rows("SELECT status FROM delivery") == [("accepted",)]


def test_a_file_that_is_mostly_rejected_is_refused_whole(tmp_path: Path) -> None:
    bad = [incident(n, kennisname="gisteren") for n in range(1, 5)]
    police(tmp_path, 3, [*bad, *(incident(n) for n in range(5, 15))])
    db, told = box.take(tmp_path)
    assert [r.reason for r in told.refused] == ["rejected_rows"]
    assert db.rows("SELECT count(*) FROM police_incident") == [(0,)]
    assert db.rows("SELECT count(*) FROM rejected_row") == [(4,)]


def test_a_delivery_without_manifest_is_still_being_written(tmp_path: Path) -> None:
    (police(tmp_path, 3, [incident(1)]) / "manifest.json").unlink()
    _, told = box.take(tmp_path)
    assert (told.accepted, told.refused, told.as_of) == ((), (), None)


def test_as_of_is_the_day_that_the_slowest_chain_has_reached(tmp_path: Path) -> None:
    police(tmp_path, 9, [incident(1)])
    db, told = box.take(tmp_path)
    assert told.as_of == date(2025, 3, 8)
    steunpunt(tmp_path, 6, [report("M1", "C1")])
    _, told = box.take(tmp_path, db, run="2")
    assert (told.as_of, told.stale) == (date(2025, 3, 5), ("vt-drenthe",))


RHYTHMS = [
    # what happens, days that each delivery covers until, by source, and who is late
    ("a daily source that missed two days", {"pol": "1 2 3 4 5", "vt": "1 2 3"}, {"vt"}),
    ("a daily source that is a day behind", {"pol": "1 2 3 4 5", "vt": "1 2 3 4"}, set()),
    ("a weekly source between two deliveries", {"pol": "1 2 20 21", "vt": "1 8 15"}, set()),
    ("a weekly source two days late", {"pol": "1 2 23 24", "vt": "1 8 15"}, set()),
    ("a weekly source three days late", {"pol": "1 2 24 25", "vt": "1 8 15"}, {"vt"}),
    ("a source without a rhythm yet is taken for daily", {"pol": "1 2 3 9", "vt": "1 7"}, {"vt"}),
    ("one that was sent again has the rhythm of its days", {"pol": "1 2 3 9", "vt": "1 1 1 7"}, {"vt"}),
]


@pytest.mark.parametrize(("days", "late"), [r[1:] for r in RHYTHMS], ids=[r[0] for r in RHYTHMS])
def test_a_source_is_late_by_its_own_rhythm(days: dict[str, str], late: set[str]) -> None:
    with DuckDBEngine() as db:
        db.run("CREATE TABLE delivery (source_id VARCHAR, covers_until DATE, status VARCHAR)")
        for source, until in days.items():
            for day in until.split():
                db.run("INSERT INTO delivery VALUES (?, ?, 'accepted')", [source, date(2025, 3, int(day))])
        db.run("INSERT INTO delivery VALUES ('pol', DATE '2025-03-31', 'refused')")
        assert {lag.source_id for lag in lags(db) if lag.is_late} == late


def test_no_row_in_clear_outlives_the_intake(whole: DuckDBEngine) -> None:
    left = whole.rows("SELECT table_name FROM duckdb_tables() WHERE table_name LIKE '\\_%' ESCAPE '\\'")
    assert left == []


@pytest.mark.parametrize("is_late", [False, True])
def test_a_refused_delivery_that_another_repairs_waits_for_nobody(tmp_path: Path, is_late: bool) -> None:
    police(tmp_path, 3, [incident(n, kennisname="gisteren") for n in range(1, 6)])
    db, told = box.take(tmp_path) if is_late else (None, None)
    assert told is None or [r.reason for r in told.refused] == ["rejected_rows"]
    rows = [incident(n) for n in range(1, 6)]
    police(tmp_path, 3, rows, delivery_id="2025-03-03.r01", repairs="2025-03-03")
    db, told = box.take(tmp_path, db, run="2")
    assert (told.refused, told.stale) == ((), ())
    found = db.rows("SELECT delivery_id, status, repairs FROM delivery ORDER BY ALL")
    assert found == [("2025-03-03", "refused", None), ("2025-03-03.r01", "accepted", "2025-03-03")]
    assert db.rows("SELECT count(*), min(delivery_id) FROM police_incident") == [(5, "2025-03-03.r01")]


def test_a_repaired_delivery_outranks_its_original_and_no_newer_one(tmp_path: Path) -> None:
    police(tmp_path, 3, [incident(1, mk_code="F1"), incident(2, mk_code="F1")])
    police(tmp_path, 4, [incident(2, mk_code="F4")])
    repaired = [incident(1, mk_code="F2"), incident(2, mk_code="F2")]
    police(tmp_path, 3, repaired, delivery_id="2025-03-03.r01", repairs="2025-03-03")
    db, _ = box.take(tmp_path)
    assert db.rows("SELECT mk_code FROM police_incident ORDER BY incident_number") == [("F2",), ("F4",)]


@pytest.mark.parametrize("repairs", ["2025-03-03", "../x", "=cmd()", 7])
def test_a_delivery_repairs_another_one_of_its_source(tmp_path: Path, repairs: object) -> None:
    police(tmp_path, 3, [incident(1)], repairs=repairs)
    _, told = box.take(tmp_path)
    assert [r.reason for r in told.refused] == ["manifest"]


def test_a_column_that_an_earlier_version_did_not_have_is_added(tmp_path: Path) -> None:
    police(tmp_path, 3, [incident(1)])
    db, _ = box.take(tmp_path)
    db.run("ALTER TABLE delivery DROP COLUMN repairs")
    police(tmp_path, 4, [incident(2)])
    _, told = box.take(tmp_path, db, run="2")
    assert [one.delivery_id for one in told.accepted] == ["2025-03-04"]
    assert db.rows("SELECT repairs FROM delivery") == [(None,), (None,)]
