"""What all pages of one server share: the folder, the settings, the clock, who is signed in, the ledgers."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import RLock
from typing import Any, TypeVar
from urllib.parse import urlsplit

from linkage.config import Config
from linkage.decisions import Decisions
from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import StoreError, UsageError
from linkage.explain.steps import published_model
from linkage.pairs.model import Model
from linkage.review.queue import Task, tasks
from linkage.review.second import Opinions
from linkage.review.sessions import Sessions, Throttle
from linkage.review.texts import Texts, texts
from linkage.review.trail import Trail
from linkage.review.users import Users
from linkage.store import OutFolder

T = TypeVar("T")


def clock() -> datetime:
    """Return this moment."""
    return datetime.now(UTC)


@dataclass
class Night:
    """A published night, open for reading while one page is made."""

    db: DuckDBEngine
    run_id: str
    as_of: date
    model_file: Path


@dataclass
class Site:
    """One server. ``users`` is None where only the person who started it comes in, by a link that the terminal shows.

    ``origins`` are the addresses under which browsers ask for it, as ``http://127.0.0.1:8765``.
    """

    folder: OutFolder
    config: Config
    origins: tuple[str, ...]
    owner: str
    users: Users | None = None
    now: Callable[[], datetime] = clock
    complain: Callable[[Exception], None] = lambda _: None
    key: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    """Opens the server to its owner."""

    def __post_init__(self) -> None:
        self.sessions = Sessions(timedelta(minutes=self.config.review.idle_minutes), self.now)
        self.decisions = Decisions(self.folder)
        self.trail = Trail(self.folder, self.now)
        self.opinions = Opinions(self.folder, self.config.review.second_share)
        self.throttle = Throttle(self.now)
        self.texts: Texts = texts(self.config.reports.language)
        self._lock = RLock()
        self._memory: tuple[str, dict[Hashable, Any]] = ("", {})

    @property
    def is_secure(self) -> bool:
        """Tell whether browsers come by TLS."""
        return all(origin.startswith("https:") for origin in self.origins)

    @property
    def cookie(self) -> str:
        """Return the cookie's name: browsers keep cookies per host, so two servers of one host need two names."""
        return "__Host-inbeeld" if self.is_secure else f"inbeeld-{urlsplit(self.origins[0]).port or 80}"

    @contextmanager
    def night(self) -> Iterator[Night]:
        """Open the newest published night; a run that publishes meanwhile swaps in another file, this one stays open.

        Raises `UsageError` when nothing was published, `StoreError` when nights follow one another too fast.
        """
        for _ in range(3):
            manifest, current = self.folder.manifest(), self.folder.current()
            if manifest is None or current is None:
                raise UsageError(f"{self.folder.path} holds no published night")
            if current.name != manifest["run_id"]:
                continue  # a night was published between the two
            try:
                db = DuckDBEngine(current / "restricted.duckdb", read_only=True, memory_limit="1GB")
            except StoreError:
                if current.exists():
                    raise
                continue  # removed with the oldest generations
            with db:
                as_of = date.fromisoformat(manifest["as_of"])
                yield Night(db, str(manifest["run_id"]), as_of, current / "model.json")
            return
        raise StoreError("the published night changes at this moment: try again")

    def stand(self) -> tuple[str, date] | None:
        """Return which night is published and the day that it speaks of."""
        manifest = self.folder.manifest()
        return (str(manifest["run_id"]), date.fromisoformat(manifest["as_of"])) if manifest else None

    def tasks(self, night: Night) -> list[Task]:
        """Return what the night leaves for people to decide."""
        return self.remember(night, "tasks", lambda: tasks(night.db))

    def model(self, night: Night) -> Model:
        """Return the model of the night."""
        return self.remember(night, "model", lambda: published_model(night.db, night.model_file))

    def remember(self, night: Night, key: Hashable, make: Callable[[], T]) -> T:
        """Return what was worked out of a night, which is done once: a night does not change."""
        with self._lock:
            if self._memory[0] != night.run_id:
                self._memory = night.run_id, {}
            kept = self._memory[1]
            if key not in kept:
                kept[key] = make()
            found: T = kept[key]
            return found
