"""The doctor names what is wrong with a machine, each fault on its own line, and is content with a good one."""

from __future__ import annotations

import json
import shutil
from collections import namedtuple
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from linkage import cli, doctor
from linkage.config import Config
from linkage.doctor import environment
from linkage.engine.duckdb import DuckDBEngine
from linkage.ledger import Ledger
from linkage.privacy import Keys
from linkage.store import OutFolder
from tests.server import serving

Found = dict[str, tuple[str, str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OutFolder:
    """An output folder after one good night, an inbox, and settings with a key outside the output folder."""
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    (tmp_path / "inbox" / "pol").mkdir(parents=True)
    (tmp_path / "key").write_bytes(bytes(range(64)))
    (tmp_path / "key").chmod(0o600)
    (tmp_path / "settings.toml").write_text(f'[privacy]\nkey_file = "{tmp_path / "key"}"\n')
    folder = OutFolder(tmp_path / "out")
    with folder.lock():
        run_id = Ledger(folder).begin(datetime.now(UTC), Config())
        work = folder.begin(run_id)
        with DuckDBEngine(work / "restricted.duckdb") as db:
            db.run("CREATE TABLE delivery (content_hash VARCHAR, source_id VARCHAR, delivery_id VARCHAR, "
                   "run_id VARCHAR, version VARCHAR, status VARCHAR)")  # fmt: skip
        (work / "publication" / "case_view.duckdb").write_text("x")
        (work / "publication" / "reports").mkdir()
        folder.publish(run_id, as_of=date(2025, 3, 14))
        Ledger(folder).end(run_id, "published", message="", ended_at=datetime.now(UTC))
        folder.sweep()
    return folder


def examine(folder: OutFolder, settings: str = "settings.toml") -> Found:
    top = folder.path.parent
    lines = doctor.examine(folder.path, config=top / settings, inbox=top / "inbox")
    return {line.what: (line.level, line.told) for line in lines}


def bad(found: Found) -> set[str]:
    return {what for what, (level, _) in found.items() if level == "fail"}


def test_a_good_machine_has_no_fault(folder: OutFolder) -> None:
    found = examine(folder)
    assert bad(found) == set()
    assert {what for what, (level, _) in found.items() if level == "warn"} == {"schedule"}
    assert {"python", "packages", "spill", "memory", "disk", "key", "publication", "last night"} <= set(found)


def shut(folder: OutFolder) -> None:
    (folder.path.parent / "key").chmod(0o640)


def short(folder: OutFolder) -> None:
    (folder.path.parent / "key").write_bytes(b"12345678")


def gone(folder: OutFolder) -> None:
    shutil.rmtree(folder.path.parent / "inbox")


def opened(folder: OutFolder) -> None:
    (folder.state / "ledger.sqlite").chmod(0o644)


def damaged(folder: OutFolder) -> None:
    (folder.state / "ledger.sqlite").write_bytes(b"no database" * 100)


def changed(folder: OutFolder) -> None:
    with (folder.path / "restricted.duckdb").open("ab") as handle:
        handle.write(b"x")


def greedy(folder: OutFolder) -> None:
    with (folder.path.parent / "settings.toml").open("a") as handle:
        handle.write('[machine]\nmemory_limit = "90TB"\n')


def unknown(folder: OutFolder) -> None:
    with (folder.path.parent / "settings.toml").open("a") as handle:
        handle.write("[limits]\ntimely = 3\n")


def died(folder: OutFolder) -> None:
    with folder.lock():
        Ledger(folder).begin(datetime.now(UTC), Config())


@pytest.mark.parametrize(
    ("fault", "what", "told"),
    [
        (shut, "key", "is open to others"),
        (short, "key", "must hold at least 32 random bytes"),
        (gone, "inbox", "is not a folder that this user can read"),
        (opened, "output", "1 files or folders are open to others"),
        (changed, "publication", "does not match its manifest"),
        (greedy, "memory", "machine.memory_limit is 90TB"),
        (unknown, "settings", "unknown key limits.timely"),
        (died, "last night", "ended as crashed"),
    ],
)
def test_a_fault_is_one_failing_line(
    folder: OutFolder, fault: Callable[[OutFolder], None], what: str, told: str
) -> None:
    fault(folder)
    lines = doctor.examine(folder.path, config=folder.path.parent / "settings.toml", inbox=folder.path.parent / "inbox")
    failing = [line for line in lines if line.level == "fail"]
    assert [line.what for line in failing] == [what]
    assert told in failing[0].told
    assert failing[0].advice or fault is changed


def test_a_damaged_ledger_is_named_and_the_rest_is_still_checked(folder: OutFolder) -> None:
    damaged(folder)
    found = examine(folder)
    assert found["state"][0] == "fail"
    assert found["publication"][0] == "ok"


def test_what_a_dead_run_left_is_a_warning(folder: OutFolder) -> None:
    (folder.path / "case_view.duckdb.wal").write_bytes(b"foreign")
    (folder.work / "00009-dead" / "spill").mkdir(parents=True)
    assert examine(folder)["work"] == ("warn", "a dead run left 1 work folders and 1 database logs")


def test_a_key_that_lies_with_the_output_is_a_warning(folder: OutFolder) -> None:
    (folder.path.parent / "none.toml").write_text("")
    Keys.load(Config(), folder.state)
    assert examine(folder, "none.toml")["key"][0] == "warn"


@pytest.mark.parametrize(("gigabytes", "level"), [(1, "fail"), (3, "warn"), (100, "ok")])
def test_the_disk_must_have_room_for_a_night(
    folder: OutFolder, monkeypatch: pytest.MonkeyPatch, gigabytes: int, level: str
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**12, 0, gigabytes * 10**9))
    assert examine(folder)["disk"][0] == level


def test_a_package_that_is_not_the_locked_one_is_named(
    folder: OutFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text(
        "duckdb==0.1 \\\n    --hash=sha256:0\nno-such-package==1.0 \\\n    --hash=sha256:0\n"
        "colorama==9 ; sys_platform == 'win32' \\\n    --hash=sha256:0\n"
    )
    monkeypatch.setattr(environment, "LOCK", lock)
    level, told = examine(folder)["packages"]
    assert level == "fail"
    assert told.startswith("duckdb ") and "no-such-package missing (lock: 1.0)" in told
    assert "colorama" not in told


def test_a_night_that_is_long_ago_is_a_warning(folder: OutFolder) -> None:
    with folder.lock():
        run_id = Ledger(folder).runs()[0]["run_id"]
        Ledger(folder).end(run_id, "published", message="", ended_at=datetime.now(UTC) - timedelta(hours=30))
    level, told = examine(folder)["last night"]
    assert (level, "30.0 hours ago" in told) == ("warn", True)


@pytest.fixture
def server() -> Iterator[tuple[str, dict[str, Any]]]:
    """A local server that answers as Prefect's does, with what the test puts in."""
    answers: dict[str, Any] = {"/api/health": True}

    def answer(path: str, _body: bytes) -> tuple[int, bytes]:
        return 200 if path in answers else 404, json.dumps(answers.get(path)).encode()

    with serving(answer) as address:
        yield f"{address}/api", answers


ON = {"paused": False, "schedules": [{"active": True}], "status": "READY"}


@pytest.mark.parametrize(
    ("deployment", "level", "told"),
    [
        (ON, "ok", "nightly/nightly is on at 127.0.0.1"),
        (None, "fail", "has no deployment"),
        (ON | {"paused": True}, "fail", "is paused"),
        (ON | {"schedules": [{"active": False}]}, "fail", "has no schedule"),
        (ON | {"status": "NOT_READY"}, "fail", "nothing serves"),
    ],
)
def test_the_schedule_must_be_there_and_on(
    folder: OutFolder, monkeypatch: pytest.MonkeyPatch, server: tuple[str, dict[str, Any]],
    deployment: dict[str, Any] | None, level: str, told: str,
) -> None:  # fmt: skip
    url, answers = server
    if deployment is not None:
        answers["/api/deployments/name/nightly/nightly"] = deployment
    monkeypatch.setenv("PREFECT_API_URL", url)
    found = examine(folder)["schedule"]
    assert (found[0], told in found[1]) == (level, True)


def test_a_server_that_does_not_answer_is_a_fault(folder: OutFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://secret:token@127.0.0.1:9/api")
    level, told = examine(folder)["schedule"]
    assert (level, told) == ("fail", "no Prefect server answers at 127.0.0.1:9")


def test_the_command_ends_with_two_when_a_check_fails_and_names_it(folder: OutFolder) -> None:
    top = folder.path.parent
    words = ["doctor", "--out", str(folder.path), "--inbox", str(top / "inbox"), "--config", str(top / "settings.toml")]
    assert CliRunner().invoke(cli.app, words).exit_code == 0
    changed(folder)
    done = CliRunner().invoke(cli.app, [*words, "--json"])
    assert getattr(done.exception, "exit_code", None) == 2
    assert "checks failed: publication" in str(done.exception)
    assert {line["level"] for line in json.loads(done.output)} == {"ok", "warn", "fail"}
