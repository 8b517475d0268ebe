"""The contracts of ``schemas/`` as objects: tables, code lists and source profiles.

One declaration gives column types, database comments, the reader's checks, the quality
suites and the data dictionary, so that a column is described in one place only.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linkage.errors import ContractError

if TYPE_CHECKING:
    from linkage.engine.base import Engine

SCHEMAS = Path(__file__).resolve().parents[1] / "schemas"

ZONES = ("case_view", "restricted", "work")
"""``case_view``: published to analysts (and kept in restricted); ``restricted``: identifying columns,
pairs and evidence; ``work``: dropped before publication."""

PLAIN = ("household_id", "person_id")
"""Columns that are stored as they are. Millions of different ids have little in common: DuckDB's compression of them
saves some of the bytes, and to read them through it takes longer than to look them up."""


@dataclass(frozen=True)
class Column:
    """One column of a table: its type, its comment and what must hold for its values.

    ``fill`` is the least share of non-null values below which the quality gate warns; ``references`` names
    the ``table.column`` whose values it takes.
    """

    name: str
    type: str
    comment: str
    required: bool = False
    codes: str | None = None
    pattern: str | None = None
    minimum: float | str | None = None
    maximum: float | str | None = None
    fill: float | None = None
    identifying: bool = False
    references: str | None = None


@dataclass(frozen=True)
class Table:
    """A table of the canonical vocabulary or of the case view, with its columns in order.

    A declaration with ``like = "other"`` starts with the columns of that table.
    ``checks`` are named SQL predicates over a row that select the rows that are wrong, with a severity.
    """

    name: str
    zone: str
    comment: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    checks: tuple[dict[str, str], ...] = ()

    def column(self, name: str) -> Column:
        """Return the column of that name; raises `ContractError` when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise ContractError(f"schemas/tables/{self.name}.toml has no column {name}")

    def ddl(self, name: str | None = None, *, temporary: bool = False) -> str:
        """Return the ``CREATE OR REPLACE TABLE`` statement, types and NOT NULL included."""
        kind = "TEMP TABLE" if temporary else "TABLE"
        plain = () if temporary else PLAIN  # a temporary table is not compressed
        stored = {c.name: " USING COMPRESSION uncompressed" if c.name in plain else "" for c in self.columns}
        lines = [f'"{c.name}" {c.type}{stored[c.name]}{" NOT NULL" if c.required else ""}' for c in self.columns]
        return f'CREATE OR REPLACE {kind} "{name or self.name}" (\n  ' + ",\n  ".join(lines) + "\n)"

    def is_in(self, db: Engine) -> bool:
        """Tell whether a database has this table as it is declared: columns, types and order."""
        found = db.rows(f'DESCRIBE "{self.name}"') if db.has(self.name) else []
        return [(str(row[0]), str(row[1])) for row in found] == [(c.name, c.type) for c in self.columns]

    def comments(self) -> str:
        """Return the ``COMMENT ON`` statements of the table and of each column, to be run at once."""
        target = f'"{self.name}"'
        columns = (f"COMMENT ON COLUMN {target}.\"{c.name}\" IS '{_quoted(c.comment)}'" for c in self.columns)
        return "; ".join([f"COMMENT ON TABLE {target} IS '{_quoted(self.comment)}'", *columns])


@dataclass(frozen=True)
class CodeList:
    """A code list: good codes with their label, known spellings with their fix, known junk.

    ``open`` lists keep a value that they do not know; closed ones turn it into ``onbekend`` and count it.
    """

    name: str
    comment: str
    codes: dict[str, str]
    fixes: dict[str, str] = field(default_factory=dict)
    junk: frozenset[str] = frozenset()
    open: bool = False
    advice: dict[str, str] = field(default_factory=dict)
    """What to do about a code, where it names something wrong."""
    periods: dict[str, list[str]] = field(default_factory=dict)
    """When a code is used, where that is not always: the first day, the first without it, the code that took over."""


def _quoted(text: str) -> str:
    return " ".join(text.split()).replace("'", "''")


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ContractError(f"schemas/{path.parent.name}/{path.name} does not exist") from None
    except tomllib.TOMLDecodeError as error:
        raise ContractError(f"schemas/{path.parent.name}/{path.name}: {error}") from None


@cache
def table(name: str) -> Table:
    """Return the declaration of one table; raises `ContractError` when it is missing or malformed."""
    raw = _read(SCHEMAS / "tables" / f"{name}.toml")
    try:
        like = table(raw["like"]).columns if "like" in raw else ()
        columns = like + tuple(Column(name=n, **spec) for n, spec in raw.get("columns", {}).items())
        declared = Table(
            name=name,
            zone=raw["zone"],
            comment=raw["comment"],
            key=tuple(raw.get("key", ())),
            columns=columns,
            checks=tuple(raw.get("checks", ())),
        )
    except (KeyError, TypeError) as error:
        raise ContractError(f"schemas/tables/{name}.toml: {error}") from None
    unknown = set(declared.key) - {c.name for c in columns}
    if unknown or declared.zone not in ZONES:
        raise ContractError(f"schemas/tables/{name}.toml: unknown key column or zone {sorted(unknown)} {declared.zone}")
    return declared


@cache
def tables(zone: str | None = None) -> tuple[Table, ...]:
    """Return all declared tables by name, or those of one zone."""
    names = sorted(p.stem for p in (SCHEMAS / "tables").glob("*.toml"))
    return tuple(t for t in map(table, names) if zone is None or t.zone == zone)


@cache
def codes(name: str) -> CodeList:
    """Return one code list of ``schemas/codes``; raises `ContractError` when it is missing."""
    raw = _read(SCHEMAS / "codes" / f"{name}.toml")
    return CodeList(
        name=name,
        comment=raw["comment"],
        codes=dict(raw["codes"]),
        fixes=dict(raw.get("fixes", {})),
        junk=frozenset(raw.get("junk", ())),
        open=bool(raw.get("open", False)),
        advice=dict(raw.get("advice", {})),
        periods=dict(raw.get("periods", {})),
    )


@cache
def profile(name: str) -> dict[str, Any]:
    """Return a source profile of ``schemas/sources`` as its TOML holds it."""
    return _read(SCHEMAS / "sources" / f"{name}.toml")


def profiles() -> tuple[str, ...]:
    """Return the names of all source profiles."""
    return tuple(sorted(p.stem for p in (SCHEMAS / "sources").glob("*.toml")))
