"""A delivered file → a staging table of typed rows, each with the reason to reject it, if any."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from linkage import contracts
from linkage.config import Config
from linkage.engine.base import Engine
from linkage.errors import DeliveryRefused
from linkage.intake import convert, delivery, reader
from linkage.intake.convert import Tally
from linkage.intake.delivery import Delivery
from linkage.intake.manifest import MANIFEST, Listed
from linkage.intake.profile import FileSpec, Profile, match_header
from linkage.intake.reader import Rejected, Text
from linkage.privacy import Keys

MIN_REJECTED = 3
CHUNK = "_chunk"
BY_READER = "_unread"
PLACE = (("line_number", "INTEGER"), ("byte_offset", "BIGINT"), ("byte_length", "BIGINT"))


@dataclass
class Staged:
    """A file of a delivery in its staging table."""

    spec: FileSpec
    table: str
    rows: int = 0
    rejected: int = 0
    bytes: int = 0
    bytes_header: int = 0
    bytes_accepted: int = 0
    unread: list[Rejected] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    """Headers that the contract does not know."""
    tally: Tally = field(default_factory=Tally)

    def odd(self, type_: str) -> int:
        """Count the rows with an odd value in columns of a type."""
        return sum(self.tally.odd.get(c.header, 0) for c in self.spec.columns if c.type == type_)


def stage(db: Engine, found: Delivery, listed: Listed, profile: Profile, keys: Keys) -> Staged:
    """Read one file; raises `DeliveryRefused` when it is damaged as a whole, or not the one listed."""
    spec = profile.files[listed.name]
    text = reader.open_text(
        delivery.load(found, listed), encoding=profile.encoding, delimiter=profile.delimiter, name=spec.name
    )
    positions, extra = match_header(spec, text.header)
    staged = Staged(spec, f"_stage_{spec.table}", bytes=text.size, bytes_header=text.header_size, ignored=extra)
    db.run(_ddl(spec, staged.table))
    read = _read(db, staged, text, positions, profile, keys)
    staged.rows = read + len(staged.unread)
    _find_doubles(db, spec, staged.table)
    good = db.rows(f"SELECT count(*), coalesce(sum(byte_length), 0) FROM {staged.table} WHERE _reason IS NULL")[0]
    staged.rejected, staged.bytes_accepted = staged.rows - int(good[0]), int(good[1])
    return staged


def check_rows(staged: Staged, listed: Listed) -> None:
    """Refuse a file that does not hold the rows that its manifest promises."""
    # A line that cannot be read may be a whole record or a piece of one.
    if not staged.rows - len(staged.unread) <= listed.rows <= staged.rows:
        raise DeliveryRefused(
            "rows", f"{staged.spec.name} has {staged.rows} rows where {MANIFEST} says {listed.rows}: send it again"
        )


def check_share(staged: Staged, config: Config) -> None:
    """Refuse a file of which too much is rejected: something is wrong with all of it."""
    if staged.rejected > MIN_REJECTED and staged.rejected > config.intake.max_rejected_share * staged.rows:
        raise DeliveryRefused(
            "rejected_rows",
            f"{staged.spec.name}: {staged.rejected} of {staged.rows} rows rejected: correct them and send it again, "
            "inbeeld rejected has lines and reasons",
        )


def write_rejected(db: Engine, staged: Staged, found: Delivery, limit: int | None = None) -> None:
    """Append the rejected rows of a file to ``rejected_row``: all, or the first."""
    if not staged.rejected:
        return
    rows = pd.DataFrame(
        {
            "line_number": [r.line_number for r in staged.unread],
            "byte_offset": [r.byte_offset for r in staged.unread],
            "byte_length": [r.byte_length for r in staged.unread],
            "reason": pd.Series([r.reason for r in staged.unread], dtype="string"),
            "column_name": pd.Series([r.column for r in staged.unread], dtype="string"),
        }
    )
    db.register(BY_READER, rows)
    db.run(
        f"""INSERT INTO rejected_row BY NAME
            SELECT ? AS source_id, ? AS delivery_id, ? AS content_hash, ? AS file_name, * FROM (
              SELECT line_number, byte_offset, byte_length, _reason AS reason, _header AS column_name
              FROM {staged.table} WHERE _reason IS NOT NULL
              UNION ALL SELECT line_number, byte_offset, byte_length, reason, column_name FROM {BY_READER})
            ORDER BY line_number {"" if limit is None else f"LIMIT {limit}"}""",
        [found.source_id, found.delivery_id, found.content_hash, staged.spec.name],
    )
    db.run(f"DROP TABLE {BY_READER}")


def drop(db: Engine) -> None:
    """Drop all staging tables: they hold rows in clear that may not be kept."""
    for name in ("police_incident", "police_person", "care_report", "steunpunt_report", "steunpunt_person"):
        db.run(f"DROP TABLE IF EXISTS _stage_{name}")
    db.run(f"DROP TABLE IF EXISTS {CHUNK}")


def _read(db: Engine, staged: Staged, text: Text, positions: dict[str, int], profile: Profile, keys: Keys) -> int:
    plan, read = convert.columns(staged.spec, profile, keys), 0
    for chunk in reader.chunks(text, staged.unread):
        read += len(chunk.rows)
        db.register(CHUNK, convert.frame(chunk, text, positions, plan, staged.tally))
        db.run(f"INSERT INTO {staged.table} BY NAME SELECT * FROM {CHUNK}")
    db.run(f"DROP TABLE IF EXISTS {CHUNK}")
    return read


def _ddl(spec: FileSpec, name: str) -> str:
    """Columns may be empty here: a rejected row has no value where it is wrong. Lists stay text until they are kept."""
    types = {column.name: column.type for column in contracts.table(spec.table).columns}
    if spec.record:
        types = {c.name: c.type for c in contracts.table(spec.record.table).columns} | types
    types |= dict(PLACE) | {"_reason": "VARCHAR", "_header": "VARCHAR"}
    columns = ", ".join(f'"{c}" {"VARCHAR" if kind.endswith("[]") else kind}' for c, kind in types.items())
    return f"CREATE OR REPLACE TEMP TABLE {name} ({columns})"


def _find_doubles(db: Engine, spec: FileSpec, name: str) -> None:
    key = ", ".join(f'"{column}"' for column in spec.key)
    if spec.number_within:
        db.run(
            f"""UPDATE {name} SET "{spec.key[-1]}" = n FROM (SELECT line_number AS line, row_number() OVER
                (PARTITION BY "{spec.number_within}" ORDER BY line_number) AS n FROM {name}) WHERE line = line_number"""
        )
    db.run(
        f"""UPDATE {name} SET _reason = 'duplicate_key', _header = ? WHERE line_number IN (
              SELECT line_number FROM {name} WHERE _reason IS NULL
              QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY line_number) > 1)""",
        [spec.header_of(spec.key[-1])],
    )
