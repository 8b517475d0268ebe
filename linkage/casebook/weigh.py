"""The candidates of the casebook as edges of `likelihood`, and what comes of them as tables."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd

from linkage import contracts
from linkage.casebook.likelihood import OTHER, POLICE, Edges, Rates, about, learn
from linkage.casebook.sql import Night
from linkage.engine.base import Engine

DECIMALS = 9


def weigh(db: Engine, night: Night) -> None:
    """Write ``cb_about`` (incident_no, report_no, about), how likely a report is about an incident, and ``link_rate``.

    Every candidate has a row whose incident counts. What a family's rows say follows from its own records and
    the rates.
    """
    limits = night.config.limits
    told = db.arrays("SELECT * FROM cb_edge ORDER BY report_no, incident_no")
    [(without, exposure)] = db.rows("SELECT * FROM cb_exposure")
    edges = _edges(told, int(without), float(exposure))
    rates = learn(edges, limits.early_days, limits.very_late_days)
    # Rounded: sums over threads differ in their last bits from night to night, and two nights may be equally likely.
    chance = np.round(about(edges, rates), DECIMALS)
    frame = pd.DataFrame({"incident_no": told["incident_no"], "report_no": told["report_no"], "about": chance})
    db.register("cb_about", frame.astype({"incident_no": "int64", "report_no": "int64", "about": "float64"}))
    db.run(contracts.table("link_rate").ddl())
    db.append("link_rate", pd.DataFrame(_rows(rates), columns=["name", "place", "value"]))


def _edges(told: dict[str, Any], without: int, exposure: float) -> Edges:
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
