"""The case view to families in view: what led up to the first report, tags, children, colours, terms and hand-overs.

A row speaks of one household by its own records, the day of the run and fixed settings; tables of `LASTING` do not know
that day. So a night may bring them up to date for the households that it touched, or for which a day came that they ask
for (`renewed`).
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
from linkage.families import fixed, overridden, renewed
from linkage.families.overridden import published
from linkage.numbers import MENTION_ID
from linkage.workdays import write_days

__all__ = ["DATED", "LASTING", "build", "generations", "published"]

VIEWS = Path(__file__).with_name("views")
BASE = ("fm_incident", "fm_report")
LASTING = ("household_in_view", "household_closure", "household_tag", "household_known_at")
DATED = ("household_colour", "household_child", "report_term", "household_handover", "household_today")
KEPT = (*LASTING, *DATED, "household_override")
"""Tables of the night before without which all are made anew."""
STAGE = "families"
TOUCHED = "touched_household"
"""The households of a night that looked at a few only, as they were and as they are."""
WORK = (*BASE, "fm_care", "fm_colour", "working_day", *fixed.TABLES, *overridden.WORK, *renewed.WORK)


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
    whose records changed since the tables were made, they are brought up to date, and it is told what became another.
    """
    values = _values(config, as_of)
    fixed.write(db)
    write_days(db, as_of)
    overridden.read(db, overrides)
    db.run(f"CREATE OR REPLACE TEMP TABLE fm_care AS {_query('fm_care', values)}")
    found = _fingerprint(db, config, values)
    is_kept = db.has(TOUCHED) and basis.holds(db, STAGE, found, KEPT)
    before = renewed.since(db, as_of) if is_kept else None
    basis.forget(db, STAGE)
    if before is None:
        _make(db, values, as_of)
    else:
        _renew(db, values, before, as_of)
    basis.keep(db, STAGE, found)
    _colour(db)
    for name in WORK:
        db.run(f"DROP TABLE IF EXISTS {name}")
    [(households, out_of_view)] = db.rows(
        "SELECT count(*), count(*) FILTER (came_first = 'no_report') FROM household_in_view"
    )
    progress(f"{households} households described, {out_of_view} of them without a report")


def generations(db: Engine, *, as_of: date) -> list[tuple[str, dict[str, int]]]:
    """Return how many persons of each municipality were named as a child and are party as an adult: exact counts.

    They are small and must not be published as they are. Reads what `build` wrote, ``involvement``,
    ``incident_status``, ``mention``, ``person_base`` and ``household_member``.
    """
    query = _query(
        "fm_generation", {"as_of": _day(as_of), "last_born": _day(renewed.last_born(as_of)), "mention_id": MENTION_ID}
    )
    figures = tuple(contracts.codes("generation_figure").codes)
    found = db.rows(f"SELECT municipality_code, {', '.join(figures)} FROM ({query})")
    return [(str(place), dict(zip(figures, map(int, counts), strict=True))) for place, *counts in found]


def _make(db: Engine, values: dict[str, object], as_of: date) -> None:
    """Write all tables whole."""
    for name in (*BASE, "fm_colour"):
        db.run(f"CREATE OR REPLACE TEMP TABLE {name} AS {_query(name, values)}")
    overridden.place(db, as_of)
    for name in (*LASTING, *DATED):
        db.run(contracts.table(name).ddl())
        db.run(f"INSERT INTO {name} BY NAME {_query(name, values)}")


def _renew(db: Engine, values: dict[str, object], before: date, as_of: date) -> None:
    """Bring all tables from the day ``before`` to tonight, for the households that this concerns."""
    birthdays = ", ".join(map(str, (0, *renewed.birthdays(before, as_of))))
    asked = values | {"since": _day(before), "birthdays": birthdays}
    db.run(f"CREATE OR REPLACE TEMP TABLE {renewed.MOVED} AS {_query('fm_moved', asked)}")
    for name in BASE:
        renewed.look_at(db, name, _query(name, values), into=name)
    db.run(f"CREATE OR REPLACE TEMP TABLE fm_colour AS {_query('fm_colour', values)}")
    overridden.place(db, as_of)
    for name in (*LASTING, *DATED):
        renewed.renew(db, name, _query(name, values))
    renewed.count_on(db, before, as_of)


def _fingerprint(db: Engine, config: Config, values: dict[str, object]) -> str:
    """Return what the tables rest on besides the records and the day."""
    settings = sorted((name, value) for name, value in values.items() if name != "as_of")
    recipients = contracts.codes("transfer_recipient")
    [(first,)] = db.rows("SELECT min(day) FROM working_day")
    return basis.fingerprint(
        db, _code(), settings, config.region, config.limits, config.casebook, family(), recipients.codes,
        recipients.fixes, db.rows("SELECT bit_xor(hash(municipality)) FROM municipality"), str(first),
        db.rows("FROM fm_unpromised ORDER BY ALL"), basis.of_stage(db, "casebook"),
    )  # fmt: skip


@cache
def _code() -> str:
    return basis.code(
        *(Path(__file__).with_name(f"{name}.py") for name in ("__init__", "fixed", "overridden", "renewed")),
        *sorted(VIEWS.glob("*.sql")),
    )


def _colour(db: Engine) -> None:
    """Give incidents and dossiers the colour of their household: the one rule, and what a person put in its place."""
    _recolour(db, "unified_case", "SELECT *, true AS is_counted FROM unified_case")
    _recolour(
        db,
        "incident",
        "SELECT i.*, s.status IS NULL AS is_counted FROM incident i LEFT JOIN (FROM incident_status "
        "WHERE status = 'excluded') s USING (source_id, incident_number)",
    )


def _recolour(db: Engine, name: str, rows: str) -> None:
    """Write the colours of a table that differ; ``rows`` are its rows with ``is_counted``, whether they have one."""
    key = contracts.table(name).key
    db.run(
        "CREATE OR REPLACE TEMP TABLE fm_recoloured AS "
        f"SELECT {', '.join(key)}, CASE WHEN is_counted THEN c.severity END AS severity FROM ({rows}) r "
        "LEFT JOIN household_colour c USING (household_id) "
        "WHERE CASE WHEN is_counted THEN c.severity END IS DISTINCT FROM r.severity"
    )
    same = " AND ".join(f"{name}.{column} = c.{column}" for column in key)
    db.run(f"UPDATE {name} SET severity = c.severity FROM fm_recoloured c WHERE {same}")
    db.run("DROP TABLE fm_recoloured")


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
        "mention_id": MENTION_ID,
    }


def _day(day: date) -> str:
    return f"DATE '{day.isoformat()}'"
