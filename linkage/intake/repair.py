"""A delivery with repaired files: put together beside the one that it repairs, tried, and moved into the inbox.

The original stays as it was sent. The repaired one has a delivery id of its own (``2025-03-14.r01``), the original's
moment of extraction, so that newer deliveries outrank it, and names in its manifest which delivery it repairs.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import shutil
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from linkage import contracts
from linkage.config import Config
from linkage.engine.base import Engine
from linkage.errors import DeliveryRefused, UsageError
from linkage.intake import delivery, manifest, reader, take
from linkage.intake import profile as profiles
from linkage.intake.delivery import Delivery, Refused
from linkage.intake.manifest import MANIFEST
from linkage.intake.profile import Profile
from linkage.privacy import Keys

ROUND = re.compile(r"\.r(\d{2})")
NEEDS_OTHERS = ("orphan", "advice_person")
"""Reasons that only the other deliveries can tell."""


@dataclass(frozen=True)
class Repaired:
    """A delivery that is put together but not yet in the inbox."""

    inbox: Path
    """A hidden inbox that holds nothing else."""
    source_id: str
    repairs: str
    delivery_id: str
    files: tuple[str, ...]

    def move_into(self, inbox: Path) -> None:
        """Put the delivery into the inbox, whole; raises `UsageError` when the inbox cannot be written."""
        target = inbox / self.source_id / self.delivery_id
        try:
            (self.inbox / self.source_id / self.delivery_id).rename(target)
        except OSError as error:
            raise UsageError(f"the repaired delivery cannot be put into the inbox ({error.strerror})") from None


@dataclass(frozen=True)
class Trial:
    """What a delivery would give by itself."""

    refused: Refused | None
    rows: int = 0
    accepted: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    places: tuple[tuple[str, int, str, str | None], ...] = ()
    """File, line, reason and column of the rejected rows."""


@contextmanager
def assemble(inbox: Path, source_id: str, delivery_id: str, files: Sequence[Path], max_mb: int) -> Iterator[Repaired]:
    """Put a delivery together with repaired files, in a hidden folder of the inbox that is removed at the end.

    Raises `UsageError` when there is no such delivery, its manifest cannot be read, or a file is none of its profile.
    """
    found = _original(inbox, source_id, delivery_id)
    profile = profiles.load(found.profile)
    repaired = {path.name: _repaired(path, profile, max_mb) for path in files}
    if len(repaired) < len(files):
        raise UsageError("two of the files have the same name: give each once")
    number = _next(inbox / source_id, ROUND.sub("", delivery_id))
    hidden = inbox / f".retry-{secrets.token_hex(4)}"
    try:
        try:
            folder = hidden / source_id / number
            folder.mkdir(parents=True, mode=0o700)
            _write(folder, found, number, repaired, profile)
        except OSError as error:
            raise UsageError(f"the inbox {inbox} cannot be written ({error.strerror})") from None
        yield Repaired(hidden, source_id, delivery_id, number, tuple(sorted(repaired)))
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def trial(db: Engine, config: Config, repaired: Repaired) -> Trial:
    """Take a delivery in by itself, into an empty database, and say what it gives."""
    report = take.take_in(
        db,
        config,
        inbox=repaired.inbox,
        run_id="trial",
        seen=(),
        keys=Keys(secrets.token_bytes(64)),
        progress=lambda _: None,
    )
    found = db.rows(
        "SELECT file_name, line_number, reason, column_name FROM rejected_row "
        f"WHERE reason NOT IN {NEEDS_OTHERS} ORDER BY ALL"
    )
    places = tuple((str(f), int(n), str(r), c if c is None else str(c)) for f, n, r, c in found)
    rejected = Counter(reason for _, _, reason, _ in places)
    if report.refused:
        return Trial(report.refused[0], rejected=rejected, places=places)
    rows = sum(one.rows for one in report.accepted)
    return Trial(None, rows, rows - rejected.total(), rejected, places)


def _original(inbox: Path, source_id: str, delivery_id: str) -> Delivery:
    folder = inbox / source_id / delivery_id
    if not (delivery.SAFE.fullmatch(source_id) and delivery.SAFE.fullmatch(delivery_id)) or not folder.is_dir():
        raise UsageError(f"the inbox holds no delivery {source_id}/{delivery_id}: give SOURCE/DELIVERY as it is listed")
    found = delivery.read(folder)
    if isinstance(found, Refused):
        raise UsageError(f"{source_id}/{delivery_id} cannot be repaired with a file: {found.message}")
    if found.profile not in contracts.profiles():
        raise UsageError(f"{source_id}/{delivery_id} cannot be repaired with a file: {MANIFEST}: unknown profile")
    return found


def _repaired(path: Path, profile: Profile, max_mb: int) -> bytes:
    """Return the bytes of a repaired file, which must have the name of a file of the contract."""
    if path.name not in profile.files:
        raise UsageError(f"a repaired file must be called {' or '.join(profile.files)}, as in the contract")
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            raise UsageError(f"{path.name} is not a regular file: give the file itself")
        if status.st_size > max_mb * 1_000_000:
            raise UsageError(f"{path.name} is larger than intake.max_file_mb ({max_mb} MB)")
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path.name} cannot be read ({error.strerror})") from None


def _next(source: Path, base: str) -> str:
    taken = {path.name for path in source.iterdir()}
    for number in range(1, 100):
        if (name := f"{base}.r{number:02d}") not in taken and delivery.SAFE.fullmatch(name):
            return name
    raise UsageError(f"{base} was repaired 99 times: send it as another delivery")


def _write(folder: Path, found: Delivery, number: str, repaired: dict[str, bytes], profile: Profile) -> None:
    raw: dict[str, Any] = json.loads((found.folder / MANIFEST).read_bytes().decode("utf-8-sig"))
    listed = []
    for entry in found.files:
        if entry.name in repaired:
            continue
        listed.append({"name": entry.name, "rows": entry.rows, "sha256": entry.sha256})
        if entry.name in profile.files and (found.folder / entry.name).is_file():
            shutil.copyfile(found.folder / entry.name, folder / entry.name, follow_symlinks=False)
    for name, data in repaired.items():
        (folder / name).write_bytes(data)
        listed.append({"name": name, "rows": _rows(name, data, profile), "sha256": hashlib.sha256(data).hexdigest()})
    order = list(profile.files)
    listed.sort(key=lambda entry: order.index(entry["name"]) if entry["name"] in order else len(order))
    raw |= {"delivery_id": number, manifest.REPAIRS: found.delivery_id, "files": listed}
    (folder / MANIFEST).write_text(json.dumps(raw, indent=1), encoding="utf-8")


def _rows(name: str, data: bytes, profile: Profile) -> int:
    """Count the records of a repaired file, whose sender can no longer be asked."""
    try:
        text = reader.open_text(data, encoding=profile.encoding, delimiter=profile.delimiter, name=name)
    except DeliveryRefused:
        return 0
    lost: list[reader.Rejected] = []
    return sum(len(chunk.rows) for chunk in reader.chunks(text, lost)) + len(lost)
