"""The decisions ledger only grows, and the commands that write it refuse what it cannot mean."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from linkage import contracts
from linkage.decisions import Decisions, MentionKey, Verdict
from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import StoreError, UsageError
from linkage.store import OutFolder
from tests.command import call

A = MentionKey("vt", "case", "C:1", 2)
B = MentionKey("politie", "incident", "PL0100-2025000001", 1)
WHO = ["--by", "anna", "--reason", "vader en zoon KANARIE"]


@pytest.fixture
def ledger(tmp_path: Path) -> Decisions:
    """The ledger of an output folder in which nothing was published."""
    folder = OutFolder(tmp_path / "out")
    with folder.lock():
        return Decisions(folder)


@pytest.fixture
def out(tmp_path: Path) -> Iterator[Path]:
    """An output folder with a publication of three mentions: two of person PA, one of PB."""
    generation = tmp_path / "out" / "generations" / "1"
    generation.mkdir(parents=True)
    (tmp_path / "out" / "state").mkdir()
    (generation / "manifest.json").write_text("{}")
    (tmp_path / "out" / "current").symlink_to("generations/1")
    with DuckDBEngine(generation / "restricted.duckdb") as db:
        for name in ("mention", "mention_person", "pair", "decision"):
            db.run(contracts.table(name).ddl())
        rows = [(0, B, "PA"), (1, MentionKey("politie", "incident", "PL0100-2025000002", 1), "PA"), (2, A, "PB")]
        for number, key, person in rows:
            db.run(
                "INSERT INTO mention BY NAME SELECT ? AS mention_id, ? AS source_id, 'x' AS chain, ? AS record_kind, "
                "? AS record_id, ? AS person_seq, 0 AS record_no, false AS is_name_chain, 'none' AS birth_precision, "
                "false AS address_is_secret",
                [number, key.source_id, key.record_kind, key.record_id, key.person_seq],
            )
            db.run("INSERT INTO mention_person VALUES (?, ?)", [number, person])
        for left, weight in ((0, 2.0), (1, 3.0)):
            db.run(
                "INSERT INTO pair BY NAME SELECT ? AS left_id, 2 AS right_id, 0.9 AS match_probability, "
                "? AS match_weight, 0 AS pattern",
                [left, weight],
            )
    yield tmp_path / "out"


def test_a_decision_is_kept_as_it_was_made(ledger: Decisions) -> None:
    assert ledger.all() == []
    number = ledger.decide(A, B, Verdict.SAME, by="anna", reason=" one\n person ")
    (kept,) = ledger.active()
    assert (kept.decision_id, kept.verdict, kept.decided_by, kept.reason) == (number, "same", "anna", "one person")
    assert (kept.left, kept.right) == (B, A), "in the order of the keys"
    assert kept.decided_at.endswith("+00:00")


def test_a_withdrawal_is_a_further_entry(ledger: Decisions) -> None:
    first = ledger.decide(A, B, Verdict.SAME, by="anna", reason="x")
    second = ledger.decide(A, B, Verdict.DIFFERENT, by="anna", reason="x")
    ledger.withdraw(first, by="bert", reason="y")
    assert [d.decision_id for d in ledger.active()] == [second]
    assert [d.withdrawn_at is None for d in ledger.all()] == [False, True]
    for number, message in ((first, "withdrawn already"), (99, "there is no decision 99")):
        with pytest.raises(UsageError, match=message):
            ledger.withdraw(number, by="bert", reason="y")


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE decision SET verdict = 'different'",
        "DELETE FROM decision",
        "INSERT OR REPLACE INTO decision SELECT * FROM decision",
        "UPDATE withdrawal SET reason = ''",
        "DELETE FROM withdrawal",
        "INSERT OR REPLACE INTO withdrawal SELECT * FROM withdrawal",
    ],
)
def test_nothing_in_the_ledger_changes(ledger: Decisions, sql: str) -> None:
    ledger.withdraw(ledger.decide(A, B, Verdict.SAME, by="anna", reason="x"), by="anna", reason="x")
    before = ledger.all()
    with sqlite3.connect(ledger.path) as db, pytest.raises(sqlite3.IntegrityError, match="the ledger only grows"):
        db.execute(sql)
    db.close()
    assert ledger.all() == before


def test_a_ledger_that_is_no_database_is_an_error_without_values(ledger: Decisions) -> None:
    ledger.path.write_text("KANARIE " * 100)
    with pytest.raises(StoreError) as error:
        ledger.all()
    said = "it is damaged, restore it from the backup of state/ (SQLITE_NOTADB)"
    assert str(error.value) == f"the decisions ledger state/decisions.sqlite cannot be read: {said}"


@pytest.mark.parametrize("text", ["vt:case:C:1:2", "politie:incident:PL0100-2025000001:1"])
def test_a_key_reads_back(text: str) -> None:
    assert str(MentionKey.parse(text)) == text
    assert MentionKey.parse("vt:case:C:1:2") == A


@pytest.mark.parametrize("text", ["", "a:b", "vt:file:1:2", "vt:case:1:x", ":case:1:2", "vt:case::2", "vt:case:1"])
def test_a_text_that_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="MENTION is no mention"):
        MentionKey.parse(text)


def test_two_mentions_are_decided_listed_and_withdrawn(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], out: Path
) -> None:
    place = ["--out", str(out)]
    assert call(monkeypatch, "decisions", *place) == 0
    assert "Nobody decided anything yet" in capsys.readouterr().out
    assert call(monkeypatch, "decide", str(A), str(B), "different", *WHO, *place) == 0
    assert call(monkeypatch, "decisions", *place, "--json") == 0
    shown = capsys.readouterr().out
    (listed,) = json.loads(shown[shown.index("[") :])
    assert (listed["left"], listed["right"], listed["outcome"]) == (str(B), str(A), None)
    assert "anna" not in str(listed)
    assert "KANARIE" not in shown
    assert call(monkeypatch, "withdraw", "1", *WHO, *place) == 0
    assert call(monkeypatch, "decisions", *place) == 0
    assert "withdrawn" in capsys.readouterr().out


def test_two_persons_are_decided_by_their_most_alike_mentions(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], out: Path
) -> None:
    assert call(monkeypatch, "decide", "PB", "PA", "same", *WHO, "--out", str(out)) == 0
    assert "politie:incident:PL0100-2025000002:1" in capsys.readouterr().out
    (kept,) = Decisions(OutFolder(out)).active()
    assert kept.left.record_id == "PL0100-2025000002"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["decide", "KANARIE:1", str(B), "same", *WHO], "MENTION_A is no mention"),
        (["decide", str(A), "vt:case:KANARIE:9", "same", *WHO], "MENTION_B is not among the published mentions"),
        (["decide", str(A), str(A), "same", *WHO], "both mentions are the same one"),
        (["decide", "PA", "PA", "same", *WHO], "both persons are the same one"),
        (["decide", "PA", "KANARIE", "same", *WHO], "PERSON_B is not among the published persons"),
        (["decide", "PA", "PB", "perhaps", *WHO], "see inbeeld decide --help"),
        (["decide", "PA", "PB", "same", "--by", " ", "--reason", "x"], "--by must have 1 to 1000 characters"),
        (["withdraw", "7", *WHO], "there is no decision 7"),
    ],
)
def test_bad_input_ends_with_two_and_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], out: Path, arguments: list[str], message: str
) -> None:
    assert call(monkeypatch, *arguments, "--out", str(out)) == 2
    shown = capsys.readouterr()
    assert message in shown.err
    assert "KANARIE" not in shown.err
    assert shown.err.count("\n") == 1
    assert not (out / "state" / "decisions.sqlite").exists()


@pytest.mark.parametrize("verb", [["decide", "PA", "PB", "same", *WHO], ["decisions"], ["withdraw", "1", *WHO]])
def test_a_folder_without_a_publication_is_bad_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, verb: list[str]
) -> None:
    assert call(monkeypatch, *verb, "--out", str(tmp_path / "nowhere")) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "nowhere").exists()
