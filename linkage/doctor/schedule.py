"""Did the nights run, and will the next one start?"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from linkage.config import Config
from linkage.doctor.line import FAIL, OK, WARN, Line
from linkage.ledger import WELL, Ledger
from linkage.overrides import Overrides
from linkage.store import OutFolder

DEPLOYMENT = "nightly/nightly"
PATIENCE = 5.0


def last_night(config: Config, folder: OutFolder, _inbox: Path | None) -> Iterator[Line]:
    """Yield how the last run ended, and whether one ended well in time."""
    ledger = Ledger(folder)
    if not ledger.path.exists():
        yield Line(WARN, "last night", "no run yet", "inbeeld run")
        return
    runs = ledger.runs(limit=100)
    newest = next((run for run in runs if run["status"] != "running"), None)
    if newest is not None and newest["status"] not in WELL:
        waits = Overrides(folder).waiting()
        advice = "inbeeld accept, when its figures are right" if waits else "inbeeld status, then run again"
        yield Line(FAIL, "last night", f"{newest['run_id']} ended as {newest['status']}", advice)
    well = next((run for run in runs if run["status"] in WELL and run["ended_at"]), None)
    if well is None:
        yield Line(FAIL, "last night", "no run ended well yet", "inbeeld status")
        return
    hours = (datetime.now(UTC) - datetime.fromisoformat(well["ended_at"])).total_seconds() / 3600
    is_late = hours > config.operations.most_hours
    told = f"{well['run_id']} ended well {hours:.1f} hours ago"
    advice = f"more than operations.most_hours ({config.operations.most_hours:g}): look at the schedule"
    yield Line(WARN if is_late else OK, "last night", told, advice if is_late else "")
    for owed in Overrides(folder).owed():
        told = f"{owed.source_id}/{owed.delivery_id} was rolled back and not taken in again"
        yield Line(WARN, "rollback", told, "run again with it in the inbox")


def scheduler(_config: Config, _folder: OutFolder, _inbox: Path | None) -> Iterator[Line]:
    """Yield whether Prefect's server answers, knows the nightly deployment and has its schedule switched on."""
    api = os.environ.get("PREFECT_API_URL")
    if not api:
        told = "PREFECT_API_URL is not set: Prefect's schedule is not checked"
        yield Line(
            WARN, "schedule", told, "set it where Prefect starts the nights; nothing to do where another timer does"
        )
        return
    where = _place(api)
    try:
        _get(f"{api}/health")
    except (OSError, ValueError):
        yield Line(
            FAIL,
            "schedule",
            f"no Prefect server answers at {where}",
            "prefect server start; see README, Every night, with Prefect",
        )
        return
    try:
        found = _get(f"{api}/deployments/name/{DEPLOYMENT}")
    except (OSError, ValueError):
        yield Line(
            FAIL, "schedule", f"{where} has no deployment {DEPLOYMENT}", "python -m flows.serve --inbox DIR --out DIR"
        )
        return
    is_on = not found.get("paused") and any(s.get("active") for s in found.get("schedules") or ())
    if not is_on:
        yield Line(FAIL, "schedule", f"{DEPLOYMENT} is paused or has no schedule", "resume it on the server's page")
    elif found.get("status") != "READY":
        yield Line(FAIL, "schedule", f"nothing serves {DEPLOYMENT}: its runs would wait", "start python -m flows.serve")
    else:
        yield Line(OK, "schedule", f"{DEPLOYMENT} is on at {where}")


def _get(url: str) -> Any:
    if urlsplit(url).scheme not in ("http", "https"):
        raise ValueError(url)
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:  # scheme is checked above
        return json.loads(answer.read())


def _place(api: str) -> str:
    """Return host and port only: an address may hold a key."""
    parts = urlsplit(api)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
