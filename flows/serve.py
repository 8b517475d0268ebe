"""Serve the flows on their schedules: ``python -m flows.serve --inbox DIR --out DIR``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.nightly import nightly
from flows.retrain import retrain

# isort: split
from prefect import Flow, serve
from prefect.client.schemas.schedules import CronSchedule
from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Cron
from prefect.settings import PREFECT_API_URL

if TYPE_CHECKING:
    from prefect.schedules import Schedule

NO_SERVER = (
    "PREFECT_API_URL is not set: start `prefect server start` and set it to http://127.0.0.1:4200/api; "
    "the temporary server that Prefect would start by itself never fires a schedule"
)

CRON = "30 2 * * *"
RETRAIN_CRON = "0 6 1 * *"
"""The morning of the first of a month, behind the night: a person looks at the candidate on that day."""
OFF = "off"
TIMEZONE = "Europe/Amsterdam"


def deployment(
    inbox: Path, out: Path, config: Path | None = None, schedule: Schedule | None = None
) -> RunnerDeployment:
    """Return the nightly deployment."""
    told = "Nightly linkage of police incidents and Veilig Thuis reports"
    return _deployment(nightly, told, schedule or Cron(CRON, timezone=TIMEZONE), inbox=inbox, out=out, config=config)


def retraining(out: Path, config: Path | None = None, schedule: Schedule | None = None) -> RunnerDeployment:
    """Return the deployment that proposes a model each month; nothing uses it until a person promotes it."""
    told = "Monthly candidate model, for a person to promote"
    return _deployment(retrain, told, schedule or Cron(RETRAIN_CRON, timezone=TIMEZONE), out=out, config=config)


def _deployment(flow: Flow[..., Any], told: str, schedule: Schedule, **paths: Path | None) -> RunnerDeployment:
    """Return a deployment of a flow under its own name, with absolute paths, as the runner has its own folder."""
    parameters = {name: str(path.resolve()) for name, path in paths.items() if path is not None}
    made = flow.to_deployment(name=flow.name, schedule=schedule, parameters=parameters, description=told)
    assert isinstance(made, RunnerDeployment)
    return made


def deployments(given: argparse.Namespace) -> list[RunnerDeployment]:
    """Return what the arguments ask for."""
    made = [deployment(given.inbox, given.out, given.config, given.cron)]
    if given.retrain_cron is not None:
        made.append(retraining(given.out, given.config, given.retrain_cron))
    return made


def arguments() -> argparse.ArgumentParser:
    """Return the options of the command."""
    parser = argparse.ArgumentParser(prog="python -m flows.serve", description=f"Run flows, times in {TIMEZONE}.")
    parser.add_argument("--inbox", type=Path, required=True, help="folder that holds <source_id>/<delivery_id>/")
    parser.add_argument("--out", type=Path, required=True, help="output folder")
    parser.add_argument("--config", type=Path, help="configuration file (inbeeld.toml)")
    parser.add_argument("--cron", type=_cron, default=CRON, help="when a night runs (%(default)s)")
    parser.add_argument(
        "--retrain-cron", type=_cron_or_off, default=RETRAIN_CRON, help="when a model is proposed (%(default)s), or off"
    )
    return parser


def main(given: list[str] | None = None) -> None:
    """Read the arguments and serve."""
    asked = deployments(arguments().parse_args(given))
    if not PREFECT_API_URL.value():
        sys.exit(NO_SERVER)
    os.umask(0o077)
    serve(*asked, pause_on_shutdown=False)


def _cron(text: str) -> Schedule:
    try:
        CronSchedule(cron=text, timezone=TIMEZONE)
    except ValueError:
        raise argparse.ArgumentTypeError("that is no cron expression: give five fields, such as '30 2 * * *'") from None
    return Cron(text, timezone=TIMEZONE)


def _cron_or_off(text: str) -> Schedule | None:
    return None if text == OFF else _cron(text)


if __name__ == "__main__":
    main()
