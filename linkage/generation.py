"""What one generation holds: its files, and the manifest against which each can be held.

The hash is BLAKE3 (O'Connor, Aumasson, Neves & Wilcox-O'Hearn 2020; ``b3sum`` reads it): every night copies and hashes
the whole database twice, and SHA-256 takes three times as long. Manifests that older versions wrote have SHA-256.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from blake3 import blake3

MANIFEST = "manifest.json"
PIECE = 1 << 18
"""Bytes that are read at once: as many as a processor keeps at hand."""


class _Hash(Protocol):
    def update(self, data: bytes, /) -> object: ...

    def hexdigest(self) -> str: ...


HASHES: dict[str, Callable[[], _Hash]] = {"blake3": blake3, "sha256": hashlib.sha256}
"""By the name under which a manifest has them; the first is written, all are read."""
WRITTEN = next(iter(HASHES))

Entry = dict[str, Any]
"""What a manifest says of a file: its size in bytes, and its hash under the name of the hash."""


def listed(generation: Path) -> dict[str, Entry]:
    """Return what the manifest of a generation says of each of its files, by path."""
    files: dict[str, Entry] = json.loads((generation / MANIFEST).read_text(encoding="utf-8"))["files"]
    return files


def write_manifest(folder: Path, run_id: str, as_of: date, nights_in_place: int) -> None:
    """List all files of a folder in its manifest."""
    files = {
        str(path.relative_to(folder)): {WRITTEN: _read(path, HASHES[WRITTEN]()), "bytes": path.stat().st_size}
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }
    manifest = {"run_id": run_id, "as_of": as_of.isoformat(), "nights_in_place": nights_in_place, "files": files}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def matches(path: Path, entry: Entry, *, copy: Path | None = None) -> bool:
    """Tell whether a file is as its manifest says; what goes to ``copy`` is what was held against it."""
    return any(_read(path, new(), copy=copy) == entry[name] for name, new in HASHES.items() if name in entry)


def _read(path: Path, hashed: _Hash, *, copy: Path | None = None) -> str:
    with path.open("rb", buffering=0) as read:
        if copy is None:
            while piece := read.read(PIECE):
                hashed.update(piece)
        else:
            with copy.open("wb") as written:
                while piece := read.read(PIECE):
                    hashed.update(piece)
                    written.write(piece)
    return hashed.hexdigest()
