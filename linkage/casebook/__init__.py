"""Persons, households and records to the case view: what answers an incident, and what remains the gap."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path

from linkage import basis, contracts, municipalities, register
from linkage.casebook import judge, renew, retold, touched
from linkage.casebook.sql import VIEWS_FOLDER, Night, differ, fill, make
from linkage.casebook.steps import BY_DIFFERENCE, JUDGED, KEPT, LATER, OTHER, PUBLISHED, STEPS, TOUCHED, VIEWS, WORK
from linkage.config import Config
from linkage.engine.base import Engine

__all__ = ["build"]

STAGE = "casebook"


def build(db: Engine, config: Config, *, as_of: date, progress: Callable[[str], None]) -> None:
    """Write the tables of the case view that speak of incidents, reports, persons and dossiers.

    Reads the source tables, ``mention``, ``mention_person``, ``person_base``, ``possible_person_link``, ``pair``,
    ``mention_household``, ``record_household`` and ``household``.
    ``as_of`` is the last day that all sources cover. Where it is told which families changed (`touched.OF_TONIGHT`),
    what rests on a family alone is brought up to date for these, and what answers what is judged anew where it hangs
    together with them (`judge`).
    """
    night = Night(config, as_of)
    municipalities.write(db, as_of)
    register.write(db, config.cooperation, as_of)
    if not db.has("decision"):
        db.run(contracts.table("decision").ddl())
    found = _basis(db, night)
    if basis.holds(db, STAGE, found, KEPT) and retold.day(db) and all(map(db.has, touched.OF_TONIGHT)):
        touched.find(db)
    basis.forget(db, STAGE)
    for step in STEPS:
        if not isinstance(step, str):
            step(db, night)
        elif step in TOUCHED:
            _keep(db, night, step)
        elif step in JUDGED:
            _rejudge(db, night, step)
        else:
            make(db, night, step)
    _publish(db, night)
    basis.keep(db, STAGE, found)
    judge.leave(db)
    for name in (*WORK, *renew.WORK, *touched.WORK, *retold.WORK):
        db.run(f"DROP TABLE IF EXISTS {name}")
    statuses: dict[str, int] = dict(db.rows("SELECT status, count(*) FROM incident_status GROUP BY status"))
    progress(
        f"{sum(statuses.values())} incidents, {statuses.get('unmatched', 0)} in the gap, "
        f"{statuses.get('review', 0)} to review"
    )


def _basis(db: Engine, night: Night) -> str:
    """Return a hash of what the kept tables rest on besides the records."""
    config = night.config
    places = db.rows("SELECT bit_xor(hash(municipality)) FROM municipality")
    told = "partner_id, partner_kind, municipality_code, valid_from, valid_until"
    areas = db.rows(f"SELECT bit_xor(hash({told})) FROM partner_area")
    limits = (config.limits, config.linkage.sure, config.casebook)
    return basis.fingerprint(db, _code(), places, areas, limits)


@cache
def _code() -> str:
    here = Path(__file__)
    modules = (
        here.with_name(f"{name}.py")
        for name in ("difference", "duplicates", "judge", "references", "renew", "retold", "sql", "steps", "touched")
    )
    return basis.code(here, *modules, *sorted(VIEWS_FOLDER.glob("*.sql")))


def _keep(db: Engine, night: Night, name: str) -> None:
    """Write a kept table of the casebook, or bring it up to date."""
    if not touched.is_known(db):
        fill(db, night, name)
        return
    with touched.only(db, *TOUCHED[name].narrow):
        renew.renew(db, night, name, TOUCHED[name], keys=OTHER.get(name, ()))


def _rejudge(db: Engine, night: Night, name: str) -> None:
    """Write a table of what was judged, or its rows of the incidents that were judged anew."""
    if judge.is_known(db):
        renew.renew(db, night, name, JUDGED[name])
    else:
        fill(db, night, name)


def _publish(db: Engine, night: Night) -> None:
    """Write the published tables, or bring them up to date."""
    is_known = touched.is_known(db)
    if is_known:
        retold.find(db, night)
    for name in VIEWS:
        if judge.is_known(db) and name in JUDGED:
            renew.renew(db, night, name, JUDGED[name])
        elif is_known and name in BY_DIFFERENCE:
            differ(db, night, name)
        elif not is_known or name not in PUBLISHED:
            fill(db, night, name)
        else:
            with touched.only(db, *PUBLISHED[name].narrow):
                renew.renew(db, night, name, PUBLISHED[name], later=LATER.get(name, ()))
    retold.keep_day(db, night)
