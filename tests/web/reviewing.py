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
import pytest
import uvicorn

from linkage.config import Config
from linkage.review.app import create
from linkage.review.serve import Place, listen, settings
from linkage.review.sessions import Session
from linkage.review.site import Site
from linkage.review.users import Role, Users
from linkage.store import OutFolder
from tests import review
from tests.nights import Night
from tests.review import CAREFUL
from tests.shared import once

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
class Visitor:
    """Somebody who is signed in, with a browser without a face."""

    client: httpx.Client
    session: Session
    root: str

    def get(self, path: str) -> httpx.Response:
        """Ask for a page."""
        return self.client.get(path)

    def post(self, path: str, **fields: str) -> httpx.Response:
        """Send a form as our own page does."""
        return self.client.post(path, data={"token": self.session.token} | fields, headers={"Origin": self.root})


@dataclass
class Reviewing:
    """A server, its folder and its clock."""

    site: Site
    clock: Clock
    night: Night
    errors: list[Exception] = field(default_factory=list)
    """What went wrong, as the terminal is told; a test that expects some empties it."""

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

    def entered(self, name: str = "anna", role: Role = Role.REVIEWER) -> Visitor:
        """Return the browser of somebody who is signed in."""
        session = self.site.sessions.start(name, role)
        client = self.client()
        client.cookies.set(self.site.cookie, session.sid, domain="127.0.0.1")
        return Visitor(client, session, self.root)

    def path(self, n: int) -> str:
        """Return the address of the pair of incident and case ``n``."""
        with self.night.restricted() as db:
            found = db.rows(
                "SELECT mention_id FROM mention WHERE record_id IN (?, ?) ORDER BY mention_id",
                [review.number(n), f"C{n}"],
            )
        return f"/paar/{found[0][0]}/{found[1][0]}"

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
        server = uvicorn.Server(settings(create(site), place))
        thread = Thread(target=server.run, kwargs={"sockets": [at]})
        thread.start()
        try:
            yield Reviewing(site, clock, night, errors)
        finally:
            server.should_exit = True
            thread.join()
    assert errors == []


def copy(night: Night, folder: Path) -> Night:
    """Return a night of one's own."""
    shutil.copytree(night.folder, folder / "night", symlinks=True)
    return Night(folder / "night")


@pytest.fixture(scope="session")
def undecided(tmp_path_factory: pytest.TempPathFactory) -> Night:
    """A small night with two pairs to decide; tests only read it."""
    return Night(once(tmp_path_factory, "review", review.publish))


@pytest.fixture
def reviewing(undecided: Night, tmp_path: Path) -> Iterator[Reviewing]:
    """The review page of a night of the test's own."""
    with serving(copy(undecided, tmp_path)) as made:
        yield made
