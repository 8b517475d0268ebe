"""Persons, households and records to the case view: what answers an incident, and what remains the gap."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from linkage import basis, municipalities, register
from linkage.casebook.sql import VIEWS_FOLDER, Night, fill, make, renew
from linkage.casebook.steps import LASTING, STEPS, VIEWS, WORK
from linkage.config import Config
from linkage.engine.base import Engine

__all__ = ["build"]

STAGE = "involvements"


def build(db: Engine, config: Config, *, as_of: date, progress: Callable[[str], None]) -> None:
    """Write the tables of the case view that speak of incidents, reports, persons and dossiers.

    Reads the source tables, ``mention``, ``mention_person``, ``person_base``, ``possible_person_link``, ``pair``,
    ``mention_household``, ``record_household`` and ``household``. ``as_of`` is the last day that all sources cover.
    Where ``touched_household`` tells which families changed, tables of `LASTING` are brought up to date for these.
    """
    found = basis.fingerprint(db, basis.code(Path(__file__), *(VIEWS_FOLDER / f"{name}.sql" for name in LASTING)))
    only_touched = db.has("touched_household") and basis.holds(db, STAGE, found, LASTING)
    basis.forget(db, STAGE)
    night = Night(config, as_of)
    municipalities.write(db, as_of)
    register.write(db, config.cooperation, as_of)
    for step in STEPS:
        if isinstance(step, str):
            make(db, night, step)
        else:
            step(db, night)
    if only_touched:
        renew(db, night, LASTING)
    for name in VIEWS:
        if not only_touched or name not in LASTING:
            fill(db, night, name)
    basis.keep(db, STAGE, found)
    for name in WORK:
        db.run(f"DROP TABLE IF EXISTS {name}")
    statuses: dict[str, int] = dict(db.rows("SELECT status, count(*) FROM incident_status GROUP BY status"))
    progress(
        f"{sum(statuses.values())} incidents, {statuses.get('unmatched', 0)} in the gap, "
        f"{statuses.get('review', 0)} to review"
    )
