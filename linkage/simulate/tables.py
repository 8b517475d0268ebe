"""Files of a delivery, and its manifest."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from pathlib import Path

PURPOSE = "hg-ketenbeeld"


class Table:
    """One CSV file in the making."""

    def __init__(self, name: str, header: list[str], encoding: str = "utf-8") -> None:
        self.name = name
        self.encoding = encoding
        self.rows = 0
        self._buffer = io.StringIO()
        self._writer = csv.writer(self._buffer, delimiter=";", lineterminator="\r\n")
        self._writer.writerow(header)

    def add(self, row: list[str]) -> None:
        """One more record."""
        self._writer.writerow(row)
        self.rows += 1

    def save(self, folder: Path) -> dict[str, object]:
        """Writes the file; answers its entry in the manifest."""
        data = self._buffer.getvalue().encode(self.encoding)
        (folder / self.name).write_bytes(data)
        return {"name": self.name, "rows": self.rows, "sha256": hashlib.sha256(data).hexdigest()}


def save_delivery(
    inbox: Path, source: str, profile: str, kind: str, dates: tuple[str, str], tables: list[Table]
) -> None:
    """A folder with its files; the manifest comes last, for it says that the delivery is complete."""
    delivered, covers = dates
    folder = inbox / source / delivered
    folder.mkdir(parents=True, exist_ok=True)
    manifest = {
        "source_id": source,
        "delivery_id": delivered,
        "profile": profile,
        "kind": kind,
        "extracted_at": f"{delivered}T02:10:00+01:00",
        "covers_until": covers,
        "purpose": PURPOSE,
        "files": [table.save(folder) for table in tables],
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=1) + "\n"
    (folder / "manifest.json").write_bytes(text.encode("utf-8"))
