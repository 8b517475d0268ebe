"""No value of a row is in anything that Great Expectations returns, that we keep, or that is logged."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from linkage import quality
from linkage.engine.duckdb import DuckDBEngine
from linkage.quality.suite import STOP, WARN, Check

pytestmark = pytest.mark.filterwarnings("ignore")

CANARY = "ZQ7-KANARIE-achternaam-0001"


def made(kind: str, **spec: Any) -> Check:
    text = {"description": "must hold", "description_nl": "Moet kloppen"}
    return Check(
        id=f"person.{kind}{len(spec)}", table="person", severity=STOP, kind=kind, column="name", **text, **spec
    )


BROKEN = (
    made("not_null"),
    made("in_set", values=("Jansen",)),
    made("between", minimum="'a'", maximum="'b'"),
    made("unique", columns=("name",)),
    made("unique", columns=("name", "city"), max_share=0.0),
    made("columns", columns=("name",)),
    made("where", where="name <> 'x'"),
    made("where", where="CAST(name AS INTEGER) = 1", max_share=0.0),
    made("rows", rows="SELECT * FROM person"),
    made("rows", rows="SELECT CAST(name AS DATE) FROM person", max_share=0.0),
)
"""Every kind of check, failing or breaking on the canary."""


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What Great Expectations hands back, as it comes."""
    from linkage.quality import expectations

    caught: list[Any] = []
    measured = expectations._measured

    def catch(result: Any) -> Any:
        caught.append(result)
        return measured(result)

    monkeypatch.setattr(expectations, "_measured", catch)
    return caught


def test_every_kind_of_check_gives_counts_only(
    seen: list[Any], tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    from linkage.quality import expectations

    caplog.set_level(logging.DEBUG)
    with DuckDBEngine(tmp_path / "work.duckdb") as db:
        db.run("CREATE TABLE person AS SELECT unnest([?, ?, NULL]) AS name, 'Hengelo' AS city", [CANARY, CANARY])
        measured = expectations.measure(db, BROKEN)
    assert {name: tuple(m[:3]) for name, m in measured.items()} == {
        "person.not_null0": (False, 1, 3),
        "person.in_set1": (False, 2, 3),
        "person.between2": (False, 2, 3),
        "person.unique1": (False, 2, 3),
        "person.unique2": (False, 2, 3),
        "person.columns1": (False, 1, 1),
        "person.where1": (False, 2, 3),
        "person.where2": (False, None, None),
        "person.rows1": (False, 3, 3),
        "person.rows2": (False, 3, 3),
    }
    [returned] = [json.dumps(r.to_json_dict()) for r in seen]
    assert "person.unique2" in returned
    assert CANARY not in returned
    assert "Hengelo" not in json.dumps(seen[0].to_json_dict()["result"])
    assert CANARY not in caplog.text + "".join(capfd.readouterr())
    lines = [quality.Result(c, *measured[c.id]).message for c in BROKEN]
    assert CANARY not in "".join(lines)
    assert "person.name: person.where2 could not be computed" in lines[7]


def test_the_canary_would_be_seen_if_values_came_back(seen: list[Any], tmp_path: Path) -> None:
    """The control: a check that gives a value where a count belongs; nothing of it is taken over."""
    from linkage.quality import expectations

    check = made("rows", rows="SELECT 1", total="SELECT name FROM person")
    with DuckDBEngine(tmp_path / "work.duckdb") as db:
        db.run("CREATE TABLE person AS SELECT ? AS name", [CANARY])
        measured = expectations.measure(db, [check])
    assert CANARY in json.dumps(seen[0].to_json_dict())
    assert CANARY not in quality.Result(check, *measured[check.id]).message


def test_nothing_is_written_beside_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from linkage.quality import expectations

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    with DuckDBEngine(tmp_path / "work.duckdb") as db:
        db.run("CREATE TABLE person AS SELECT ? AS name", [CANARY])
        expectations.measure(db, BROKEN)
    assert [p.name for p in tmp_path.rglob("*")] == ["work.duckdb"]


def test_a_warning_is_not_a_failure() -> None:
    result = quality.Result(made("where", where="true"), passed=False, failing_rows=1, total_rows=2)
    verdict = quality.Verdict("mentions", (result,))
    assert verdict.failures
    assert not verdict.warnings
    assert result.check.severity != WARN
