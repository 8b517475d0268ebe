"""A headless Chromium for the tests that open a page as a reader does."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.spec.reports.conftest import hostile, write, written
from tests.web.reviewing import reviewing, undecided

__all__ = ["hostile", "reviewing", "undecided", "written"]

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="module")  # its event loop must be gone when flows are tested in the same process
def browser() -> Iterator[Browser]:
    """Debian's Chromium; without it these tests are skipped by name, but never on the build server."""
    path = CHROMIUM if CHROMIUM.exists() else Path(shutil.which("chromium") or shutil.which("google-chrome") or "")
    if not path.is_file():
        reason = "no Chromium: the pages are NOT tested (apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(path), args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh page of 1280 pixels wide."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def nothing_unmatched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reports of a night on which every incident is in view."""
    return write(tmp_path_factory.mktemp("none"), incidents=60, weights={"matched_timely": 9, "pending": 1})


@pytest.fixture(scope="session")
def long_list(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reports with 20,000 unmatched incidents."""
    return write(tmp_path_factory.mktemp("long"), incidents=20_000, weights={"unmatched": 1})
