"""The nightly flow: the steps of ``linkage/pipeline`` in their order, one task each.

The steps share one open database, so they run one after the other in this process. Only paths and a
date are parameters; the night itself never becomes a task's input, because Prefect walks through inputs.

Nights that overlap are kept apart by the lock of the output folder, which dies with its process. Prefect's own
concurrency limit is left out on purpose: its server counts in memory, so a machine that restarts in the
middle of a night would leave the place taken, and every later night would be cancelled.
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any

import flows  # noqa: F401  # its settings must stand before prefect is imported

# isort: split
from prefect import Task, flow
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, StateType
from prefect.runtime import flow_run
from prefect.states import Completed

from flows.notify import night_stopped
from flows.states import StepError, failed, log, without_values
from linkage import config as settings
from linkage import pipeline
from linkage.errors import BusyError, GateFailed, InbeeldError
from linkage.ledger import LOCAL

RETRY_SECONDS = 30


def _run_name() -> str:
    start = flow_run.scheduled_start_time  # in UTC, where a night shortly after midnight is of the day before
    return f"night of {start.astimezone(LOCAL):%Y-%m-%d}" if start else "night"


@flow(
    name="nightly",
    flow_run_name=_run_name,
    persist_result=False,
    validate_parameters=True,
    on_failure=[night_stopped],
    on_crashed=[night_stopped],
)
def nightly(inbox: str, out: str, config: str | None = None, as_of: str | None = None) -> State[Any]:
    """Do one night from inbox to publication; fails when a gate stops it or a delivery waits refused."""
    os.umask(0o077)
    try:
        with without_values("start"):
            loaded = settings.load(Path(config) if config else None)
            day = date.fromisoformat(as_of) if as_of else None
        with without_values("night"), pipeline.start(loaded, Path(inbox), Path(out), day, log) as night:
            for step in pipeline.STEPS:
                if not night.is_done:
                    _do(step, night)
            return _final_state(pipeline.outcome(night))
    except BusyError as error:
        return State(type=StateType.CANCELLED, name="Cancelled", message=str(error))
    except InbeeldError as error:
        return failed("Gate failed" if isinstance(error, GateFailed) else "Failed", str(error))


def _do(step: pipeline.Step, night: pipeline.Night) -> None:
    """Do a step as a task. A gate that says no is a state of its task and no exception there: a line, no traceback."""
    stopped: list[GateFailed] = []

    def work() -> State[Any] | None:
        try:
            with without_values(step.name):
                step.run(night)
        except GateFailed as error:
            stopped.append(error)
            return failed("Gate failed", str(error))
        return None

    task: Task[[], Any] = Task(
        work,
        name=step.name,
        retries=step.retries,
        retry_delay_seconds=RETRY_SECONDS,
        retry_condition_fn=_may_help,
        cache_policy=NO_CACHE,
        persist_result=False,
    )
    state = task(return_state=True)
    if stopped:
        raise stopped[-1]
    state.result()


def _may_help(_task: Any, _run: Any, state: State[Any]) -> bool:
    """Tell whether trying again can help: not when a gate or a contract said no."""
    return isinstance(state.result(raise_on_failure=False), StepError)


def _final_state(outcome: pipeline.Outcome) -> State[Any]:
    done = f"run {outcome.run_id}: {outcome.status}, as of {outcome.as_of}, {outcome.accepted} deliveries taken in"
    if outcome.exit_code == 0:
        return Completed(message=done)
    refused = "; ".join(f"{source}/{delivery}: {reason}" for source, delivery, reason in outcome.refused)
    return failed("Delivery refused", f"{done}; refused: {refused}")
