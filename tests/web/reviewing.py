"""The review page as a server of this process, with a clock that the test holds."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import httpx
import uvicorn

from linkage.config import Config
from linkage.review.app import create
from linkage.review.serve import Place, listen
from linkage.review.site import Site
from linkage.review.users import Users
from linkage.store import OutFolder
from tests.nights import Night
from tests.review import CAREFUL

FORM = "application/x-www-form-urlencoded"


@dataclass
class Clock:
    """A clock that goes when it is told."""

    at: datetime = field(default_factory=lambda: datetime(2025, 3, 17, 9, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.at

    def pass_by(self, **time: float) -> None:
        """Let time go by."""
        self.at += timedelta(**time)


@dataclass
class Reviewing:
    """A server, its folder and its clock."""

    site: Site
    clock: Clock
    night: Night

    @property
    def root(self) -> str:
        """The address of the server."""
        return self.site.origins[0]

    @property
    def way_in(self) -> str:
        """The link that the terminal shows."""
        return f"{self.root}/begin/{self.site.key}"

    def client(self) -> httpx.Client:
        """Return a browser without a face; it follows nothing by itself."""
        return httpx.Client(base_url=self.root, trust_env=False)

    def actions(self) -> list[str]:
        """Return what the log says was done, the oldest first."""
        return [entry.action for entry in reversed(self.site.trail.entries())]


@contextmanager
def serving(night: Night, config: Config = CAREFUL, users: Users | None = None) -> Iterator[Reviewing]:
    """Serve a night's review page on a free port until the block ends."""
    clock, errors = Clock(), list[Exception]()
    place = Place("127.0.0.1", 0)
    with listen(place) as at:
        origins = place.origins(at.getsockname()[1])
        site = Site(OutFolder(night.out), config, origins, "anna", users, now=clock, complain=errors.append)
        server = uvicorn.Server(uvicorn.Config(create(site), log_config=None, lifespan="off"))
        thread = Thread(target=server.run, kwargs={"sockets": [at]})
        thread.start()
        try:
            yield Reviewing(site, clock, night)
        finally:
            server.should_exit = True
            thread.join()
    assert errors == []


def copy(night: Night, folder: Path) -> Night:
    """Return a night of one's own."""
    shutil.copytree(night.folder, folder / "night", symlinks=True)
    return Night(folder / "night")
