"""The manifest of a delivery: what its sender promises."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from linkage.errors import DeliveryRefused
from linkage.intake.values import LOCAL

MANIFEST = "manifest.json"
KEYS = ("source_id", "delivery_id", "profile", "kind", "extracted_at", "covers_until", "purpose", "files")
REPAIRS = "repairs"
"""A key beyond the contract, which `inbeeld retry` writes; a source may as well."""
MAX_ROWS = 1_000_000_000
SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Listed:
    """A file as the manifest lists it."""

    name: str
    rows: int
    sha256: str


def parse(data: bytes) -> dict[str, Any]:
    """Return the keys of a manifest; raises `DeliveryRefused` when one of the contract is missing.

    A sender may add keys of its own: they promise nothing that we know, and are left alone.
    """
    try:
        raw = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise DeliveryRefused("manifest", f"{MANIFEST} is not valid JSON: send it again") from None
    missing = [key for key in KEYS if not isinstance(raw, dict) or key not in raw]
    if missing:
        raise DeliveryRefused("manifest", f"{MANIFEST} lacks {', '.join(missing)}: send the manifest of the contract")
    assert isinstance(raw, dict)
    return raw


def text(raw: dict[str, Any], key: str) -> str:
    """Return a text."""
    if not isinstance(raw[key], str) or not raw[key]:
        raise DeliveryRefused("manifest", f"{MANIFEST}: {key} must be text")
    return str(raw[key])


def moment(raw: dict[str, Any]) -> datetime:
    """Return the moment of extraction; without an offset it is local in Amsterdam."""
    try:
        found = datetime.fromisoformat(text(raw, "extracted_at"))
        found = found if found.tzinfo else found.replace(tzinfo=LOCAL)
        if not 1990 <= found.astimezone(UTC).year <= 2200:
            raise ValueError
    except (ValueError, OverflowError):
        raise DeliveryRefused("manifest", f"{MANIFEST}: extracted_at must be like 2025-03-14T02:10:00+01:00") from None
    return found


def day(raw: dict[str, Any]) -> date:
    """Return the last day that the delivery covers."""
    try:
        found = date.fromisoformat(text(raw, "covers_until"))
    except ValueError:
        raise DeliveryRefused("manifest", f"{MANIFEST}: covers_until must be a day like 2025-03-13") from None
    if found > moment(raw).astimezone(LOCAL).date():
        raise DeliveryRefused("manifest", f"{MANIFEST}: covers_until is after extracted_at: correct one of them")
    return found


def repairs(raw: dict[str, Any]) -> str | None:
    """Return the delivery that this one holds again with repaired files, if it says so."""
    return text(raw, REPAIRS) if raw.get(REPAIRS) is not None else None


def files(raw: dict[str, Any]) -> tuple[Listed, ...]:
    """Return the files that the manifest lists."""
    entries = raw["files"]
    if not isinstance(entries, list) or not entries or not all(map(_is_entry, entries)):
        raise DeliveryRefused("manifest", f"{MANIFEST}: files must list name, rows and sha256 of each file")
    return tuple(Listed(entry["name"], entry["rows"], entry["sha256"].lower()) for entry in entries)


def _is_entry(entry: object) -> bool:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("name"), str)
        and isinstance(entry.get("rows"), int)
        and not isinstance(entry["rows"], bool)
        and 0 <= entry["rows"] <= MAX_ROWS
        and isinstance(entry.get("sha256"), str)
        and SHA256.fullmatch(entry["sha256"].lower()) is not None
    )
