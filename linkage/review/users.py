"""Who may sign in, with which role: a file outside the output folder, read again whenever it changed.

Passwords are kept as scrypt hashes with a salt of their own (RFC 7914; N = 2^15, r = 8, p = 3 is one of the settings
that OWASP's password storage cheat sheet gives). The standard library has scrypt, so no package is needed for it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import stat
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from linkage.errors import ConfigError, UsageError

N, R, P = 2**15, 8, 3
SHORTEST = 12
"""Characters of a password (NIST SP 800-63B asks for 8, or 15 where it is the only factor)."""
LONGEST = 200
LONGEST_NAME = 60
DUMMY = "0" * 32
"""Salt with which a password is hashed for a name that nobody has, so that the answer takes as long."""


class Role(StrEnum):
    """What somebody may see and do."""

    REVIEWER = "reviewer"
    """Decides, and sees identifying data of the pairs, persons and incidents that are opened."""
    MANAGER = "manager"
    """Sees figures and lists of record numbers, and nobody's name."""
    DATA = "data"
    """Sees who has which role and who looked at what, and nobody's name."""


@dataclass(frozen=True)
class User:
    """One line of the file."""

    name: str
    role: Role
    salt: str
    password: str


class Users:
    """The users file; raises `ConfigError` when it lies where it must not, or is open to others."""

    def __init__(self, path: Path, out: Path | None = None) -> None:
        self.path = path
        what = "review.users_file"
        if out is not None and path.resolve().is_relative_to(out.resolve()):
            raise ConfigError(f"{what}: {path} is inside the output folder: keep it where the key is kept")
        if any((folder / ".git").exists() for folder in path.resolve().parents):
            raise ConfigError(f"{what}: {path} is inside a git checkout: move it out, it must never be committed")
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise ConfigError(f"{what}: {path} is open to others: chmod 600 it")

    def all(self) -> list[User]:
        """Return everybody, by name; raises `ConfigError` when the file cannot be read."""
        if not self.path.exists():
            return []
        try:
            rows = json.loads(self.path.read_text(encoding="utf-8"))
            return sorted((User(**row | {"role": Role(row["role"])}) for row in rows), key=lambda user: user.name)
        except (OSError, ValueError, TypeError, KeyError):
            raise ConfigError(f"review.users_file: {self.path} cannot be read: restore it from its backup") from None

    def get(self, name: str) -> User | None:
        """Return who has a name, in any case."""
        return next((user for user in self.all() if user.name.casefold() == name.casefold()), None)

    def check(self, name: str, password: str) -> User | None:
        """Return who signs in, None for a wrong name or password; both take as long."""
        user = self.get(name)
        given = hashed(password[:LONGEST], user.salt if user else DUMMY)
        return user if hmac.compare_digest(given, user.password if user else "") else None

    def put(self, name: str, role: Role, password: str | None) -> bool:
        """Add somebody, or change role and password; tell whether the name is new. A role alone may be changed.

        Raises `UsageError` for a name or a password that will not do.
        """
        name = " ".join(name.split())
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            raise UsageError(f"NAME must have 1 to {LONGEST_NAME} characters")
        before = self.get(name)
        if password is None and before is None:
            raise UsageError("a new user needs a password")
        if password is not None and not SHORTEST <= len(password) <= LONGEST:
            raise UsageError(f"the password must have {SHORTEST} to {LONGEST} characters")
        if password is None:
            assert before is not None
            made = User(before.name, role, before.salt, before.password)
        else:
            salt = os.urandom(16).hex()
            made = User(before.name if before else name, role, salt, hashed(password, salt))
        self._write([*(user for user in self.all() if user.name != made.name), made])
        return before is None

    def remove(self, name: str) -> None:
        """Take somebody's access away; raises `UsageError` when nobody has the name."""
        gone = self.get(name)
        if gone is None:
            raise UsageError("nobody has this NAME: see inbeeld users")
        self._write([user for user in self.all() if user.name != gone.name])

    def _write(self, users: list[User]) -> None:
        part = self.path.with_name(f"{self.path.name}.{os.getpid()}.part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump([asdict(user) for user in sorted(users, key=lambda user: user.name)], file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self.path)
        except OSError as error:
            raise ConfigError(f"review.users_file: {self.path} cannot be written: {error.strerror}") from None
        finally:
            part.unlink(missing_ok=True)


def hashed(password: str, salt: str) -> str:
    """Return the scrypt hash of a password as hex digits."""
    secret = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(secret, salt=bytes.fromhex(salt), n=N, r=R, p=P, maxmem=2**26, dklen=32).hex()
