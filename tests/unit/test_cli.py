"""The command line: exit codes, one line for what is wrong, and no value of a record in it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from linkage import cli_summary, console, pipeline
from linkage.cli_errors import one_line
from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import GateFailed
from linkage.pipeline import Outcome
from tests.command import call

INBEELD = Path(sys.executable).parent / "inbeeld"
CANARY = "KANARIE-9-Jansen"
SAID = ["--by", "anna", "--reason", "it fits"]


def outcome(refused: tuple[tuple[str, str, str], ...] = ()) -> Outcome:
    """Return the end of a night that found nothing new."""
    return Outcome("00001-x", "nothing_new", date(2025, 3, 14), 0, refused, (), 1.0)


def night(monkeypatch: pytest.MonkeyPatch, result: Outcome | BaseException) -> None:
    """Put a night with a known end in the place of the pipeline's."""

    def run(*_: object, **__: object) -> Outcome:
        if isinstance(result, BaseException):
            raise result
        return result

    monkeypatch.setattr(pipeline, "run", run)


def run_arguments(folder: Path) -> list[str]:
    """Return a complete ``run`` on an empty inbox."""
    (folder / "inbox").mkdir()
    return ["run", "--inbox", str(folder / "inbox"), "--out", str(folder / "out")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run"], "inbeeld: Missing option '--inbox'; see inbeeld run --help"),
        (["frobnicate"], "inbeeld: No such command 'frobnicate'; see inbeeld --help"),
        (["run", "--inbox", "a", "--out", "b", "--as-of", "14-03-2025"], "give a day as YYYY-MM-DD; see inbeeld run"),
        (["sample", "--out", "a", "--noise", "extreme"], "'low', 'medium', 'high'; see inbeeld sample"),
        (["sample", "--out", "a", "--incidents", "0"], "inbeeld: Invalid value for '--incidents'"),
        (["status", "--out", "nowhere"], "inbeeld: nowhere is no output folder: run `inbeeld run"),
        (["explain", "PL0100-2025000001", "--out", "nowhere"], "nowhere holds no published case view"),
        (["explain", "--out", "nowhere"], "give an incident number, or --pair with two mentions or persons"),
        (["explain", "PL1", "--pair", "a", "b", "--out", "nowhere"], "give an incident number, or --pair with two"),
        (["explain", "--pair", "a", "b", "--out", "nowhere"], "nowhere holds no published case view"),
        (["model", "--out", "nowhere"], "nowhere holds no published case view"),
        (["model", "--out", "nowhere", "--truth", "nowhere"], "inbeeld: truth nowhere is not a folder"),
        (["evaluate", "--out", "nowhere", "--truth", "nowhere"], "inbeeld: truth nowhere is not a folder"),
        (["decide", "a", "b", "same", *SAID, "--out", "nowhere"], "nowhere holds no published case view"),
        (["decisions", "--out", "nowhere"], "nowhere holds no published case view"),
        (["withdraw", "1", *SAID, "--out", "nowhere"], "there is no decision 1"),
        (["train", "--out", "nowhere"], "nowhere holds no published case view"),
        (["models", "--out", "nowhere"], "nowhere is no output folder: run `inbeeld run"),
        (["promote", "--back", *SAID, "--out", "nowhere"], "nowhere is no output folder: run `inbeeld run"),
        (["accept", "--reason", "r", "--out", "nowhere"], "nowhere is no output folder: run `inbeeld run"),
        (["rollback", "--reason", "r", "--out", "nowhere"], "nowhere is no output folder: run `inbeeld run"),
        (["rejected", "--out", "nowhere"], "nowhere is no output folder: run `inbeeld run"),
        (["retry", "a/b", "--inbox", ".", "--out", "nowhere"], "nowhere is no output folder: run `inbeeld run"),
    ],
)
def test_bad_usage_ends_with_two_and_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call(monkeypatch, *arguments) == 2
    shown = capsys.readouterr()
    assert message in shown.err
    assert shown.err.count("\n") == 1
    assert shown.out == ""
    assert list(tmp_path.iterdir()) == []


def test_a_failed_gate_ends_with_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    night(monkeypatch, GateFailed("gate delivery stopped the run"))
    assert call(monkeypatch, *run_arguments(tmp_path)) == 1
    assert capsys.readouterr().err == "inbeeld: gate delivery stopped the run\n"


def test_an_interrupt_ends_with_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    night(monkeypatch, KeyboardInterrupt())
    assert call(monkeypatch, *run_arguments(tmp_path)) == 130
    assert capsys.readouterr().err.strip() == "inbeeld: interrupted; what is published stays as it is"


