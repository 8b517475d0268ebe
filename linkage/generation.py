"""What one generation holds: its files, and the manifest against which each can be held.

The hash is BLAKE3 (O'Connor, Aumasson, Neves & Wilcox-O'Hearn 2020; ``b3sum`` reads it): every night copies and hashes
the whole database twice, and SHA-256 takes three times as long. Manifests that older versions wrote have SHA-256.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import date
from mmap import mmap
from pathlib import Path
from typing import Any, Protocol

from blake3 import blake3

MANIFEST = "manifest.json"
PIECE = 1 << 22
"""Bytes that are read at once."""
BLOCK = 4096
"""Bytes of which a disk takes a multiple."""
LARGE = 1 << 24
"""Bytes from which a file is read and written without the system keeping it in memory."""
DIRECT = getattr(os, "O_DIRECT", 0)


class _Hash(Protocol):
    def update(self, data: bytes | memoryview[int], /) -> object: ...

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
    """Hash a file, and write what is hashed to ``copy``."""
    with _opened(path, os.O_RDONLY) as source, mmap(-1, PIECE) as room, memoryview(room) as piece:
        whole, done = os.fstat(source).st_size, 0
        with _opened(copy, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, whole) if copy else nullcontext(-1) as target:
            while done < whole and (size := os.preadv(source, [piece], done)):
                hashed.update(piece[:size])
                if copy and os.pwrite(target, piece[: -(-size // BLOCK) * BLOCK], done) < size:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                done += size
            if copy:
                os.ftruncate(target, done)
    return hashed.hexdigest()


@contextmanager
def _opened(path: Path, flags: int, size: int | None = None) -> Iterator[int]:
    """Open a file that has, or is to have, a size in bytes; a large one past the memory that the system keeps files in.

    To find memory for what is read once, and to fill it, is more work than to read it.
    """
    is_large = (path.stat().st_size if size is None else size) >= LARGE
    try:
        descriptor = os.open(path, flags | (DIRECT if is_large else 0), 0o666)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some file systems have nothing but that memory
            raise
        descriptor = os.open(path, flags, 0o666)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
