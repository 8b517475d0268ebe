"""Deliveries under a register: who has no agreement on the day is refused whole, and comes in once there is one."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from linkage.config import Config
from linkage.engine.duckdb import DuckDBEngine
from linkage.intake import IntakeReport, take_in
from linkage.partners import Register
from tests.spec.intake import inbox as box

PARTNERS = """
[[partners]]
id = "police"
name = "Police"
kind = "police"
sources = { politie-nn = "politie_bvh" }

[[partners]]
id = "vt"
name = "Veilig Thuis"
kind = "steunpunt"
sources = { vt-drenthe = "veilig_thuis" }

[[agreements]]
id = "vt"
partner = "vt"
legal_basis = "Wmo"
delivers = ["case_report"]
"""
POLICE = """
[[agreements]]
id = "police"
partner = "police"
legal_basis = "Wpg"
until = 2025-03-15
delivers = ["incident"]
"""


def night(
    inbox: Path, register: str, db: DuckDBEngine | None = None, run: str = "1"
) -> tuple[DuckDBEngine, IntakeReport]:
    """Take an inbox in under a register."""
    db = db or DuckDBEngine()
    config = Config(cooperation=Register(**tomllib.loads(register)))
    told = take_in(db, config, inbox=inbox, run_id=run, seen=set(), keys=box.KEYS, progress=lambda _: None)
    return db, told


def refused(told: IntakeReport) -> list[tuple[str, str, str]]:
    """Return what was refused, and for which reason."""
    return [(one.source_id, one.delivery_id, one.reason) for one in told.refused]


def test_an_agreement_that_ends_in_the_month_lets_deliveries_of_its_days_in_also_later(tmp_path: Path) -> None:
    for day in (14, 15, 16):
        box.police(tmp_path, day, [box.incident(day)], [box.person(day, 1)])
    box.steunpunt(tmp_path, 16, [box.report("M1", "C1")])
    db, told = night(tmp_path, PARTNERS + POLICE)
    assert refused(told) == [("politie-nn", "2025-03-16", "agreement")]
    assert "until" not in told.refused[0].message and "ended with 2025-03-15" in told.refused[0].message
    assert told.stale == ("politie-nn",)
    assert db.rows("SELECT incident_number FROM police_incident ORDER BY 1") == [(box.number(14),), (box.number(15),)]
    assert db.rows("SELECT count(*) FROM steunpunt_report") == [(1,)]


def test_a_refused_delivery_comes_in_once_the_agreement_is_there(tmp_path: Path) -> None:
    box.police(tmp_path, 16, [box.incident(1)], [box.person(1, 1)])
    db, told = night(tmp_path, PARTNERS)
    assert refused(told) == [("politie-nn", "2025-03-16", "agreement")]
    assert db.rows("SELECT count(*) FROM police_incident") == [(0,)]
    _, told = night(tmp_path, PARTNERS + POLICE.replace("until = 2025-03-15\n", ""), db, run="2")
    assert (refused(told), told.stale) == ([], ())
    assert db.rows("SELECT status FROM delivery") == [("accepted",)]
    assert db.rows("SELECT count(*) FROM police_person") == [(1,)]


@pytest.mark.parametrize(
    ("cares", "reason"),
    [([box.care(1, "ZOF1")], [("politie-nn", "2025-03-14", "agreement")]), ([], [])],
)
def test_a_kind_of_record_that_was_not_agreed_refuses_the_whole_delivery(
    tmp_path: Path, cares: box.Rows, reason: list[tuple[str, str, str]]
) -> None:
    """Of a file with its header only nothing is delivered."""
    box.police(tmp_path, 14, [box.incident(1)], [box.person(1, 1)], cares)
    db, told = night(tmp_path, PARTNERS + POLICE)
    assert refused(told) == reason
    assert db.rows("SELECT count(*) FROM police_incident") == [(0 if cares else 1,)]


def test_a_source_of_nobody_is_refused_and_its_name_is_no_way_around(tmp_path: Path) -> None:
    box.write(tmp_path, "politie-xx", 14, "politie_bvh", {"incidenten.csv": [box.incident(1)]})
    box.write(tmp_path, "vt-drenthe", 14, "ashg_2010", {}, kind="full")
    _, told = night(tmp_path, PARTNERS + POLICE)
    assert refused(told) == [("politie-xx", "2025-03-14", "agreement"), ("vt-drenthe", "2025-03-14", "agreement")]


def test_the_hour_of_the_extract_counts_in_amsterdam(tmp_path: Path) -> None:
    box.police(tmp_path, 15, [box.incident(1)], extracted_at="2025-03-15T22:59:59+00:00")
    box.police(tmp_path, 14, [box.incident(2)], extracted_at="2025-03-15T23:00:00+00:00", delivery_id="late")
    assert refused(night(tmp_path, PARTNERS + POLICE)[1]) == [("politie-nn", "late", "agreement")]
