"""The retraining flow: a candidate model out of the published night. Nothing uses it until a person promotes it.

Only figures and file names reach Prefect, which stores what a run logs and says. Schedule it monthly at most: a
candidate that nobody looks at is no better than none.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import flows  # noqa: F401  # its settings must stand before prefect is imported

# isort: split
from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.states import failed, log, without_values
from linkage import config as settings
from linkage.errors import InbeeldError
from linkage.store import OutFolder
from linkage.train import train


@flow(name="retrain", persist_result=False, validate_parameters=True)
def retrain(out: str, config: str | None = None) -> State[Any]:
    """Write a candidate model; fails when nothing was published, or a step stopped."""
    os.umask(0o077)
    try:
        with without_values("train"):
            told = train(OutFolder(Path(out)), settings.load(Path(config) if config else None), log)
    except InbeeldError as error:
        return failed("Failed", str(error))
    drift = told["drift"]
    return Completed(
        message=f"{told['candidate']}: stability index of weights {drift['weights']:.3f}, "
        f"{drift['gained']} pairs gained, {drift['lost']} lost; a person promotes it"
    )
