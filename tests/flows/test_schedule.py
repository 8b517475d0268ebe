"""The schedules: the same in both places they are written, and they really fire."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import yaml
from packaging.requirements import Requirement
from prefect.deployments.runner import RunnerDeployment

import flows.serve
from flows.serve import TIMEZONE, arguments, deployments

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.filterwarnings("default")


DECLARED = {d["name"]: d for d in yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]}


def served(*options: str) -> dict[str, RunnerDeployment]:
    given = arguments().parse_args(["--inbox", "in", "--out", "out", *options])
    return {made.name: made for made in deployments(given)}


@pytest.mark.parametrize(
    ("name", "cron"), [("nightly", "30 2 * * *"), ("retrain", "0 6 1 * *")], ids=["half past two", "monthly"]
)
def test_served_and_deployed_schedules_are_the_same_in_amsterdam(name: str, cron: str) -> None:
    made = served()[name]
    [schedule] = made.schedules or []
    assert (schedule.schedule.cron, schedule.schedule.timezone) == (cron, "Europe/Amsterdam")
    assert DECLARED[name]["schedules"] == [{"cron": cron, "timezone": TIMEZONE}]
    assert DECLARED[name]["entrypoint"] == made.entrypoint
    assert set(DECLARED[name]["parameters"]) == set(made.parameters)


def test_the_unit_of_the_nights_gives_options_that_exist() -> None:
    unit = (ROOT / "deploy" / "inbeeld-nightly.service").read_text(encoding="utf-8")
    [line] = [line for line in unit.splitlines() if line.startswith("ExecStart=")]
    assert set(vars(arguments().parse_args(line.split()[3:]))) == {"inbox", "out", "config", "cron", "retrain_cron"}


def test_both_schedules_are_options_and_retraining_can_be_off() -> None:
    made = served("--cron", "15 1 * * *", "--retrain-cron", "0 7 * * 1")
    assert {name: d.schedules[0].schedule.cron for name, d in made.items() if d.schedules} == {
        "nightly": "15 1 * * *",
        "retrain": "0 7 * * 1",
    }
    assert set(served("--retrain-cron", "off")) == {"nightly"}


@pytest.mark.parametrize("option", ["--cron", "--retrain-cron"])
def test_a_schedule_that_is_none_is_refused(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        served(option, "half past two")
    assert f"argument {option}: that is no cron expression" in capsys.readouterr().err


def test_overlapping_nights_are_left_to_our_own_lock() -> None:
    """Prefect's limit keeps a place taken for ever when the machine restarts during a night (see flows/nightly.py)."""
    for name, made in served().items():
        assert "concurrency_limit" not in DECLARED[name]
        assert made.concurrency_limit is None


def test_parameters_are_absolute_paths_and_nothing_else() -> None:
    made = served("--config", "inbeeld.toml")
    assert set(made["nightly"].parameters) == {"inbox", "out", "config"}
    assert set(made["retrain"].parameters) == {"out", "config"}
    assert all(Path(value).is_absolute() for one in made.values() for value in one.parameters.values())


@pytest.mark.parametrize("package", ["prefect", "fastapi", "sqlalchemy"])
def test_installed_versions_are_those_that_prefect_works_with(package: str) -> None:
    """Above the range Prefect does not start (fastapi) or never fires a schedule (sqlalchemy)."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    [wanted] = [r for r in map(Requirement, project["dependencies"]) if r.name == package]
    assert wanted.specifier, f"{package} must be capped in pyproject.toml"
    assert version(package) in wanted.specifier


def test_serving_without_a_server_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Prefect's temporary server runs no scheduler, so serving on it would look well and do nothing."""
    monkeypatch.setattr(flows.serve, "PREFECT_API_URL", SimpleNamespace(value=lambda: None))
    with pytest.raises(SystemExit, match="prefect server start"):
        flows.serve.main(["--inbox", str(tmp_path), "--out", str(tmp_path)])


SERVE_OFTEN = """
import sys
from pathlib import Path
from flows.serve import deployment, retraining
from prefect import serve
from prefect.schedules import Interval
inbox, out, often = Path(sys.argv[1]), Path(sys.argv[2]), Interval(20)
serve(deployment(inbox, out, schedule=often), retraining(out, schedule=often), pause_on_shutdown=False)
"""


@pytest.fixture
def real_server(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A server as a site runs it, with its scheduler; yields the environment that reaches it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")} | flows.ENVIRONMENT
    environment |= {"PREFECT_HOME": str(tmp_path / "prefect"), "PREFECT_API_URL": f"http://127.0.0.1:{port}/api"}
    environment["PREFECT_RUNNER_POLL_FREQUENCY"] = "2"
    with running([sys.executable, "-m", "prefect", "server", "start", "--port", port], environment):
        wait_for_server(environment["PREFECT_API_URL"], seconds=120)
        yield environment


def wait_for_server(api: str, seconds: int) -> None:
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        try:
            if httpx.get(f"{api}/health").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.5)
    raise AssertionError(f"the server did not answer within {seconds} s")


@contextmanager
def running(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=quiet, stderr=quiet, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=20)


@pytest.mark.slow
def test_scheduled_runs_fire_and_the_schedules_stay_on(real_server: dict[str, str], tmp_path: Path) -> None:
    """The inbox does not exist and nothing is published, so both fail: that they were started at all is what counts."""
    folders = [str(tmp_path / "no-inbox"), str(tmp_path / "out")]
    with running([sys.executable, "-c", SERVE_OFTEN, *folders], real_server):
        runs = wait_for_scheduled_runs(real_server["PREFECT_API_URL"], {"nightly", "retrain"}, seconds=100)
    for name, reason in (("nightly", "is not a folder"), ("retrain", "holds no published case view")):
        assert runs[name]["auto_scheduled"]
        assert runs[name]["state"]["type"] == "FAILED"
        assert reason in runs[name]["state"]["message"]
        kept = httpx.get(f"{real_server['PREFECT_API_URL']}/deployments/name/{name}/{name}").json()
        assert [schedule["active"] for schedule in kept["schedules"]] == [True]


def wait_for_scheduled_runs(api: str, wanted: set[str], seconds: int) -> dict[str, Any]:
    """Return the first run of each flow that has ended, by the flow's name."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        time.sleep(1)
        names = {flow["id"]: flow["name"] for flow in httpx.post(f"{api}/flows/filter", json={}).json()}
        runs = httpx.post(f"{api}/flow_runs/filter", json={"sort": "START_TIME_ASC"}).json()
        ended = [run for run in runs if run["state_type"] in ("COMPLETED", "FAILED", "CRASHED")]
        found = {names[run["flow_id"]]: run for run in reversed(ended)}
        if set(found) >= wanted:
            return found
    raise AssertionError(f"not every flow had a scheduled run that ended within {seconds} s")
