"""The schedule: half past two at night in both places it is written, and it really fires."""

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

import flows.serve
from flows.serve import CRON, TIMEZONE, deployment

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.filterwarnings("default")


def test_served_and_deployed_schedules_are_the_same_half_past_two_in_amsterdam(tmp_path: Path) -> None:
    served = deployment(tmp_path, tmp_path)
    [schedule] = served.schedules or []
    [declared] = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    assert (schedule.schedule.cron, schedule.schedule.timezone) == ("30 2 * * *", "Europe/Amsterdam")
    assert declared["schedules"] == [{"cron": CRON, "timezone": TIMEZONE}]
    assert declared["entrypoint"] == served.entrypoint


def test_overlapping_nights_are_left_to_our_own_lock(tmp_path: Path) -> None:
    """Prefect's limit keeps a place taken for ever when the machine restarts during a night (see flows/nightly.py)."""
    [declared] = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    assert "concurrency_limit" not in declared
    assert deployment(tmp_path, tmp_path).concurrency_limit is None


def test_parameters_are_absolute_paths_and_nothing_else(tmp_path: Path) -> None:
    served = deployment(Path("in"), Path("out"), Path("inbeeld.toml"))
    assert set(served.parameters) == {"inbox", "out", "config"}
    assert all(Path(value).is_absolute() for value in served.parameters.values())


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
from flows.serve import deployment
from prefect import serve
from prefect.schedules import Interval
serve(deployment(Path(sys.argv[1]), Path(sys.argv[2]), schedule=Interval(20)), pause_on_shutdown=False)
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
def test_a_scheduled_run_fires_and_the_schedule_stays_on(real_server: dict[str, str], tmp_path: Path) -> None:
    """The inbox does not exist, so the run fails: that it was started at all is what counts."""
    folders = [str(tmp_path / "no-inbox"), str(tmp_path / "out")]
    with running([sys.executable, "-c", SERVE_OFTEN, *folders], real_server):
        run = wait_for_scheduled_run(real_server["PREFECT_API_URL"], seconds=100)
    assert run["auto_scheduled"]
    assert run["state"]["type"] == "FAILED"
    assert "is not a folder" in run["state"]["message"]
    served = httpx.get(f"{real_server['PREFECT_API_URL']}/deployments/name/nightly/nightly").json()
    assert [schedule["active"] for schedule in served["schedules"]] == [True]


def wait_for_scheduled_run(api: str, seconds: int) -> dict[str, Any]:
    """Return the first flow run that has ended."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        time.sleep(1)
        runs = httpx.post(f"{api}/flow_runs/filter", json={"sort": "START_TIME_ASC"}).json()
        ended = [run for run in runs if run["state_type"] in ("COMPLETED", "FAILED", "CRASHED")]
        if ended:
            return dict(ended[0])
    raise AssertionError(f"no scheduled run ended within {seconds} s")
