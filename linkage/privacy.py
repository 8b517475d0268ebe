"""Keyed pseudonyms: what leaves the intake in the place of a BSN, a number or a phone, and every opaque id.

An unkeyed hash of a BSN is no pseudonym (all valid numbers are hashed in a minute), so every pseudonym is an
HMAC under a secret key. Each domain has a key of its own: values of two domains cannot be joined by accident.
"""

from __future__ import annotations

import base64
import contextlib
import hmac
import os
import stat
from functools import cache
from pathlib import Path

from linkage.config import Config
from linkage.errors import ConfigError

MIN_BYTES = 32
VERSION = "1"
ID_LENGTH = 13
"""65 bits: enough for millions of persons, short enough to read over the phone."""


class Keys:
    """The secret of an installation, as the two functions that use it."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < MIN_BYTES:
            raise ConfigError(f"the pseudonym key has {len(secret)} bytes: it must have at least {MIN_BYTES}")
        self._secret = secret
        self._domain = cache(self._derive)

    @classmethod
    def load(cls, config: Config, state: Path) -> Keys:
        """Read the configured key file, or the key of this output folder, made on first use.

        Raises `ConfigError` when the configured file is missing, short, open to others or in a git checkout.
        """
        if config.privacy.key_file is not None:
            return cls(_configured(config.privacy.key_file))
        own = state / "pseudonym.key"
        if not own.exists():
            _create(own)
        return cls(_read(own, "the pseudonym key of the output folder"))

    def hmac(self, domain: str, value: str) -> str:
        """Return the pseudonym of a value as 32 hex digits; the same in every run under the same key."""
        return self._mac(domain, value)[:16].hex()

    def mint(self, domain: str, text: str) -> str:
        """Return an opaque id: the domain's initial and 13 letters or digits that say nothing about the text."""
        return domain[:1].upper() + base64.b32encode(self._mac(f"id-{domain}", text)).decode()[:ID_LENGTH]

    def _mac(self, domain: str, value: str) -> bytes:
        message = f"{domain}\0{VERSION}\0{value}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._domain(domain), message, "sha256")

    def _derive(self, domain: str) -> bytes:
        return hmac.digest(self._secret, f"inbeeld\0{VERSION}\0{domain}".encode(), "sha256")


def _configured(path: Path) -> bytes:
    what = "privacy.key_file"
    if not path.is_file():
        raise ConfigError(f"{what}: {path} is not a file: write at least {MIN_BYTES} random bytes to it")
    if stat.S_IMODE(path.stat().st_mode) & 0o007:
        raise ConfigError(f"{what}: {path} is open to every user of this machine: chmod 600 it")
    if any((folder / ".git").exists() for folder in path.resolve().parents):
        raise ConfigError(f"{what}: {path} is inside a git checkout: move it out, a key must never be committed")
    return _read(path, what)


def _read(path: Path, what: str) -> bytes:
    try:
        secret = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{what}: {path} cannot be read: {error.strerror}") from None
    if len(secret) < MIN_BYTES or len(set(secret)) < 8:
        raise ConfigError(f"{what}: {path} must hold at least {MIN_BYTES} random bytes")
    return secret


def _create(path: Path) -> None:
    """Write a new key whole or not at all; of two runs that start together the first one's key stays."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(handle, os.urandom(MIN_BYTES))
        os.fsync(handle)
    finally:
        os.close(handle)
    try:
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(part)
    finally:
        part.unlink()
