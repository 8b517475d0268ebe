"""The table that pairs are made from: one row a mention, with what is compared and the keys of the rules.

Keys are 64-bit hashes, so that rules join on integers. A value's band says how common it is.
"""

from __future__ import annotations

import re

from linkage import contracts
from linkage.engine.base import Engine
from linkage.pairs.spec import BANDS, Frequency, Rule, Spec, band_sql

LEAST_OTHERS = 0.25
"""Strangers who have the value of a household that nobody else has: whoever lived there before."""


def code(db: Engine, spec: Spec, *, known_bands: bool = False) -> None:
    """Write ``mention_code`` from ``mention``: mention_id, seat, prepared columns, bands, keys of the rules.

    The bands are those of ``value_band``, which is written first unless its bands are to be kept (``known_bands``). A
    value that was never counted is as rare as the rarest.
    """
    if not known_bands:
        write_bands(db, spec)
    bands, joins = _banded(db, spec, known=known_bands)
    if spec.seats:
        joins.append(f"LEFT JOIN ({spec.seats}) seats USING (mention_id)")
    seat = "seat" if spec.seats else "mention_id AS seat"
    keys = [f"{_key(rule)} AS key_{number}" for number, rule in enumerate(spec.rules) if not rule.many]
    db.run(
        "CREATE OR REPLACE TEMP TABLE mention_code AS "
        f"SELECT mention_id, {seat}, {', '.join([*_prepared(spec), *bands, *keys])} FROM mention {' '.join(joins)}"
    )


def ends(pairs: str) -> str:
    """Return the query of both mentions of the pairs of a table."""
    return f"SELECT unnest([left_id, right_id]) AS mention_id FROM {pairs}"


def read_ends(db: Engine, spec: Spec, mentions: str, *texts: str) -> None:
    """Write ``end_mention``: of mentions (a query of mention_id) the columns that are compared and that texts name."""
    db.run(
        f"CREATE OR REPLACE TEMP TABLE end_mention AS SELECT {_named([*_compared(spec), *texts])} FROM mention "
        f"SEMI JOIN ({mentions}) USING (mention_id)"
    )


def code_ends(db: Engine, spec: Spec) -> None:
    """Write ``mention_code`` from ``end_mention``, which goes: mention_id, prepared columns, and bands as known.

    The bands are found first: a join of few rows with many values would carry all columns of the rows.
    """
    bands, joins = _banded(db, spec, known=True)
    banded = f"SELECT {', '.join(['mention_id', *bands])} FROM end_mention {' '.join(joins)}"
    db.run(
        "CREATE OR REPLACE TEMP TABLE mention_code AS "
        f"SELECT {', '.join(['mention_id', *_prepared(spec), *spec.bands])} "
        f"FROM end_mention JOIN ({banded}) USING (mention_id)"
    )
    db.run("DROP TABLE end_mention")


def _prepared(spec: Spec) -> list[str]:
    return [f"{text} AS {name}" for name, text in spec.columns.items()]


def _banded(db: Engine, spec: Spec, *, known: bool) -> tuple[list[str], list[str]]:
    """Return the bands of rows like those of ``mention``, and the joins that they need."""
    parts, joins = [], []
    counted = db.rows("SELECT column_name, max(band) FROM value_band GROUP BY column_name") if known else []
    rarest = {str(name): int(band) for name, band in counted}
    for name, frequency in spec.bands.items():
        banded = f"(SELECT value_hash, band FROM value_band WHERE column_name = '{name}')"
        band = f"coalesce({name}.band, {rarest.get(name, BANDS)})" if known else f"{name}.band"
        parts.append(f"CASE WHEN {frequency.value} IS NOT NULL THEN {band} END AS {name}")
        joins.append(f"LEFT JOIN {banded} {name} ON {name}.value_hash = hash({frequency.value})")
    return parts, joins


def columns(spec: Spec) -> str:
    """Return the columns of ``mention`` that one of the texts of a spec may name."""
    return _named([*_compared(spec), *(part for rule in spec.rules for part in (rule.key, *rule.also))])


def _compared(spec: Spec) -> list[str]:
    return [*spec.columns.values(), *(frequency.value for frequency in spec.bands.values())]


def _named(texts: list[str]) -> str:
    """Return the columns of ``mention`` that some SQL may name."""
    words = {"mention_id", *re.findall(r"\w+", " ".join(texts))}
    return ", ".join(c.name for c in contracts.table("mention").columns if c.name in words)


def write_bands(db: Engine, spec: Spec) -> None:
    """Write ``value_band``: how common every value is tonight."""
    db.run(contracts.table("value_band").ddl())
    for name, frequency in spec.bands.items():
        shares(db, name, frequency)
        db.run(f"INSERT INTO value_band SELECT '{name}', hash(value), band FROM share_{name}")
        db.run(f"DROP TABLE share_{name}")


def _key(rule: Rule) -> str:
    return hash_sql(rule.key, *rule.also)


def hash_sql(*parts: str) -> str:
    """Return the SQL of one hash of several expressions; null where one of them is, which ``hash`` alone is not."""
    return f"CASE WHEN {_known(parts)} THEN hash({', '.join(parts)}) END"


def number_sql(*parts: str) -> str:
    """Return the SQL of the same hash with 0 for null; that of the integer 0, which is 0 too, becomes 1."""
    told = f"greatest(hash({', '.join(parts)}), CAST(1 AS UBIGINT))"
    return f"CASE WHEN {_known(parts)} THEN {told} ELSE CAST(0 AS UBIGINT) END"


def _known(parts: tuple[str, ...]) -> str:
    return " AND ".join(f"({part}) IS NOT NULL" for part in parts)


def shares(db: Engine, name: str, frequency: Frequency) -> None:
    """Write ``share_<name>`` (value, share, band): the chance that another person has the value."""
    db.run(
        f"CREATE OR REPLACE TEMP TABLE share_{name} AS "
        f"SELECT value, share, {band_sql('share')} AS band FROM ({share_sql(frequency)})"
    )


def share_sql(frequency: Frequency) -> str:
    """Return the query of (value, share) over table ``mention``, or over the table from outside."""
    if frequency.table:
        return f"SELECT value, share FROM {frequency.table}"
    distinct = "DISTINCT " if frequency.by else ""
    by = "".join(f", {column}" for column in frequency.by)
    rows = f"SELECT {distinct}{frequency.value} AS value{by} FROM mention"
    counted = f"SELECT value, count(*) AS n FROM ({rows}) WHERE value IS NOT NULL GROUP BY value"
    others = f"greatest(n - {frequency.own}, {LEAST_OTHERS})" if frequency.own else "n"
    return f"SELECT value, {others} / sum(n) OVER () AS share FROM ({counted})"
