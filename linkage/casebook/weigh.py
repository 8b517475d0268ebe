"""The candidates of the casebook as edges of `likelihood`, and what comes of them as tables."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from linkage import basis, contracts
from linkage.casebook.likelihood import OTHER, POLICE, Bools, Edges, Rates, about, learn
from linkage.casebook.sql import Night, make
from linkage.components import components
from linkage.engine.base import Arrays, Engine

DECIMALS = 9
YOUNG = 20_000
"""Rates that were learnt of fewer reports than this are learnt anew each night; then once a month."""
RATES, EDGES = "link rates", "link edges"


def stands(db: Engine, night: Night) -> bool:
    """Tell whether the rates of tonight are those that ``link_edge`` was weighed by."""
    if not basis.holds(db, RATES, _month(db, night), ("link_rate",)):
        return False
    return basis.holds(db, EDGES, _weighed_by(db, _recalled(_named(db))), ("link_edge",))


def weigh(db: Engine, night: Night) -> None:
    """Write ``link_edge``, how likely each report is about each incident that counts and that it may answer, and
    ``link_rate``.

    What a family's rows say follows from its own records and the rates. Rates that rest on enough reports stay for the
    month, as a model of pairs stays until a person promotes another: a probability to which nothing happened is the
    same tomorrow. Families of which ``link_edge`` says the same as the night before are not weighed again.
    """
    rates = _rates(db, night)
    found = _weighed_by(db, rates)
    if not basis.holds(db, EDGES, found, ("link_edge",)):
        db.run(contracts.table("link_edge").ddl())
    basis.forget(db, EDGES)
    told = db.arrays(_TOLD)
    gone = db.arrays("SELECT incident_no, report_no FROM cb_was_edge ANTI JOIN cb_edge USING (incident_no, report_no)")
    is_open = _of_touched_families(told, gone)
    fresh = {name: np.asarray(told[name])[is_open] for name in ("incident_no", "report_no", "said")}
    # Rounded: sums over threads differ in their last bits from night to night, and two nights may be equally likely.
    fresh["about"] = np.round(about(_edges({k: v[is_open] for k, v in told.items()}), rates), DECIMALS)
    db.register("cb_weighed", pd.DataFrame(fresh))
    db.run("DELETE FROM link_edge WHERE report_no IN (SELECT report_no FROM cb_weighed)")
    db.register("cb_gone", pd.DataFrame(gone).astype("int64"))
    db.run("DELETE FROM link_edge WHERE (incident_no, report_no) IN (FROM cb_gone)")
    db.run("INSERT INTO link_edge BY NAME FROM cb_weighed")
    for name in ("cb_weighed", "cb_gone"):
        db.run(f"DROP TABLE {name}")
    basis.keep(db, EDGES, found)


_TOLD = """
WITH edge AS (
    SELECT *, hash(delay_days, probability, is_by_police, channel_agrees, names_a_number, is_named) AS said FROM cb_edge
)
SELECT edge.*, k.said IS DISTINCT FROM edge.said AS is_changed
FROM edge LEFT JOIN link_edge k USING (incident_no, report_no) ORDER BY report_no, incident_no
"""


def _of_touched_families(told: Arrays, gone: Arrays) -> Bools:
    """Return which edges hang together with one that is new, gone, or says something else than the night before."""
    incidents, incident = np.unique(told["incident_no"], return_inverse=True)
    reports, report = np.unique(told["report_no"], return_inverse=True)
    size = len(incidents) + len(reports)
    family = components(size, incident, len(incidents) + report)
    is_touched = np.zeros(size, dtype=bool)
    is_touched[family[incident[np.asarray(told["is_changed"], dtype=bool)]]] = True
    is_touched[family[: len(incidents)][np.isin(incidents, gone["incident_no"])]] = True
    is_touched[family[len(incidents) :][np.isin(reports, gone["report_no"])]] = True
    return np.asarray(is_touched[family[incident]])


def _rates(db: Engine, night: Night) -> Rates:
    """Return the rates: those of the month where they rest on enough reports, or else of tonight, in ``link_rate``."""
    limits, found = night.config.limits, _month(db, night)
    if basis.holds(db, RATES, found, ("link_rate",)):
        return _recalled(_named(db))
    basis.forget(db, RATES)
    make(db, night, "cb_exposure")
    [(without, exposure)] = db.rows("SELECT * FROM cb_exposure")
    edges = _edges(db.arrays("SELECT * FROM cb_edge ORDER BY report_no, incident_no"), int(without), float(exposure))
    rates = learn(edges, limits.early_days, limits.very_late_days)
    db.run(contracts.table("link_rate").ddl())
    db.append("link_rate", pd.DataFrame(_rows(rates), columns=["name", "place", "value"]))
    db.run("DROP TABLE cb_exposure")
    if len(np.unique(edges.report)) >= YOUNG:
        basis.keep(db, RATES, found)
    return rates


def _month(db: Engine, night: Night) -> str:
    limits = night.config.limits
    return basis.fingerprint(db, _code(), limits.early_days, limits.very_late_days, night.as_of.strftime("%Y-%m"))


def _weighed_by(db: Engine, rates: Rates) -> str:
    return basis.fingerprint(db, _code(), _rows(rates))


@cache
def _code() -> str:
    here = Path(__file__)
    return basis.code(here, here.with_name("likelihood.py"))


def _named(db: Engine) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for name, value in db.rows("SELECT name, value FROM link_rate ORDER BY name, place"):
        found.setdefault(str(name), []).append(float(value))
    return found


def _recalled(kept: dict[str, list[float]]) -> Rates:
    """Return the rates of ``link_rate``, as `_rows` wrote them."""
    return Rates(
        lag=np.array(kept["lag"]),
        first=kept["first"][0],
        further=kept["further"][0],
        by=(kept["by"][0], kept["by"][1]),
        beside=(kept["beside"][0], kept["beside"][1]),
        told=tuple(zip(kept["told"][::2], kept["told"][1::2], strict=True)),
    )


def _edges(told: Arrays, without: int = 0, exposure: float = 0.0) -> Edges:
    report = np.unique(told["report_no"], return_inverse=True)[1]
    incidents, incident = np.unique(told["incident_no"], return_inverse=True)
    named = np.zeros(len(incidents), dtype=bool)
    named[incident] = told["is_named"].astype(bool)
    return Edges(
        report=report.astype(np.int64),
        incident=incident.astype(np.int64),
        delay=told["delay_days"].astype(np.int64),
        same=told["probability"].astype(np.float64),
        kind=np.where(told["is_by_police"].astype(bool), POLICE, OTHER),
        told=(told["channel_agrees"].astype(np.int64),),
        blind=told["names_a_number"].astype(bool),
        named=named,
        without=without,
        exposure=exposure,
    )


def _rows(rates: Rates) -> list[tuple[str, int, float]]:
    """Return every rate as a row: its name, its place where there are several, its value."""
    return [
        (field.name, place, float(value))
        for field in fields(rates)
        for place, value in enumerate(np.ravel(getattr(rates, field.name)))
    ]
