"""Persons, households and records to the case view: what answers an incident, and what remains the gap."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from linkage import municipalities, register
from linkage.casebook.sql import Night, fill, make
from linkage.casebook.steps import STEPS, VIEWS, WORK
from linkage.config import Config
from linkage.engine.base import Engine

__all__ = ["build"]


def build(db: Engine, config: Config, *, as_of: date, progress: Callable[[str], None]) -> None:
    """Write the tables of the case view that speak of incidents, reports, persons and dossiers.

    Reads the source tables, ``mention``, ``mention_person``, ``person_base``, ``possible_person_link``, ``pair``,
    ``mention_household``, ``record_household`` and ``household``. ``as_of`` is the last day that all sources cover.
    """
    night = Night(config, as_of)
    municipalities.write(db, as_of)
    register.write(db, config.cooperation, as_of)
    for step in STEPS:
        if isinstance(step, str):
            make(db, night, step)
        else:
            step(db, night)
    for name in VIEWS:
        fill(db, night, name)
    for name in WORK:
        db.run(f"DROP TABLE IF EXISTS {name}")
    found: dict[str, int] = dict(db.rows("SELECT status, count(*) FROM incident_status GROUP BY status"))
    progress(
        f"{sum(found.values())} incidents, {found.get('unmatched', 0)} in the gap, {found.get('review', 0)} to review"
    )
