"""Typed conversion of a file's records to canonical columns, on distinct values: a column repeats itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from linkage import contracts
from linkage.intake import values
from linkage.intake.profile import ColumnSpec, FileSpec, Profile
from linkage.intake.reader import Chunk, Text
from linkage.intake.values import Bad
from linkage.privacy import Keys

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
MAX_INTEGER = 999_999_999
MAX_FIELD = 500
"""Characters; no field of a contract needs more, and comparing longer ones takes a night."""
PLAIN = {"flag": "bool", "secrecy": "bool", "integer": "int", "timestamp": "time", "date": "time"}
NORMALISE: dict[str, Callable[[str], str | None]] = {"phone": values.phone, "v_number": values.foreigner_number}

Values = tuple[object, ...]
Parse = Callable[[str], tuple[Values, bool]]
"""A stripped value that is not empty → a value for each target, and whether the value is one that is known."""


@dataclass
class Tally:
    """Rows taken in of one file and, by header, how many held a value that is not known."""

    rows: int = 0
    odd: dict[str, int] = field(default_factory=dict)


class Column:
    """One column of the file as a parser of its distinct values."""

    def __init__(self, spec: ColumnSpec, table: contracts.Table, profile: Profile, keys: Keys) -> None:
        self.spec = spec
        self.targets = ("bsn_hmac", "bsn_status") if spec.type == "bsn" else spec.to
        self.kind = PLAIN.get(spec.type, "text")
        self.is_counted = spec.type == "birth_date" or (spec.codes is not None and not contracts.codes(spec.codes).open)
        self._empty: Values = (None,) * len(self.targets)
        if spec.type == "bsn":
            self._empty = (None, "absent")
        elif spec.type == "secrecy":
            self._empty = (False,)
        self._is_plain = spec.type == "text" and not spec.required
        self._parse = _parser(spec, table, profile, keys)

    def convert(self, raw: Sequence[str]) -> tuple[list[Any], npt.NDArray[Any], npt.NDArray[np.bool_]]:
        """Return an array for each target, the reason to reject each row (or None), and the rows that are odd."""
        codes, distinct = pd.factorize(np.array(raw, dtype=object))
        is_long = any(len(text) > MAX_FIELD for text in distinct)
        if self._is_plain and not is_long and CONTROL.search("".join(distinct)) is None:
            texts = np.array([text.strip() or None for text in distinct], dtype=object)
            return [_text(texts, codes)], np.full(len(codes), None, dtype=object), np.zeros(len(codes), dtype=bool)
        found = [self._one(text) for text in distinct]
        reasons = np.array([reason for _, _, reason in found], dtype=object)
        odd = np.array([not known for _, known, _ in found], dtype=bool)
        targets = [_spread([value[i] for value, _, _ in found], self.kind, codes) for i in range(len(self.targets))]
        return targets, reasons[codes], odd[codes]

    def _one(self, raw: str) -> tuple[Values, bool, str | None]:
        if CONTROL.search(raw):
            return self._empty, True, "control_character"
        text = raw.strip()
        if len(text) > MAX_FIELD:
            return self._empty, True, "too_long"
        if not text:
            return self._empty, True, "required_empty" if self.spec.required else None
        try:
            return (*self._parse(text), None)
        except Bad as bad:
            return self._empty, True, bad.reason


def columns(spec: FileSpec, profile: Profile, keys: Keys) -> list[Column]:
    """Return the columns of a file."""
    table = contracts.table(spec.table)
    return [Column(column, table, profile, keys) for column in spec.columns]


def frame(chunk: Chunk, text: Text, positions: dict[str, int], plan: Iterable[Column], tally: Tally) -> pd.DataFrame:
    """Return the records of a chunk as a frame of canonical columns, with where each stands.

    ``_reason`` and ``_header`` say why a row is rejected and by which column; the first one in the order of the
    contract.
    """
    count = len(chunk.rows)
    delivered = list(zip(*chunk.rows, strict=True))
    reason, header = np.full(count, None, dtype=object), np.full(count, None, dtype=object)
    found: dict[str, Any] = {}
    odd: dict[str, npt.NDArray[np.bool_]] = {}
    for column in plan:
        position = positions.get(column.spec.header)
        raw = delivered[position] if position is not None else ("",) * count
        arrays, reasons, is_odd = column.convert(raw)
        found |= dict(zip(column.targets, arrays, strict=True))
        is_new = np.array(reasons != None, dtype=bool) & np.array(reason == None, dtype=bool)  # noqa: E711
        reason[is_new], header[is_new] = reasons[is_new], column.spec.header
        if column.is_counted:
            odd[column.spec.header] = is_odd
    is_good = np.array(reason == None, dtype=bool)  # noqa: E711
    tally.rows += int(is_good.sum())
    for name, is_odd in odd.items():
        tally.odd[name] = tally.odd.get(name, 0) + int((is_odd & is_good).sum())
    first, last = np.array(chunk.first, dtype=np.int64), np.array(chunk.last, dtype=np.int64)
    found |= {"_reason": _text(reason), "_header": _text(header), "line_number": (first + 1).astype(np.int32)}
    found |= {"byte_offset": text.starts[first], "byte_length": text.starts[last + 1] - text.starts[first]}
    return pd.DataFrame({name: array for name, array in found.items() if array is not None})


def _spread(distinct: list[object], kind: str, codes: npt.NDArray[np.intp]) -> Any:
    """Return the values of all rows from those of the distinct ones."""
    if kind == "text":
        return _text(np.array(distinct, dtype=object), codes)
    if kind == "time":
        return np.array(distinct, dtype="datetime64[s]")[codes]
    if kind == "int":
        return pd.Series(distinct, dtype="Int32").array.take(codes)
    return pd.Series(distinct, dtype="boolean").array.take(codes)


def _text(distinct: npt.NDArray[Any], codes: npt.NDArray[np.intp] | None = None) -> pd.Categorical | None:
    """Return text as categories, which load ten times as fast as objects; None when there is no text at all."""
    own, categories = pd.factorize(distinct)
    if not len(categories):
        return None
    coded: Any = own if codes is None else own[codes]
    return pd.Categorical.from_codes(coded, pd.Index(categories))


def _parser(spec: ColumnSpec, table: contracts.Table, profile: Profile, keys: Keys) -> Parse:
    dates = profile.dates
    simple: dict[str, Callable[[str], object]] = {
        "text": str,
        "id": values.record_id,
        "incident_number": values.incident_number,
        "timestamp": partial(values.moment, dates=dates),
        "date": partial(values.day, dates=dates),
    }
    if spec.type in simple:
        return _always_known(simple[spec.type])
    if spec.type in ("municipality", "municipality_name"):
        return _always_known(values.Municipality())
    if spec.type == "integer":
        declared = table.column(spec.to[0])
        low, high = int(declared.minimum or 0), int(declared.maximum or MAX_INTEGER)
        return _always_known(lambda text: values.integer(text, low, high))
    if spec.type in ("code", "codes", "flag", "secrecy"):
        return _coded(spec, table)
    if spec.type == "birth_date":
        return partial(_birth_date, dates=dates)
    if spec.type == "bsn":
        return lambda text: (values.bsn(text, partial(keys.hmac, "bsn")), True)
    if spec.type == "secret":
        return _secret(spec.domain or spec.to[0], keys)
    if spec.type == "reporter":
        return partial(_reporter, reporters=profile.reporters)
    return lambda text: (values.address(text), True)


def _always_known(parse: Callable[[str], object]) -> Parse:
    return lambda text: ((parse(text),), True)


def _birth_date(text: str, dates: str) -> tuple[Values, bool]:
    born = values.birth_date(text, dates)
    return (born,), born is not None


def _secret(domain: str, keys: Keys) -> Parse:
    normalise = NORMALISE.get(domain, str)

    def parse(text: str) -> tuple[Values, bool]:
        plain = normalise(text)
        return (None if plain is None else keys.hmac(domain, plain),), True

    return parse


def _reporter(text: str, reporters: dict[str, str]) -> tuple[Values, bool]:
    word = re.split(r"[\s.,;:/()-]+", values.fold(text).lstrip(" .,-("))[0]
    # The rest is free text, which may name somebody: only a word of the profile's list is kept.
    return (reporters.get(word, values.UNKNOWN), word if word in reporters else None), True


def _coded(spec: ColumnSpec, table: contracts.Table) -> Parse:
    known = values.Codes(spec.codes or spec.to[0])
    is_required = any(c.name in spec.to and c.required for c in table.columns)

    def one(text: str) -> tuple[Values, bool]:
        code, is_known = known(text)
        return (values.UNKNOWN if code is None and is_required else code,), is_known

    def several(text: str) -> tuple[Values, bool]:
        pairs = [known(part.strip()) for part in text.split("|") if part.strip()]
        listed = "|".join(dict.fromkeys(code for code, _ in pairs if code is not None))
        return (listed or None,), all(is_known for _, is_known in pairs)

    def flag(text: str) -> tuple[Values, bool]:
        code, is_known = known(text)
        return ({"J": True, "N": False}.get(code or ""),), is_known

    def secrecy(text: str) -> tuple[Values, bool]:
        code, is_known = known(text)
        return (code != "N",), is_known

    return {"codes": several, "flag": flag, "secrecy": secrecy}.get(spec.type, one)