def test_a_refused_delivery_ends_with_two_and_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    night(monkeypatch, outcome((("politie-nn", "2025-03-14", "personen.csv does not match"), ("vt", "x", "y"))))
    assert call(monkeypatch, *run_arguments(tmp_path)) == 2
    shown = capsys.readouterr()
    assert shown.err == "inbeeld: refused politie-nn/2025-03-14 (and 1 more): personen.csv does not match\n"
    assert shown.out.strip().startswith("REFUSED politie-nn/2025-03-14: personen.csv does not match")


def test_an_unforeseen_error_shows_its_place_and_no_value(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    night(monkeypatch, ValueError(f"could not convert {CANARY}"))
    arguments = run_arguments(tmp_path)
    (tmp_path / "out" / "state").mkdir(parents=True)
    assert call(monkeypatch, *arguments) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith("inbeeld: internal error (ValueError, linkage.cli_verbs:")
    assert "nothing was published" in shown.err
    assert shown.err.count("\n") == 1
    kept = (tmp_path / "out" / "state" / "log").read_text()
    assert "ValueError" in kept
    assert CANARY not in shown.err + shown.out + kept


def test_run_prints_json_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    night(monkeypatch, outcome())
    assert call(monkeypatch, *run_arguments(tmp_path), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["status"], told["as_of"], told["exit_code"]) == ("nothing_new", "2025-03-14", 0)


def test_an_output_folder_inside_the_inbox_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert call(monkeypatch, "run", "--inbox", str(tmp_path), "--out", str(tmp_path / "out")) == 2
    assert "lies in the inbox" in capsys.readouterr().err


def test_a_sample_does_not_overwrite_an_inbox_of_someone_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "inbox" / "politie").mkdir(parents=True)
    assert call(monkeypatch, "sample", "--out", str(tmp_path)) == 2
    assert "without a truth beside it" in capsys.readouterr().err
    assert (tmp_path / "inbox" / "politie").is_dir()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\r\n c", "a b c"),
        ("a\u202eb", "a\N{REPLACEMENT CHARACTER}b"),
        ("a\x1b[31mb", "a\N{REPLACEMENT CHARACTER}[31mb"),
    ],
    ids=["newlines", "right-to-left mark", "terminal escape"],
)
def test_a_message_is_one_printable_line(text: str, shown: str) -> None:
    assert one_line(text) == shown


def test_help_answers_in_half_a_second_without_the_heavy_packages() -> None:
    started = time.perf_counter()
    shown = subprocess.run([INBEELD, "--help"], capture_output=True, text=True, check=True, timeout=30)
    elapsed = time.perf_counter() - started
    for verb in ("run", "demo", "sample", "evaluate", "explain", "model", "decide", "decisions", "withdraw", "status"):
        assert verb in shown.stdout
    probe = "import sys, linkage.cli; print(sorted({'pandas', 'duckdb', 'numpy', 'pydantic'} & set(sys.modules)))"
    heavy = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, timeout=30)
    assert heavy.stdout == "[]\n"
    assert elapsed < 2, "half a second on a quiet machine"


def test_the_summary_counts_every_status_and_weighs_the_range() -> None:
    with DuckDBEngine() as db:
        db.run("CREATE TABLE incident_status AS SELECT unnest(['unmatched', 'matched_timely', 'excluded']) AS status")
        db.run(
            "CREATE TABLE delivery AS SELECT 'vt' AS source_id, 'accepted' AS status, DATE '2025-03-13' AS covers_until"
        )
        db.run(
            "CREATE TABLE gap AS SELECT * FROM (VALUES (10, 1, 0, 0, 2), (2, 0, 0, 2, 0)) "
            "AS t(incidents, excluded, pending, review, unmatched)"
        )
        found = cli_summary.summary(db)
    assert [s["status"] for s in found["statuses"]] == list(cli_summary.STATUSES)
    assert sum(s["incidents"] for s in found["statuses"]) == found["incidents"] == 3
    assert found["gap"]["rate"] == pytest.approx(2 / 9)
    assert found["gap"]["low"] == pytest.approx(2 / 11)
    assert found["sources"] == [{"source_id": "vt", "deliveries": 1, "covers_until": "2025-03-13"}]
    assert found["estimate"] is None
    told = {"rate": 0.21, "low": 0.18, "high": 0.25, "probes": 67, "reviewed": 0}
    assert console.estimate_line(told) == (
        "With missed and false links counted in: 21.0% (95%: 18.0% to 25.0%; "
        "measured on 67 reports that name an incident, none reviewed)"
    )
    assert console.gap_line(found["gap"]) == "Gap: 22.2% (2 of 9 judged incidents, between 18.2% and 36.4%)"
