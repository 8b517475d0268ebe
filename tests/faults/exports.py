"""Exports that are right: rows of every source profile, written here, so that each row's bytes are known.

Nothing of the reader is used: it is what these exports are held against.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, pairwise
from pathlib import Path

from linkage.intake import profile as profiles
from linkage.intake.profile import FileSpec
from linkage.simulate import write_sample

CANARY = "Zq7kanarie"
"""Stands in text fields: no message may hold it."""
LEGAL = ("a;b", 'zei "nee"', "twee\nregels", "drie\r\nechte\nregels", '";"', "Käthe Ößlø", f"{CANARY} 12", "x" * 300)
PROFILES = ("politie_bvh", "veilig_thuis", "ashg_2010")


@dataclass(frozen=True)
class Export:
    """One file of a delivery as its sender wrote it."""

    profile: str
    spec: FileSpec
    header: list[str]
    rows: list[list[str]]
    delimiter: str
    encoding: str

    @cached_property
    def lines(self) -> list[bytes]:
        """Each row as its bytes, line end included; the first is the header."""
        return [self.line(row) for row in [self.header, *self.rows]]

    @cached_property
    def data(self) -> bytes:
        """The whole file."""
        return b"".join(self.lines)

    @cached_property
    def spans(self) -> list[tuple[int, int]]:
        """First byte of each row and the first one after it, the header left out."""
        ends = list(accumulate(len(line) for line in self.lines))
        return list(pairwise(ends))

    def line(self, row: list[str]) -> bytes:
        """Write one row by RFC 4180."""
        return (self.delimiter.join(self._field(field) for field in row) + "\n").encode(self.encoding, "replace")

    def columns(self, *types: str) -> list[int]:
        """Return the positions of the columns of some types."""
        return [i for i, c in enumerate(self.spec.columns) if c.type in types]

    def with_(self, *, header: list[str] | None = None, rows: list[list[str]] | None = None) -> Export:
        """Return the same export with another header or other rows."""
        return replace(self, header=header or self.header, rows=self.rows if rows is None else rows)

    def _field(self, text: str) -> str:
        if any(mark in text for mark in (self.delimiter, '"', "\n", "\r")):
            return '"' + text.replace('"', '""') + '"'
        return text


class Pool:
    """Rows of a synthetic inbox, by profile and file."""

    def __init__(self, folder: Path, incidents: int = 150) -> None:
        write_sample(folder, incidents=incidents, seed=11)
        self._rows: dict[tuple[str, str], list[list[str]]] = {}
        for name in PROFILES:
            profile = profiles.load(name)
            for file in profile.files:
                self._rows[name, file] = list(_distinct(folder / "inbox", file, profile.encoding))

    @property
    def kinds(self) -> list[tuple[str, str]]:
        """Every profile with each of its files."""
        return sorted(self._rows)

    def export(self, dice: random.Random, profile: str, file: str) -> Export:
        """Return an export of 8 to 40 rows, of which some have what is legal and awkward in their text."""
        known = profiles.load(profile)
        spec = known.files[file]
        every = self._rows[profile, file]
        rows = [list(row) for row in dice.sample(every, min(dice.randint(8, 40), len(every)))]
        rows = [[_stripped(field) for field in row] for row in rows]
        free = [i for i, c in enumerate(spec.columns) if c.type == "text" and not c.required]
        for row in rows:
            while free and dice.random() < 0.25:
                row[dice.choice(free)] = dice.choice(LEGAL)
        for row in rows[:3]:  # every file has text that is not ASCII
            if free:
                row[dice.choice(free)] = "Käthe Ößlø"
        return Export(profile, spec, [c.header for c in spec.columns], rows, known.delimiter, known.encoding)


def _distinct(inbox: Path, file: str, encoding: str) -> Iterator[list[str]]:
    """Yield the rows of a file over all its deliveries, the first of each key, read by Python's csv module."""
    seen = set()
    for path in sorted(inbox.rglob(file)):
        with path.open(encoding=encoding, newline="") as handle:
            lines = csv.reader(handle, delimiter=";", strict=True)
            header = next(lines)
            for row in lines:
                key = row[:2] if header[1] == "volgnummer" else row[:1]
                if file == "zorgmeldingen.csv":
                    key = row[1:2]
                if file == "clienten.csv":
                    key = row
                if tuple(key) not in seen:
                    seen.add(tuple(key))
                    yield row


def _stripped(text: str) -> str:
    return text.strip()
