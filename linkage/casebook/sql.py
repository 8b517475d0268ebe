"""Runs the statements of ``views/``: one query in one file, with the limits of the configuration filled in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from string import Template

from linkage import contracts, municipalities, numbers
from linkage.casebook import difference
from linkage.config import Config
from linkage.engine.base import Engine

EVEN, DOUBTFUL = 0.5, 0.2
"""Where reports go to the likeliest incident: probability from which one answers it, and from which a person looks."""
CERTAIN = 0.999
"""Probability from which the gap takes it for sure that a linked incident has its report."""
NEAR_NAME = 0.85
"""Similarity of surnames from which somebody with the same birth date may be the one that nobody linked."""
VIEWS_FOLDER = Path(__file__).with_name("views")


@dataclass(frozen=True)
class Night:
    """What a run knows besides its tables."""

    config: Config
    as_of: date


def make(db: Engine, night: Night, name: str) -> None:
    """Write the work table ``name`` from ``views/<name>.sql``."""
    db.run(f"CREATE OR REPLACE TEMP TABLE {name} AS {query(night, name)}")


def fill(db: Engine, night: Night, name: str) -> None:
    """Write the declared table ``name`` from ``views/<name>.sql``, with its declared types."""
    db.run(contracts.table(name).ddl())
    db.run(f"INSERT INTO {name} BY NAME {query(night, name)}")


def differ(db: Engine, night: Night, name: str) -> None:
    """Write the rows of a declared table that are others than the night before."""
    declared = contracts.table(name)
    db.run(declared.ddl("cb_now", temporary=True))
    db.run(f"INSERT INTO cb_now BY NAME {query(night, name)}")
    if not difference.bring(db, declared, "cb_now", name):
        db.run(declared.ddl())
        db.run(f"INSERT INTO {name} FROM cb_now")
    db.run("DROP TABLE cb_now")


def query(night: Night, name: str, *, among: str = "") -> str:
    """Return the text of a query, of the rows ``among`` those that it would read; a value that it names and nobody
    gives is an error."""
    text = (VIEWS_FOLDER / f"{name}.sql").read_text(encoding="utf-8")
    return Template(text).substitute(_values(night), among=among)


def _values(night: Night) -> dict[str, object]:
    limits, casebook, region = night.config.limits, night.config.casebook, night.config.region
    return {
        "incident_no": numbers.of_record("source_id", "'incident'", "incident_number"),
        "case_no": numbers.of_record("r.source_id", "'case'", "r.case_id"),
        "report_no": numbers.of_record("r.source_id", "'report'", "r.report_id"),
        "as_of": f"DATE '{night.as_of.isoformat()}'",
        "early": limits.early_days,
        "timely": limits.timely_days,
        "late": limits.late_days,
        "very_late": limits.very_late_days,
        "duplicate_hours": limits.duplicate_hours,
        "region": _list(tuple(municipalities.counted_as(code, night.as_of) for code in region.municipality_codes)),
        "sure": night.config.linkage.sure,
        "possible": night.config.linkage.possible,
        "deterministic": casebook.deterministic,
        "household_probability": casebook.household_probability,
        "answering": f"'{casebook.answering}'",
        "likeliest": "true" if casebook.assignment == "likeliest" else "false",
        "even": EVEN,
        "doubtful": DOUBTFUL,
        "certain": CERTAIN,
        "near_name": NEAR_NAME,
    }


def _list(values: tuple[str, ...]) -> str:
    quoted = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
    return f"CAST([{quoted}] AS VARCHAR[])"
