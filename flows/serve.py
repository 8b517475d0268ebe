"""Serve the nightly flow on its schedule: ``python -m flows.serve --inbox DIR --out DIR``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from flows.nightly import nightly

# isort: split
from prefect import serve
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
TIMEZONE = "Europe/Amsterdam"


def deployment(
    inbox: Path, out: Path, config: Path | None = None, schedule: Schedule | None = None
) -> RunnerDeployment:
    """Return the nightly deployment; its parameters are absolute paths, as the runner has its own folder."""
    parameters = {"inbox": str(inbox.resolve()), "out": str(out.resolve())}
    if config is not None:
        parameters["config"] = str(config.resolve())
    made = nightly.to_deployment(
        name="nightly",
        schedule=schedule or Cron(CRON, timezone=TIMEZONE),
        parameters=parameters,
        description="Nightly linkage of police incidents and Veilig Thuis reports",
    )
    assert isinstance(made, RunnerDeployment)
    return made


def main(arguments: list[str] | None = None) -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m flows.serve", description=f"Run a night at {CRON} {TIMEZONE}.")
    parser.add_argument("--inbox", type=Path, required=True, help="folder that holds <source_id>/<delivery_id>/")
    parser.add_argument("--out", type=Path, required=True, help="output folder")
    parser.add_argument("--config", type=Path, help="configuration file (inbeeld.toml)")
    given = parser.parse_args(arguments)
    if not PREFECT_API_URL.value():
        sys.exit(NO_SERVER)
    os.umask(0o077)
    serve(deployment(given.inbox, given.out, given.config), pause_on_shutdown=False)


if __name__ == "__main__":
    main()
