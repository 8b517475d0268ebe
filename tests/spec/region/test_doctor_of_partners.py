"""What ``inbeeld doctor`` says of a register: a day in, lines out."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest

from linkage.config import Config, Region
from linkage.doctor import partners
from linkage.engine.duckdb import DuckDBEngine
from linkage.partners import Register
from linkage.store import OutFolder
from tests.spec.region.registers import WHOLE
from tests.worlds import fill


def config(text: str = WHOLE, region: tuple[str, ...] = ()) -> Config:
    return Config(cooperation=Register(**tomllib.loads(text)), region=Region(municipality_codes=region))


def said(found: object) -> list[str]:
    return [f"{line.level} {line.what}: {line.told}" for line in found]  # type: ignore[attr-defined]


def lines(day: str, settings: Config, out: Path, inbox: Path | None = None) -> list[str]:
    on, folder = date.fromisoformat(day), OutFolder(out)
    found = [*partners.agreements(settings, folder, inbox, on), *partners.deliveries(settings, folder, inbox, on)]
    return said([*found, *partners.areas(settings, folder, inbox, on)])


@pytest.mark.parametrize(
    ("day", "line"),
    [
        ("2023-06-01", "ok agreement: 5 agreements, none ends before 2023-07-31"),
        ("2024-05-01", "warn agreement: police-2023 of police ends with 2024-06-30: care_report, lists"),
        ("2024-07-01", "warn agreement: police-2023 of police ended with 2024-06-30: care_report, lists"),
        ("2024-07-01", "warn agreement: vt-two of vt-two ends with 2024-08-15: case_report, page"),
        ("2024-09-01", "warn agreement: vt-two of vt-two ended with 2024-08-15: case_report, page"),
        ("2024-09-01", "ok municipality: Uitgeest (GM0450) is of vt-one and vt-two: the slower of them counts"),
        ("2024-09-01", ("ok municipality: ended, and counted under the one that took over: "
         "Heerhugowaard (GM0398), now Dijk en Waard (GM1980), Langedijk (GM0416), now Dijk en Waard (GM1980)")),
    ],
)  # fmt: skip
def test_what_is_said_on_a_day(tmp_path: Path, day: str, line: str) -> None:
    assert line in lines(day, config(), tmp_path)


def test_sixty_days_before_the_end_and_no_earlier(tmp_path: Path) -> None:
    assert not any("police-2023" in line for line in lines("2024-04-30", config(), tmp_path))
    assert any("police-2023" in line for line in lines("2024-05-01", config(), tmp_path))


def test_what_another_agreement_goes_on_with_is_not_lost(tmp_path: Path) -> None:
    """The police go on delivering incidents under the next one, and nothing else."""
    [line] = [line for line in lines("2024-07-01", config(), tmp_path) if "police-2023" in line]
    assert line.endswith(": care_report, lists")


def test_sources_in_the_inbox(tmp_path: Path) -> None:
    for source in ("politie-nh", "vt-two", "politie-xx"):
        (tmp_path / "inbox" / source).mkdir(parents=True)
    found = lines("2024-09-01", config(), tmp_path, tmp_path / "inbox")
    assert "fail source: in the inbox without an agreement today: politie-xx, vt-two" in found
    assert "warn source: agreed, and not in the inbox: vt-one" in found
    (tmp_path / "inbox" / "politie-xx").rmdir()
    assert "ok source: all 2 in the inbox have an agreement" in lines(
        "2024-08-01", config(), tmp_path, tmp_path / "inbox"
    )


def test_a_municipality_that_nobody_works_for(tmp_path: Path) -> None:
    found = lines("2025-06-01", config(region=("GM0450", "GM0118", "GM0398")), tmp_path)
    assert "warn municipality: without a steunpunt: Hoogeveen (GM0118)" in found
    assert "warn municipality: without a police: Hoogeveen (GM0118)" in found
    assert "warn municipality: unknown codes: GM9999" in lines("2025-06-01", config("", ("GM9999",)), tmp_path)


def test_partners_that_were_declared_and_are_not_listed(tmp_path: Path) -> None:
    found = lines("2025-06-01", config("declared = 21\n" + WHOLE + PARTNER), tmp_path)
    assert "warn partners: the region declared 21 partners, 5 are listed" in found
    assert "warn agreement: partners without one: shelter" in found


PARTNER = '\n[[partners]]\nid = "shelter"\nname = "Shelter"\nkind = "shelter"\n'


def test_a_steunpunt_that_never_delivered(tmp_path: Path) -> None:
    out = OutFolder(tmp_path)
    with out.lock():
        work = out.begin("1")
        with DuckDBEngine(work / "publication" / "case_view.duckdb") as db:
            row = {"source_id": "vt-one", "delivery_id": "d", "content_hash": "h", "run_id": "1", "status": "accepted"}
            fill(db, "delivery", [row])
        (work / "publication" / "restricted.duckdb").write_text("x")
        (work / "publication" / "reports").mkdir()
        out.publish("1", as_of=date(2024, 9, 1))
    assert "warn steunpunt: nothing delivered yet: vt-two (1 municipality)" in lines("2024-09-01", config(), tmp_path)


def test_without_a_register_there_is_nothing_to_say(tmp_path: Path) -> None:
    (tmp_path / "inbox" / "politie-xx").mkdir(parents=True)
    assert lines("2025-06-01", config("", ("GM0118",)), tmp_path, tmp_path / "inbox") == []
