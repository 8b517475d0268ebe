"""Who is signed in: random ids in the memory of this process, which end when nobody does anything.

Nothing about a session leaves the process but its id in a cookie: ending the process signs everybody out.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from linkage.review.users import Role

LONGEST = timedelta(hours=12)
"""How long a session lasts however busy it is."""
OPENED_FOR = timedelta(minutes=5)
"""How long an address stays open after the click that opened it."""
MOST = 200
"""Sessions at a time; beyond them the one that was idle longest ends."""

BARRED_FOR = timedelta(minutes=10)
MOST_FAILURES = 5
MOST_FAILURES_IN_ALL = 50
"""… of whatever names."""


@dataclass
class Session:
    """Somebody at a browser. ``stamp`` is what the users file said of them: when that changes, the session ends."""

    name: str
    role: Role
    stamp: str
    started: datetime
    seen: datetime
    sid: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    """Stands in every form: whoever cannot read our pages cannot post to them."""
    opened: dict[int, datetime] = field(default_factory=dict)
    """Mentions whose address was opened, and when."""
    is_hidden: bool = False
    """The screen was hidden: nothing is shown until its user goes on."""
    keys: bool = True
    """Whether single keys do something."""
    told: str | None = None
    """What the next page says once."""
    last: tuple[str, tuple[int, ...]] | None = None
    """What can be undone by one key: decisions or an opinion, by their numbers."""

    def open(self, mention_id: int, now: datetime) -> None:
        """Open the address of a mention for a while."""
        self.opened[mention_id] = now

    def is_open(self, mention_id: int, now: datetime) -> bool:
        """Tell whether the address of a mention was opened a short while ago."""
        at = self.opened.get(mention_id)
        return at is not None and now - at < OPENED_FOR


@dataclass
class Throttle:
    """Wrong passwords of late: who guesses is not let in for a while, also with the right one."""

    now: Callable[[], datetime]
    failures: dict[str, list[datetime]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def is_barred(self, name: str) -> bool:
        """Tell whether a name, or everybody, gave too many wrong passwords."""
        since = self.now() - BARRED_FOR
        with self.lock:
            kept = {key: [at for at in times if at > since] for key, times in self.failures.items()}
            self.failures = {key: times for key, times in kept.items() if times}
            in_all = sum(len(times) for times in self.failures.values())
            return len(self.failures.get(name.casefold(), [])) >= MOST_FAILURES or in_all >= MOST_FAILURES_IN_ALL

    def failed(self, name: str) -> None:
        """Count a wrong password."""
        with self.lock:
            self.failures.setdefault(name.casefold(), []).append(self.now())


class Sessions:
    """All sessions of the process; ``now`` is the clock."""

    def __init__(self, idle: timedelta, now: Callable[[], datetime]) -> None:
        self.idle = idle
        self.now = now
        self._all: dict[str, Session] = {}
        self._lock = Lock()

    def start(self, name: str, role: Role, stamp: str = "") -> Session:
        """Begin a session with an id that nobody had before."""
        moment = self.now()
        made = Session(name, role, stamp, moment, moment)
        with self._lock:
            while len(self._all) >= MOST:
                del self._all[min(self._all.values(), key=lambda session: session.seen).sid]
            self._all[made.sid] = made
        return made

    def find(self, sid: str) -> tuple[Session | None, Session | None]:
        """Return the session of an id, which thereby is not idle, or the one that has just ended by itself."""
        moment = self.now()
        with self._lock:
            found = self._all.get(sid)
            if found is None:
                return None, None
            if moment - found.seen >= self.idle or moment - found.started >= LONGEST:
                del self._all[sid]
                return None, found
            found.seen = moment
            return found, None

    def end(self, sid: str) -> None:
        """End a session."""
        with self._lock:
            self._all.pop(sid, None)
