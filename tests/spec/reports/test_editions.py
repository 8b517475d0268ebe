"""The monthly edition: kept once, never rewritten; what reads differently later is told beside it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from linkage import reports
from linkage.errors import ContractError
from linkage.reports import editions
from tests.nights import Night
from tests.spec.reports import report_view as made


def written(out: Path, state: Path, *, as_of: date, weights: dict[str, int] | None = None) -> Path:
    """Write the reports of a night and keep its editions, as a publication does."""
    with made.build(incidents=4000, months=24, weights=weights) as db:
        reports.write(
            db,
            out,
            run_id=f"run-{as_of:%m%d}",
            as_of=as_of,
            made_at=made.MADE_AT + (as_of - made.AS_OF),
            stale=[],
            kept=state / "editions",
        )
    reports.keep(out, state)
    return out


@pytest.mark.parametrize(
    ("as_of", "month"),
    [
        ("2025-03-13", "2025-02-01"),
        ("2025-03-31", "2025-03-01"),
        ("2025-04-01", "2025-03-01"),
        ("2025-01-01", "2024-12-01"),
    ],
)
def test_a_month_is_over_with_its_last_day(as_of: str, month: str) -> None:
    assert editions.closed(date.fromisoformat(as_of)) == date.fromisoformat(month)


def test_an_edition_is_kept_once_and_a_correction_is_told(tmp_path: Path) -> None:
    state, page = tmp_path / "state", f"editions/2025-02/{reports.FIGURES}"
    first = written(tmp_path / "1", state, as_of=made.AS_OF)
    kept = (first / page).read_bytes()
    assert "Dit is de editie van feb 2025. Ze verandert niet meer." in kept.decode()
    living = (first / reports.FIGURES).read_text(encoding="utf-8")
    assert f'href="{page}"' in living and "Sindsdien niet veranderd." in living

    worse = made.WEIGHTS | {"unmatched": 40}
    later = written(tmp_path / "2", state, as_of=made.AS_OF + timedelta(days=1), weights=worse)
    assert (later / page).read_bytes() == kept == (state / page).read_bytes()
    living = (later / reports.FIGURES).read_text(encoding="utf-8")
    assert "in deze editie" in living and "Sindsdien niet veranderd." not in living

    april = written(tmp_path / "3", state, as_of=date(2025, 3, 31))
    assert sorted(path.name for path in (april / "editions").iterdir()) == ["2025-02", "2025-03"]
    assert (april / page).read_bytes() == kept


def test_an_edition_that_was_changed_stops_the_reports(tmp_path: Path) -> None:
    state = tmp_path / "state"
    written(tmp_path / "1", state, as_of=made.AS_OF)
    page = state / "editions" / "2025-02" / reports.FIGURES
    page.write_text(page.read_text(encoding="utf-8").replace("niet in beeld", "in beeld"), encoding="utf-8")
    with pytest.raises(ContractError, match="edition 2025-02 is not what was kept"):
        written(tmp_path / "2", state, as_of=made.AS_OF)


@pytest.mark.parametrize(
    ("code", "is_over"),
    [("2025-02", True), ("2025-03", False), ("2024-Q4", True), ("2025-Q1", False), ("2024", True), ("2025", False)],
)
def test_a_period_that_goes_on_is_no_correction(code: str, is_over: bool) -> None:
    assert editions._is_over(code, date(2025, 2, 1)) is is_over


def test_a_night_keeps_its_edition_beside_the_ledgers(night: Night) -> None:
    published = night.out / "reports" / "editions" / "2025-02" / reports.FIGURES
    kept = night.out / "state" / "editions" / "2025-02" / reports.FIGURES
    assert kept.read_bytes() == published.read_bytes()
    assert "editions/2025-02/" in (night.out / "reports" / reports.FIGURES).read_text(encoding="utf-8")
