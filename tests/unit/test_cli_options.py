"""Options reach what they are for: settings, filters of what was refused, the nights of a sample."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from linkage import cli_explain, cli_intake, cli_model, cli_refused, train
from linkage.config import Config
from linkage.errors import UsageError
from tests.command import call

REFUSED = {"state": "refused", "message": "the rows do not match", "reason": "rows", "rows": [], "repaired_as": None}


@pytest.mark.parametrize(
    ("module", "function", "arguments"),
    [
        (cli_explain, "run", ["explain", "PL0100-2025000001"]),
        (cli_model, "run", ["model"]),
        (train, "train", ["train"]),
    ],
)
def test_the_settings_of_a_file_reach_the_verb(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, module: Any, function: str, arguments: list[str]
) -> None:
    seen: list[Config] = []

    def work(*given: object, **named: object) -> None:
        seen.extend(value for value in (*given, *named.values()) if isinstance(value, Config))
        raise UsageError("seen")

    monkeypatch.setattr(module, function, work)
    (tmp_path / "own.toml").write_text("[linkage]\nsure = 0.8125\n", encoding="utf-8")
    words = [*arguments, "--out", str(tmp_path), "--config", str(tmp_path / "own.toml")]
    assert call(monkeypatch, *words) == 2
    assert [config.linkage.sure for config in seen] == [0.8125]


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ([], ["a/1", "a/2", "b/1"]),
        (["--source", "a"], ["a/1", "a/2"]),
        (["--delivery", "1"], ["a/1", "b/1"]),
        (["--source", "a", "--delivery", "2"], ["a/2"]),
        (["--delivery", "3"], []),
    ],
)
def test_what_was_refused_is_shown_of_one_source_or_delivery(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    options: list[str],
    shown: list[str],
) -> None:
    found = [REFUSED | {"source_id": s, "delivery_id": d} for s, d in (("a", "1"), ("a", "2"), ("b", "1"))]
    monkeypatch.setattr(cli_refused, "listed", lambda _: found)
    assert call(monkeypatch, "rejected", "--out", str(tmp_path), "--json", *options) == 0
    told = json.loads(capsys.readouterr().out)["deliveries"]
    assert [f"{one['source_id']}/{one['delivery_id']}" for one in told] == shown


def test_a_repair_that_loses_rows_wants_to_be_asked_for() -> None:
    before = {"state": "accepted", "rows_delivered": 10, "rejected": 2}
    repaired: Any = SimpleNamespace(refused=None, accepted=7)
    with pytest.raises(UsageError, match=r"7 rows accepted where it has 8 now, nothing was changed: .* or --fewer"):
        cli_intake._worth("a/1", repaired, before, fewer=False)
    cli_intake._worth("a/1", repaired, before, fewer=True)


def test_a_sample_has_as_many_nights_as_were_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for nights in (1, 4):
        out = tmp_path / str(nights)
        assert call(monkeypatch, "sample", "--out", str(out), "--incidents", "20", "--nights", str(nights)) == 0
        kinds = [json.loads(path.read_text())["kind"] for path in out.glob("inbox/politie-*/*/manifest.json")]
        assert kinds.count("increment") == nights


def test_the_source_of_an_incident_reaches_the_explanation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: dict[str, object] = {}
    monkeypatch.setattr(cli_explain, "run", lambda *_, **named: seen.update(named))
    assert call(monkeypatch, "explain", "PL1", "--source", "politie-on", "--out", str(tmp_path)) == 0
    assert seen["source"] == "politie-on"


@pytest.mark.parametrize(
    ("after", "code"),
    [({"rows": 3, "accepted": 3, "rejected": {}, "remaining": []}, 0), (None, 2)],
    ids=["taken in", "refused by the run"],
)
def test_a_repair_that_the_run_refuses_ends_with_two(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, after: dict[str, Any] | None, code: int
) -> None:
    told = {"source_id": "a", "delivery_id": "1", "repaired_as": "1.r01", "after": after, "others": [], "left_out": 0}
    before = {"state": "accepted", "rejected": 2, "by_reason": {"date": 2}}
    monkeypatch.setattr(cli_intake, "_retry", lambda *_: told | {"before": before})
    for shown in ([], ["--json"]):
        assert call(monkeypatch, "retry", "a/1", "--inbox", ".", "--out", str(tmp_path), *shown) == code
