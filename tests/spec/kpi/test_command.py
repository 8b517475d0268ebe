"""What ``inbeeld kpi`` shows and writes; what it releases is tested in tests/properties/test_disclosure.py."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.command import call
from tests.nights import Night


def test_exact_counts_say_in_every_row_that_they_are_internal(
    night: Night, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written = tmp_path / "kpi.csv"
    code = call(monkeypatch, "kpi", "--out", str(night.out), "--internal", "--json", "--csv", str(written))
    told = json.loads(capsys.readouterr().out)
    assert code == 0
    assert told["use"].startswith("INTERNAL")
    with written.open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle, delimiter=";"))
    assert len(rows) == len(told["rows"]) > 500
    assert {row["use"] for row in rows} == {told["use"]}
    assert written.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("options", "says"), [(("--municipality", "GM9999"), "no indicator speaks of it"), (("--period", "1999"), "2024")]
)
def test_a_place_or_period_that_is_not_there_is_one_line(
    options: tuple[str, str],
    says: str,
    night: Night,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert call(monkeypatch, "kpi", "--out", str(night.out), "--internal", *options) == 2
    line = capsys.readouterr().err
    assert says in line
    assert line.count("\n") == 1
