"""Deliveries in the inbox: which folders are complete, and what their manifests promise.

Nothing of a delivery is trusted: names are compared, never used as they come, and only regular files are opened.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from linkage import contracts, register
from linkage.config import Config
from linkage.errors import DeliveryRefused
from linkage.intake import manifest
from linkage.intake import profile as profiles
from linkage.intake.manifest import MANIFEST, Listed
from linkage.intake.profile import Profile
from linkage.intake.values import LOCAL

MANIFEST_BYTES = 1_000_000
SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
NO_DELIVERY = "-"
"""Stands for the delivery of what lies in the inbox itself, beside the folders of the sources."""
NAME = 60
"""Characters of a name that is not safe, as it is shown."""
DATA = re.compile(
    r"\.(csv|tsv|txt|json|jsonl|xml|parquet|xls[xmb]?|ods|zip|gz|tgz|bz2|xz|zst|7z|rar|tar|lz4|duckdb|sqlite)$",
    re.IGNORECASE,
)
"""Names of files that a sender means as data."""


@dataclass(frozen=True)
class Delivery:
    """A delivery whose manifest can be read."""

    folder: Path
    source_id: str
    delivery_id: str
    content_hash: str
    profile: str
    kind: str
    purpose: str
    extracted_at: datetime
    covers_until: date
    files: tuple[Listed, ...]
    repairs: str | None = None
    """The delivery of this source that it holds again, with repaired files."""

    @property
    def version(self) -> str:
        """Text that orders the deliveries of a source whatever night they come in."""
        moment = self.extracted_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return f"{moment} {self.delivery_id} {self.content_hash[:12]}"


@dataclass(frozen=True)
class Accepted:
    """A delivery that this run took in."""

    source_id: str
    delivery_id: str
    content_hash: str
    profile: str
    kind: str
    extracted_at: datetime
    covers_until: date
    rows: int
    accepted: int
    rejected: int


@dataclass(frozen=True)
class Refused:
    """A delivery that this run set aside."""

    source_id: str
    delivery_id: str
    reason: str
    message: str
    extracted_at: datetime | None = None
    content_hash: str = ""


def entries(inbox: Path) -> Iterator[Path | Refused]:
    """Yield the folders that have a manifest, by name, and the refusal of what is no delivery.

    A folder without a manifest is still being written. Hidden names are nobody's delivery; neither is a file that
    holds no data. Links, pipes, devices, archives and loose files of data are refused: a sender meant them.
    """
    for source in _listed(inbox):
        if source.is_dir(follow_symlinks=False):
            try:
                inner = _listed(Path(source.path))
            except OSError as error:
                yield Refused(shown(source.name), NO_DELIVERY, "unreadable", f"the folder {_cannot(error)}")
                continue
            for entry in inner:
                yield from _entry(shown(source.name), entry)
        elif what := stray(source):
            yield Refused(shown(source.name), NO_DELIVERY, what, _STRAY[what])


def _entry(source_id: str, entry: os.DirEntry[str]) -> Iterator[Path | Refused]:
    folder = Path(entry.path)
    if entry.is_dir(follow_symlinks=False):
        if os.path.lexists(folder / MANIFEST):
            yield folder
    elif what := stray(entry):
        yield Refused(source_id, shown(entry.name), what, _STRAY[what])


def stray(entry: os.DirEntry[str]) -> str | None:
    """Return why something that is no folder is refused: ``not_regular``, ``loose_file`` or not at all."""
    if not entry.is_file(follow_symlinks=False):
        return "not_regular"
    return "loose_file" if DATA.search(entry.name) else None


_STRAY = {
    "not_regular": "a link or a special file: put the folder of the delivery itself in the inbox",
    "loose_file": f"a file where a folder should be: put what it holds in one, with {MANIFEST}, and remove it",
}


def shown(name: str) -> str:
    """Return a name as it may stand in a message and a table: printable ASCII, short, and another for each name."""
    if SAFE.fullmatch(name):
        return name
    plain = name.encode("ascii", "backslashreplace").decode()
    plain = "".join(ch if ch.isprintable() else f"\\x{ord(ch):02x}" for ch in plain)
    if len(plain) > NAME:
        plain = f"{plain[:NAME]}~{hashlib.sha256(os.fsencode(name)).hexdigest()[:8]}"
    return plain


def _listed(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as found:
        return sorted((entry for entry in found if not entry.name.startswith(".")), key=lambda entry: entry.name)


def _cannot(error: OSError) -> str:
    return f"cannot be read ({error.strerror}): check its rights"


def read(folder: Path, known: Collection[str] = ()) -> Delivery | Refused:
    """Read a manifest and hash what it lists, or say why that cannot be done.

    Files are not read again when what their manifest promises is ``known`` (content hashes that were taken in): only
    files that keep that promise are ever taken in, and to hash all that was ever delivered takes longer every night.
    """
    source_id, delivery_id = shown(folder.parent.name), shown(folder.name)
    data = b""
    try:
        data = _manifest_bytes(folder)
        raw = manifest.parse(data)
        files = manifest.files(raw)
        promised = _content_hash(data, (listed.sha256 for listed in files))
        return Delivery(
            folder=folder,
            source_id=manifest.text(raw, "source_id"),
            delivery_id=manifest.text(raw, "delivery_id"),
            content_hash=promised if promised in known else _content_hash(data, _digests(folder, files)),
            profile=manifest.text(raw, "profile"),
            kind=manifest.text(raw, "kind"),
            purpose=manifest.text(raw, "purpose"),
            extracted_at=manifest.moment(raw),
            covers_until=manifest.day(raw),
            files=files,
            repairs=manifest.repairs(raw),
        )
    except DeliveryRefused as error:
        return Refused(source_id, delivery_id, error.reason, str(error), content_hash=hashlib.sha256(data).hexdigest())


def refusal(one: Delivery, error: DeliveryRefused) -> Refused:
    """Return the refusal of a delivery whose manifest could be read."""
    source_id, delivery_id = shown(one.folder.parent.name), shown(one.folder.name)
    return Refused(source_id, delivery_id, error.reason, str(error), one.extracted_at, one.content_hash)


def check(delivery: Delivery, config: Config) -> Profile:
    """Hold a delivery against its folder, its profile and the configuration, before a row of it is read."""
    for key, said, real in (
        ("source_id", delivery.source_id, delivery.folder.parent.name),
        ("delivery_id", delivery.delivery_id, delivery.folder.name),
    ):
        if said != real or not SAFE.fullmatch(real):
            raise DeliveryRefused(
                key,
                f"{MANIFEST}: {key} is not the name of the folder, or not letters, digits, . _ -: rename one of them",
            )
    repairs = delivery.repairs
    if repairs is not None and (not SAFE.fullmatch(repairs) or repairs == delivery.delivery_id):
        raise DeliveryRefused("manifest", f"{MANIFEST}: repairs must name another delivery of this source")
    if delivery.profile not in contracts.profiles():
        raise DeliveryRefused("profile", f"{MANIFEST}: unknown profile: use one of {', '.join(contracts.profiles())}")
    profile = profiles.load(delivery.profile)
    if delivery.kind not in profile.kinds:
        raise DeliveryRefused("kind", f"{MANIFEST}: kind must be {' or '.join(profile.kinds)} for this profile")
    if delivery.purpose not in config.privacy.purposes:
        raise DeliveryRefused(
            "purpose", f"{MANIFEST}: this purpose is not allowed: see privacy.purposes of the configuration"
        )
    _check_names(delivery, profile)
    _check_agreement(delivery, profile, config)
    for listed in delivery.files:
        _check_file(delivery.folder, listed.name, config.intake.max_file_mb)
    _check_set(delivery, profile)
    return profile


def load(delivery: Delivery, listed: Listed) -> bytes:
    """Return the bytes of a listed file when they are the ones that the manifest promises."""
    data = _read(delivery.folder / listed.name, listed.name)
    if hashlib.sha256(data).hexdigest() != listed.sha256:
        raise DeliveryRefused("sha256", f"{listed.name}: sha256 differs from {MANIFEST}: send the delivery again")
    return data


def _check_names(delivery: Delivery, profile: Profile) -> None:
    names = [listed.name for listed in delivery.files]
    for name in names:
        if not SAFE.fullmatch(name):
            raise DeliveryRefused(
                "file_name", f"{MANIFEST}: unsafe file name {shown(name)}: use the names of the contract"
            )
        if name not in profile.files:
            raise DeliveryRefused("file_name", f"{MANIFEST}: file {shown(name)} is not in the contract of this profile")
    if len(set(names)) < len(names):
        raise DeliveryRefused("manifest", f"{MANIFEST}: files lists a file twice: list each once")


def _check_agreement(delivery: Delivery, profile: Profile, config: Config) -> None:
    """Hold a delivery against the register on the day of its extraction; a file without rows delivers nothing."""
    delivered = register.kinds({profile.files[listed.name].table for listed in delivery.files if listed.rows})
    on = delivery.extracted_at.astimezone(LOCAL).date()
    told = register.refusal(config.cooperation, delivery.source_id, delivery.profile, delivered, on)
    if told is not None:
        raise DeliveryRefused("agreement", told)


def _check_file(folder: Path, name: str, max_mb: int) -> None:
    try:
        status = os.lstat(folder / name)
    except OSError:
        raise DeliveryRefused("missing_file", f"{name} is in {MANIFEST} but not in the folder: send it") from None
    if not stat.S_ISREG(status.st_mode):
        raise DeliveryRefused("not_regular", f"{name} is not a regular file: send the file itself, no link")
    if status.st_size > max_mb * 1_000_000:
        raise DeliveryRefused("too_large", f"{name} is larger than intake.max_file_mb ({max_mb} MB): send it in parts")


def _check_set(delivery: Delivery, profile: Profile) -> None:
    names = {listed.name for listed in delivery.files} | {MANIFEST}
    try:
        found = _listed(delivery.folder)
    except OSError as error:
        raise DeliveryRefused("unreadable", f"the folder {_cannot(error)}") from None
    for entry in found:
        if entry.name not in names and (what := stray(entry)):
            told = "list it" if what == "loose_file" else "a delivery holds files only, remove it"
            raise DeliveryRefused(
                "unlisted_file", f"{shown(entry.name)} is in the folder but not in {MANIFEST}: {told}"
            )
    for spec in profile.files.values():
        if spec.required and spec.name not in names:
            raise DeliveryRefused("required_file", f"{spec.name} is required: send it, with its header only if need be")


def _content_hash(data: bytes, digests: Iterable[str]) -> str:
    """Return the SHA-256 over the manifest and the hash of each listed file."""
    whole = hashlib.sha256(data)
    for digest in digests:
        whole.update(digest.encode())
    return whole.hexdigest()


def _digests(folder: Path, files: Iterable[Listed]) -> Iterator[str]:
    """Yield the hash of each listed file as it is now."""
    return (_digest(folder, listed.name) for listed in files)


def _read(path: Path, name: str) -> bytes:
    """Read a regular file without following a link that took its place."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise DeliveryRefused("not_regular", f"{name} is not a regular file: send the file itself, no link")
            return file.read()
    except OSError as error:
        raise DeliveryRefused("unreadable", f"{name} {_cannot(error)}") from None


def _digest(folder: Path, name: str) -> str:
    if not SAFE.fullmatch(name):
        return "-"
    try:
        handle = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                return "-"
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return "-"


def _manifest_bytes(folder: Path) -> bytes:
    path = folder / MANIFEST
    try:
        if os.lstat(path).st_size > MANIFEST_BYTES:
            raise DeliveryRefused("manifest", f"{MANIFEST} is larger than 1 MB: send the manifest of the contract")
    except OSError:
        raise DeliveryRefused("manifest", f"{MANIFEST} cannot be read: check its rights") from None
    return _read(path, MANIFEST)
