"""The case view to families in view: what led up to the first report, tags, children, colours, terms and hand-overs.

A row speaks of one household by its own records, the day of the run and fixed settings. Tables of `LASTING` do not know
that day: a night may bring them up to date for the households that it touched. Those of `DATED` are made anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from string import Template

from linkage import basis, contracts
from linkage.colours import Override
from linkage.config import Config
from linkage.definitions import family
from linkage.engine.base import Engine
from linkage.families import fixed
from linkage.families.overridden import place, published
from linkage.workdays import write_days

__all__ = ["DATED", "LASTING", "build", "generations", "published"]

VIEWS = Path(__file__).with_name("views")
BASE = ("fm_incident", "fm_report")
LASTING = ("household_in_view", "household_closure", "household_tag", "household_known_at")
DATED = ("household_colour", "household_child", "report_term", "household_handover", "household_today")
STAGE = "families"
TOUCHED = "touched_household"
"""The households of a night that looked at a few only, as they were and as they are."""
WORK = (*BASE, "fm_colour", "working_day", *fixed.TABLES)


def build(
    db: Engine,
    config: Config,
    *,
    as_of: date,
    progress: Callable[[str], None],
    overrides: Sequence[Override] = (),
) -> None:
    """Write the tables of `LASTING` and `DATED`, and ``household_override``; colour ``incident`` and ``unified_case``.

    Reads what ``casebook.build`` wrote, ``household_member``, ``household_id_history``, ``mention``,
    ``mention_household``, ``mention_person``, ``person_base``, ``record_household``, the source tables and
    ``delivery``. ``overrides`` are those that were not withdrawn. Where ``touched_household`` names the households
    whose records changed since the tables were made, lasting ones are brought up to date for these alone.
    """
    values = _values(config, as_of)
    fixed.write(db)
    write_days(db, as_of)
    _write_lasting(db, config, values)
    for name in (*BASE, "fm_colour"):
        db.run(f"CREATE OR REPLACE TEMP TABLE {name} AS {_query(name, values)}")
    place(db, overrides, as_of)
    for name in DATED:
        db.run(contracts.table(name).ddl())
        db.run(f"INSERT INTO {name} BY NAME {_query(name, values)}")
    _colour(db)
    for name in WORK:
        db.run(f"DROP TABLE IF EXISTS {name}")
    [(households, out_of_view)] = db.rows(
        "SELECT count(*), count(*) FILTER (came_first = 'no_report') FROM household_in_view"
    )
    progress(f"{households} households described, {out_of_view} of them without a report")


def generations(db: Engine, *, as_of: date) -> list[tuple[str, dict[str, int]]]:
    """Return how many persons of each municipality were named as a child and are party as an adult: exact counts.

    They are small and must not be published as they are. Reads what `build` wrote, ``involvement`` and ``mention``.
    """
    query = Template((VIEWS / "fm_generation.sql").read_text(encoding="utf-8"))
    figures = tuple(contracts.codes("generation_figure").codes)
    found = db.rows(f"SELECT municipality_code, {', '.join(figures)} FROM ({query.substitute(as_of=_day(as_of))})")
    return [(str(place), dict(zip(figures, map(int, counts), strict=True))) for place, *counts in found]


def _write_lasting(db: Engine, config: Config, values: dict[str, object]) -> None:
    """Write the lasting tables: whole, or for the households that a night touched."""
    settings = sorted((name, value) for name, value in values.items() if name != "as_of")
    places = db.rows("SELECT bit_xor(hash(municipality)) FROM municipality")
    found = basis.fingerprint(db, _code(), settings, config.region, family(), places)
    only_touched = db.has(TOUCHED) and basis.holds(db, STAGE, found, LASTING)
    basis.forget(db, STAGE)
    where = f"WHERE household_id IN (SELECT household_id FROM {TOUCHED})" if only_touched else ""
    for name in BASE:
        db.run(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM ({_query(name, values)}) {where}")
    for name in LASTING:
        db.run(f"DELETE FROM {name} {where}" if only_touched else contracts.table(name).ddl())
        db.run(f"INSERT INTO {name} BY NAME SELECT * FROM ({_query(name, values)}) {where}")
    basis.keep(db, STAGE, found)


@cache
def _code() -> str:
    return basis.code(Path(__file__), Path(fixed.__file__), *(VIEWS / f"{name}.sql" for name in (*BASE, *LASTING)))


def _colour(db: Engine) -> None:
    """Give incidents and dossiers the colour of their household: the one rule, and what a person put in its place."""
    db.run(
        "UPDATE unified_case SET severity = c.severity FROM (SELECT u.household_id, c.severity FROM unified_case u "
        "LEFT JOIN household_colour c USING (household_id) WHERE u.severity IS DISTINCT FROM c.severity) c "
        "WHERE unified_case.household_id = c.household_id"
    )
    db.run(
        "UPDATE incident SET severity = c.severity FROM (SELECT * FROM (SELECT i.source_id, i.incident_number, "
        "i.severity AS before, CASE WHEN s.status <> 'excluded' THEN c.severity END AS severity "
        "FROM incident i JOIN incident_status s USING (source_id, incident_number) "
        "LEFT JOIN household_colour c ON c.household_id = i.household_id) WHERE severity IS DISTINCT FROM before) c "
        "WHERE incident.source_id = c.source_id AND incident.incident_number = c.incident_number"
    )


def _query(name: str, values: dict[str, object]) -> str:
    return Template((VIEWS / f"{name}.sql").read_text(encoding="utf-8")).substitute(values)


def _values(config: Config, as_of: date) -> dict[str, object]:
    codes = ", ".join("'" + code.replace("'", "''") + "'" for code in config.casebook.injury_mk_codes)
    return {
        "as_of": _day(as_of),
        "early": config.limits.early_days,
        "very_late": config.limits.very_late_days,
        "severity_months": config.casebook.severity_months,
        "injury_mk_codes": f"CAST([{codes}] AS VARCHAR[])",
    }


def _day(day: date) -> str:
    return f"DATE '{day.isoformat()}'"
