"""A published yesterday that every test gets a copy of."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from linkage import quality
from tests.faults.site import Site, make_yesterday
from tests.shared import once


@pytest.fixture(scope="session")
def yesterday(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Make a small sample, hold the police's last delivery back, and publish the rest."""
    return Site(once(tmp_path_factory, "yesterday", make_yesterday))


@pytest.fixture
def site(yesterday: Site, tmp_path: Path) -> Site:
    """A copy of yesterday that the test may spoil."""
    shutil.copytree(yesterday.path, tmp_path / "site", symlinks=True)
    return Site(tmp_path / "site")


@pytest.fixture(scope="module")
def without_gates() -> Iterator[None]:
    """Leave out what the gates measure: it takes longer than all the rest of a night this small, and has its tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quality, "_measure", lambda *_: ())
        yield
