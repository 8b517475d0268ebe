"""A source profile of ``schemas/sources`` as objects: which header leads to which canonical column, and how."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from rapidfuzz import fuzz

from linkage import contracts
from linkage.errors import ContractError, DeliveryRefused

LIKE = 60
"""Similarity of two headers, of 100, from which one may be the other."""
MIN_INSIDE = 3
TYPES = frozenset(
    [
        "text",
        "id",
        "incident_number",
        "integer",
        "timestamp",
        "date",
        "birth_date",
        "code",
        "codes",
        "flag",
        "secrecy",
        "municipality",
        "municipality_name",
        "bsn",
        "secret",
        "reporter",
        "address",
    ]
)


@dataclass(frozen=True)
class ColumnSpec:
    """One column of a delivered file."""

    header: str
    to: tuple[str, ...]
    type: str = "text"
    required: bool = False
    codes: str | None = None
    domain: str | None = None
    optional: bool = False
    """The header itself may be missing."""


@dataclass(frozen=True)
class RecordSpec:
    """The record table that a file of persons fills as well: one row per key, from its first accepted row."""

    table: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    copy: dict[str, str] = field(default_factory=dict)
    set: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FileSpec:
    """One file of a delivery."""

    name: str
    table: str
    key: tuple[str, ...]
    required: bool
    columns: tuple[ColumnSpec, ...]
    number_within: str | None = None
    unless: dict[str, frozenset[str]] = field(default_factory=dict)
    record: RecordSpec | None = None

    def header_of(self, target: str) -> str:
        """Return the header that leads to a canonical column."""
        return next((c.header for c in self.columns if target in c.to), target)


@dataclass(frozen=True)
class Profile:
    """How one kind of source writes its deliveries."""

    name: str
    chain: str
    kinds: tuple[str, ...]
    encoding: str
    delimiter: str
    dates: str
    files: dict[str, FileSpec]
    reporters: dict[str, str]


@cache
def load(name: str) -> Profile:
    """Return a profile; raises `ContractError` when its file contradicts itself."""
    raw = contracts.profile(name)
    try:
        return Profile(
            name=name,
            chain=raw["chain"],
            kinds=tuple(raw["kinds"]),
            encoding=raw["encoding"],
            delimiter=raw["delimiter"],
            dates=raw["dates"],
            files={n: _file(n, spec) for n, spec in raw["files"].items()},
            reporters=dict(raw.get("reporters", {})),
        )
    except (KeyError, TypeError) as error:
        raise ContractError(f"schemas/sources/{name}.toml: {error}") from None


def _file(name: str, raw: dict[str, Any]) -> FileSpec:
    columns = tuple(_column(header, spec) for header, spec in raw["columns"].items())
    record = raw.get("record")
    return FileSpec(
        name=name,
        table=raw["table"],
        key=tuple(raw["key"]),
        required=bool(raw["required"]),
        columns=columns,
        number_within=raw.get("number_within"),
        unless={c: frozenset(values) for c, values in raw.get("unless", {}).items()},
        record=None
        if record is None
        else RecordSpec(
            table=record["table"],
            key=tuple(record["key"]),
            columns=tuple(record["columns"]),
            copy=dict(record.get("copy", {})),
            set=dict(record.get("set", {})),
        ),
    )


def _column(header: str, raw: dict[str, Any]) -> ColumnSpec:
    to = raw["to"]
    spec = ColumnSpec(header=header, **{**raw, "to": (to,) if isinstance(to, str) else tuple(to)})
    if spec.type not in TYPES:
        raise TypeError(f"column {header} has unknown type {spec.type}")
    return spec


def match_header(spec: FileSpec, header: list[str]) -> tuple[dict[str, int], list[str]]:
    """Return the position of each column of the contract, and the headers that the contract does not know.

    Those come as they may be told, with the known name nearest to each. Raises `DeliveryRefused` that names every
    missing column with the unknown header nearest to it.
    """
    known = {c.header for c in spec.columns}
    doubles = sorted({h for h in header if header.count(h) > 1})
    if doubles:
        named = ", ".join(h for h in doubles if h in known) or "unknown ones"
        raise DeliveryRefused("header", f"{spec.name}: columns stand twice in the header: {named}")
    extra = [h for h in header if h not in known]
    missing = [c.header for c in spec.columns if c.header not in header and not c.optional]
    if missing:
        raise DeliveryRefused("header", f"{spec.name}: {_difference(spec, missing, extra)}")
    return {h: i for i, h in enumerate(header) if h in known}, [_ignored(h, known) for h in extra]


def _difference(spec: FileSpec, missing: list[str], extra: list[str]) -> str:
    """Say which columns are missing and which of the unknown ones they may be.

    A file without a header has a record in its place: nothing of that may be told.
    """
    renamed = _renamed(missing, extra)
    wanted = [c.header for c in spec.columns if not c.optional]
    same = sum(_folded(missed) == _folded(new) for missed, new in renamed.items())
    if 2 * (len(wanted) - len(missing) + same) < len(wanted):
        found = len(wanted) - len(missing)
        return (
            f"the first line has {found} of the {len(wanted)} columns of the contract (missing column "
            f"{_listed(missing, 4)}): send the header of the contract, with its delimiter"
        )
    told = [f"{m} (renamed to {clean(renamed[m])}?)" if m in renamed else m for m in missing]
    new = [clean(h) for h in extra if h not in renamed.values()]
    unknown = f"; unknown column {_listed(new, 4)}" if new else ""
    return f"missing column {_listed(told, 8)}{unknown}: send the header of the contract"


def _listed(names: list[str], most: int) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _renamed(missing: list[str], extra: list[str]) -> dict[str, str]:
    """Return the unknown header nearest to each missing column, the surest first; each is taken once."""
    scores = sorted(((-_likeness(m, e), m, e) for m in missing for e in extra), key=lambda found: found[0])
    found: dict[str, str] = {}
    for score, missed, header in scores:
        if -score >= LIKE and missed not in found and header not in found.values():
            found[missed] = header
    return found


def _ignored(header: str, known: set[str]) -> str:
    nearest = max(sorted(known), key=lambda name: _likeness(header, name))
    return f"{clean(header)} (like {nearest})" if _likeness(header, nearest) >= LIKE else clean(header)


def _likeness(one: str, other: str) -> float:
    """Return how alike two headers are, of 100; a name inside the other counts, however short it is beside it."""
    left, right = _folded(one), _folded(other)
    is_inside = min(len(left), len(right)) >= MIN_INSIDE and (left in right or right in left)
    return max(fuzz.ratio(left, right), LIKE if is_inside else 0)


def _folded(header: str) -> str:
    return "".join(ch for ch in header.casefold() if ch.isalnum())


def clean(text: str) -> str:
    """Return a delivered name as it may stand in a message: printable, short, one line."""
    return "".join(ch if ch.isprintable() else "?" for ch in text)[:40]
