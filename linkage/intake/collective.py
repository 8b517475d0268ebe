"""The list of addresses where many unrelated people stay: shelters, institutions, offices with a postal address."""

from __future__ import annotations

import csv
from pathlib import Path

from linkage.errors import ConfigError
from linkage.intake.text.address import parse, parse_postcode

HEADER = ("postcode", "huisnummer", "huisletter", "toevoeging")
"""Columns of the list, as in the files of the sources; the last two may be left out, further ones are not read."""

Listed = tuple[str, int | None, str]
"""Postcode, house number (none: the whole postcode), and suffix as mentions have it (empty: the whole building)."""


def read_listed(path: Path | None) -> list[Listed]:
    """Return the addresses of a list, UTF-8 and ``;``; without a path there are none.

    Raises `ConfigError` with file and line, and never with the address: where a shelter is, no log may tell.
    """
    if path is None:
        return []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, delimiter=";")
            missing = [name for name in HEADER[:2] if name not in (reader.fieldnames or ())]
            if missing:
                raise ConfigError(
                    f"list {path.name} has no column {', '.join(missing)}: its header is {';'.join(HEADER)}"
                )
            return sorted({_address(path, line, row) for line, row in enumerate(reader, 2) if any(row.values())})
    except FileNotFoundError:
        raise ConfigError(f"list {path.name} of households.collective_file does not exist") from None
    except (UnicodeDecodeError, csv.Error):
        raise ConfigError(f"list {path.name} cannot be read as CSV in UTF-8 with ; between columns") from None


def _address(path: Path, line: int, row: dict[str, str | None]) -> Listed:
    postcode, number, letter, addition = ((row.get(name) or "").strip() for name in HEADER)
    told = parse("", number, letter, addition, postcode, "")
    if not parse_postcode(postcode):
        raise ConfigError(f"list {path.name} line {line}: the postcode is none, write it as 1234AB")
    if number and told.house_number is None:
        raise ConfigError(f"list {path.name} line {line}: the house number is none, write digits or leave it empty")
    return told.postcode, told.house_number, told.house_suffix
