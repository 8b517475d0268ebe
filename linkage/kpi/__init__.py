"""The published tables to the indicators K1-K25: one row per figure, part, scope and period.

A file of ``sql/`` yields the records of one indicator: where and when each counts, and whether it stands in the
numerator, in the denominator, or is censored. What is added up how is the same for all and written once, in
``kpi_cell.sql``.

Records, persons and households are joined by a hash of their id, which takes half the time that strings take: any two
of a million have the same one with a chance of 3e-8.

What mentions tell, the one table of millions, is counted by those of tonight (see ``moved``); all else anew.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from string import Template

from linkage import basis, contracts, indicators
from linkage.config import Config
from linkage.engine.base import Engine
from linkage.indicators import Indicator
from linkage.kpi import moved
from linkage.workdays import write_days

__all__ = ["build"]

SQL = Path(__file__).with_name("sql")
STAGE = "indicators"
BASE = ("kpi_incident", "kpi_count", "kpi_report", "kpi_named", "kpi_young", "kpi_child", "kpi_family")
"""What several indicators read, in the order in which it is made."""
WORK = (
    *BASE,
    "working_day",
    "kpi_delivered",
    "kpi_figure",
    "kpi_fact",
    "kpi_amount",
    "kpi_person",
    "kpi_scope",
    "kpi_cell",
    *moved.WORK,
)
DELIVERABLE = ("safety_assessment_end", "service_start", "transfer_at", "feedback_at", "prior_involvement")
"""Columns of ``case_report`` that not every source fills."""
SCOPES = {
    "municipality": "municipality_code",
    "source": "source_id",
    "unit": "unit",
    "channel": "channel",
    "reporter": "reporter",
}
PERIODS = {"year": ("year(day)", "'%Y'"), "month": ("date_trunc('month', day)", "'%Y-%m'"), "none": ("NULL", "NULL")}
"""What days of one period have in common, and how its first day is written."""
COLUMNS = ", ".join(f"{column} VARCHAR" for column in SCOPES.values())
HEAD = "kpi_code VARCHAR, figure VARCHAR, part VARCHAR, " + COLUMNS + ", period VARCHAR"


def build(db: Engine, config: Config, *, as_of: date, progress: Callable[[str], None]) -> None:
    """Write table ``kpi`` from the tables of the case view, and the records that they were made of.

    Reads what ``casebook.build`` and ``families.build`` wrote, ``mention``, ``mention_person``, ``person_base``,
    ``household_member``, the source tables, ``pair``, ``possible_person_link`` and ``decision``. ``as_of`` is the last
    day that all cover. Where ``kpi`` of the night before was made as tonight, mentions count by what came and went.
    """
    values, found = _values(config, as_of), _found(db)
    sides = moved.sides(db, is_kept=db.has("kpi") and basis.of_stage(db, STAGE) == found)
    basis.forget(db, STAGE)
    write_days(db, as_of)
    for name in BASE:
        db.run(f"CREATE OR REPLACE TEMP TABLE {name} AS {_query(name, values)}")
    _write_delivered(db)
    _write_figures(db)
    db.run(f"CREATE OR REPLACE TEMP TABLE kpi_fact ({HEAD}, numerator BIGINT, denominator BIGINT, censored BIGINT)")
    db.run(f"CREATE OR REPLACE TEMP TABLE kpi_amount ({HEAD}, amount INTEGER, records BIGINT)")
    db.run(f"CREATE OR REPLACE TEMP TABLE kpi_person ({HEAD}, numerator BIGINT)")
    for indicator in indicators.indicators():
        _collect(db, indicator, values)
        for sign, tables in sides.get(indicator.code, ()):
            with db.shown(tables):
                _count(db, indicator, _query(f"{indicator.code}.mentions", values), sign)
    for name in ("kpi_cell", "kpi_scope"):
        db.run(f"CREATE OR REPLACE TEMP TABLE {name} AS {_query(name, values)}")
    db.run(contracts.table("kpi").ddl())
    db.run(f"INSERT INTO kpi BY NAME {_query('kpi', values)}")
    basis.keep(db, STAGE, found)
    for name in WORK:
        db.run(f"DROP TABLE IF EXISTS {name}")
    [(figures, computed)] = db.rows(
        "SELECT count(*), count(*) FILTER (status <> 'not_delivered' AND status <> 'no_truth') "
        "FROM (SELECT DISTINCT kpi_code, figure, status FROM kpi WHERE scope = 'all' AND period = 'all')"
    )
    progress(f"{computed} of {figures} figures of the indicators computed")


def _found(db: Engine) -> str:
    """Return what counts of a night before rest on."""
    files = (*sorted(SQL.parent.glob("*.py")), *sorted(SQL.glob("*.sql")))
    places = db.rows("SELECT bit_xor(hash(m)) FROM municipality AS m") if db.has("municipality") else None
    return basis.fingerprint(db, basis.code(*files), indicators.indicators(), places)


def _count(db: Engine, indicator: Indicator, events: str, sign: int = 1) -> None:
    """Add records, or take them off, counted by everything that they may be split by."""
    same, written = PERIODS[indicator.period]
    counts = ", ".join(f"{sign} * sum({name}) AS {name}" for name in ("numerator", "denominator", "censored"))
    db.run(
        f"INSERT INTO kpi_fact BY NAME SELECT '{indicator.code}' AS kpi_code, * EXCLUDE (day, same), "
        f"strftime(day, {written}) AS period FROM (SELECT * EXCLUDE (day, numerator, denominator, censored), "
        f"{same} AS same, min(day) AS day, {counts} FROM ({events}) GROUP BY ALL)"
    )


def _collect(db: Engine, indicator: Indicator, values: dict[str, object]) -> None:
    """Add the records, amounts and persons of one indicator."""
    code, period = f"'{indicator.code}' AS kpi_code", f"strftime(day, {PERIODS[indicator.period][1]}) AS period"
    if (SQL / f"{indicator.code}.sql").exists():
        _count(db, indicator, _query(indicator.code, values))
    for shape in ("amount", "distinct"):
        if (SQL / f"{indicator.code}.{shape}.sql").exists():
            target = "kpi_amount" if shape == "amount" else "kpi_person"
            events = _query(f"{indicator.code}.{shape}", values)
            db.run(f"INSERT INTO {target} BY NAME SELECT {code}, * EXCLUDE (day), {period} FROM ({events})")


def _write_delivered(db: Engine) -> None:
    """Write which source fills which column: one that never does delivers nothing, instead of meeting nothing."""
    counts = ", ".join(f"count({field}) AS {field}" for field in DELIVERABLE)
    db.run(
        "CREATE OR REPLACE TEMP TABLE kpi_delivered AS SELECT source_id, field FROM ("
        f"UNPIVOT (SELECT source_id, {counts} FROM case_report "
        f"WHERE contact_type = 'melding' GROUP BY source_id) ON {', '.join(DELIVERABLE)} "
        "INTO NAME field VALUE filled) WHERE filled > 0"
    )


def _write_figures(db: Engine) -> None:
    """Write the parts of all figures, from their definitions."""
    db.run(
        "CREATE OR REPLACE TEMP TABLE kpi_figure (number INTEGER, kpi_code VARCHAR, figure VARCHAR, part VARCHAR, "
        "unit VARCHAR, norm DOUBLE, needs VARCHAR, is_distribution BOOLEAN, is_absent BOOLEAN, is_unknown BOOLEAN, "
        "quantile DOUBLE, is_distinct BOOLEAN, scopes VARCHAR[], has_periods BOOLEAN)"
    )
    rows: list[tuple[object, ...]] = []
    for indicator in indicators.indicators():
        for figure in indicator.figures:
            for part in figure.parts:
                quantile = indicators.QUANTILES.get(part) if figure.unit in ("days", "working_days") else None
                rows.append((
                    len(rows), indicator.code, figure.name, part, figure.unit, figure.norm, figure.needs,
                    figure.is_distribution, figure.absent is not None, figure.truth, quantile, figure.distinct,
                    list(indicator.scopes), indicator.period != "none",
                ))  # fmt: skip
    db.insert("kpi_figure", rows)


def _query(name: str, values: dict[str, object]) -> str:
    return Template((SQL / f"{name}.sql").read_text(encoding="utf-8")).substitute(values)


def _values(config: Config, as_of: date) -> dict[str, object]:
    return {
        "as_of": f"DATE '{as_of.isoformat()}'",
        "late": config.limits.late_days,
        "timely": config.limits.timely_days,
        "sure": config.linkage.sure,
        "possible": config.linkage.possible,
    }
