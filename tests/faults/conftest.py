"""A published yesterday that every test gets a copy of."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.faults.site import SOURCE, Site, inbeeld


@pytest.fixture(scope="session")
def yesterday(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Make a small sample, hold the police's last delivery back, and publish the rest."""
    site = Site(tmp_path_factory.mktemp("yesterday"))
    made = inbeeld("sample", "--out", site.path, "--incidents", "60", "--seed", "7")
    assert made.returncode == 0, made.stderr
    newest = max((site.inbox / SOURCE).iterdir(), key=lambda folder: folder.name)
    (site.path / "held").mkdir()
    shutil.move(newest, site.path / "held" / newest.name)
    done = site.run()
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return site


@pytest.fixture
def site(yesterday: Site, tmp_path: Path) -> Site:
    """A copy of yesterday that the test may spoil."""
    shutil.copytree(yesterday.path, tmp_path / "site", symlinks=True)
    return Site(tmp_path / "site")
