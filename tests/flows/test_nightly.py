"""The nightly flow runs the steps in order, stops where they stop, and stores nothing of a person."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from small_pipeline import SmallNight, SmallPipeline

from flows import nightly as module
from flows.nightly import nightly
from linkage import pipeline
from linkage.errors import BusyError, GateFailed

# isort: split
from prefect.client.orchestration import get_client
from prefect.client.schemas import State
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL

Install = Callable[..., SmallPipeline]
CANARY = "ZQ7-KANARIE-achternaam-0001"

pytestmark = pytest.mark.filterwarnings("default")


def nothing(night: SmallNight) -> None:
    """A step that works."""


def finish(night: SmallNight) -> None:
    night.is_done = True


def run(tmp_path: Path) -> State[Any]:
    return nightly(inbox=str(tmp_path / "inbox"), out=str(tmp_path / "out"), return_state=True)


def test_the_steps_run_in_their_order_and_each_is_a_task(small_pipeline: Install, tmp_path: Path) -> None:
    small = small_pipeline(take_in=nothing, link=nothing, publish=nothing)
    state = run(tmp_path)
    assert state.is_completed()
    assert state.message == "run run-1: published, as of None, 2 deliveries taken in"
    assert small.night.ran == ["take_in", "link", "publish"]
    assert sorted(stored_tasks(state, 3)) == ["link", "publish", "take_in"]


def test_a_night_with_nothing_new_skips_the_steps_that_follow(small_pipeline: Install, tmp_path: Path) -> None:
    small = small_pipeline(take_in=finish, link=nothing)
    assert run(tmp_path).is_completed()
    assert small.night.ran == ["take_in"]


def test_a_failed_gate_fails_the_run_with_its_message_and_is_not_tried_again(
    small_pipeline: Install, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    message = "gate mentions stopped the run, nothing was published: mention.postcode: 3 of 10"
    for name in ("prefect.task_runs", "prefect.flow_runs"):
        logging.getLogger(name).addHandler(caplog.handler)

    def gate(night: SmallNight) -> None:
        raise GateFailed(message)

    small = small_pipeline(take_in=gate, publish=nothing)
    state = run(tmp_path)
    assert (state.type.value, state.name, state.message) == ("FAILED", "Gate failed", message)
    assert small.night.ran == ["take_in"]
    assert small.ended == ["GateFailed"], "the ledger must see which error ended the night"
    assert stored_tasks(state, 1) == ["take_in"]
    told = caplog.text
    assert message in told and "exception" not in told, "a gate that says no is no error of the program"


def test_a_step_that_may_be_tried_again_is(small_pipeline: Install, tmp_path: Path) -> None:
    tries = []

    def flaky(night: SmallNight) -> None:
        tries.append(1)
        if len(tries) < 3:
            raise OSError("the network share is away")

    small = small_pipeline(take_in=flaky, publish=nothing)
    assert run(tmp_path).is_completed()
    assert small.night.ran == ["take_in"] * 3 + ["publish"]


def test_a_night_that_overlaps_another_is_cancelled(
    small_pipeline: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = small_pipeline(take_in=nothing)

    def busy(*_: Any) -> None:
        raise BusyError("another run holds the output folder")

    monkeypatch.setattr(pipeline, "start", busy)
    state = run(tmp_path)
    assert (state.type.value, state.message) == ("CANCELLED", "another run holds the output folder")
    assert small.night.ran == []


def test_a_refused_delivery_fails_the_run_although_the_rest_is_published(
    small_pipeline: Install, tmp_path: Path
) -> None:
    small = small_pipeline(take_in=nothing)
    small.refused = (("politie-nn", "2025-03-14", "incidenten.csv: 3 rows, manifest says 4"),)
    state = run(tmp_path)
    assert (state.type.value, state.name) == ("FAILED", "Delivery refused")
    assert "published" in state.message
    assert "politie-nn/2025-03-14: incidenten.csv: 3 rows, manifest says 4" in state.message


@pytest.mark.parametrize("kind", [ValueError, KeyError, RuntimeError])
def test_no_value_of_a_record_reaches_prefect(kind: type[Exception], small_pipeline: Install, tmp_path: Path) -> None:
    def leaky(night: SmallNight) -> None:
        surname = CANARY
        try:
            raise LookupError(f"cause with {surname}")
        except LookupError as cause:
            raise kind(f"could not convert {surname}") from cause

    small_pipeline(standardise=leaky)
    state = run(tmp_path)
    assert state.is_failed()
    assert f"step 'standardise' stopped on {kind.__name__} at " in state.message
    assert stored_tasks(state, 1) == ["standardise"]
    assert CANARY not in stored_text()
    assert str(tmp_path / "inbox") in stored_text(), "the search must find what is stored, such as the parameters"


def test_the_server_sends_nothing_out(prefect_server: None) -> None:
    with get_client(sync_client=True) as client:
        server = client.request("GET", "/admin/settings").json()["server"]
    assert server["analytics_enabled"] is False
    assert server["ui"]["show_promotional_content"] is False


def stored_tasks(state: State[Any], number: int) -> list[str]:
    """Return the names of a run's tasks once as many have ended; Prefect stores them a little later."""
    only = FlowRunFilter(id=FlowRunFilterId(any_=[state.state_details.flow_run_id]))
    give_up = time.monotonic() + 30
    with get_client(sync_client=True) as client:
        while time.monotonic() < give_up:
            ended = [t for t in client.read_task_runs(flow_run_filter=only) if t.state and t.state.is_final()]
            if len(ended) >= number:
                return [t.name.rsplit("-", 1)[0] for t in ended]
            time.sleep(0.2)
    raise AssertionError(f"fewer than {number} task runs were stored")


def stored_text() -> str:
    """Return all that Prefect's database holds, as text."""
    path = Path(PREFECT_API_DATABASE_CONNECTION_URL.value().split(":///")[1])
    with sqlite3.connect(path) as database:
        return "\n".join(database.iterdump())


@pytest.mark.parametrize(
    ("scheduled", "name"),
    [
        (datetime(2026, 7, 1, 22, 30, tzinfo=UTC), "night of 2026-07-02"),
        (datetime(2026, 7, 2, 0, 30, tzinfo=UTC), "night of 2026-07-02"),
        (None, "night"),
    ],
    ids=["half past midnight in Amsterdam", "half past two", "by hand"],
)
def test_a_night_is_named_by_the_day_in_amsterdam(
    monkeypatch: pytest.MonkeyPatch, scheduled: datetime | None, name: str
) -> None:
    monkeypatch.setattr(module, "flow_run", SimpleNamespace(scheduled_start_time=scheduled))
    assert module._run_name() == name
