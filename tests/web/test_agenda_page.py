"""The page of the agenda as a reader sees it: nothing leaves it, and a telephone shows all of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.command import inbeeld
from tests.nights import Night, publish
from tests.shared import once
from tests.web.browser import visit


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page for the police, of the published night that tests share."""
    night = Night(once(tmp_path_factory, "night", publish))
    path = tmp_path_factory.mktemp("agenda") / "agenda.html"
    done = inbeeld("agenda", "--out", night.out, "--most", "4", "--for", "politie-nn", "--html", path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "4 of" in done.stdout and f"Wrote {path}" in done.stdout
    return path


@pytest.mark.parametrize("width", [320, 760, 1280])
def test_the_page_shows_all_of_it_at_any_width_and_asks_nothing(sheet: Path, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    requests, complaints = visit(page, sheet)
    expect(page.locator(".family")).to_have_count(4)
    expect(page.get_by_role("heading", level=1)).to_have_text("Agenda afstemmingsoverleg")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert ([url for url in requests if not url.startswith("file:")], complaints) == ([], [])


def test_the_points_beside_the_reasons_sum_to_those_of_the_family(sheet: Path, page: Page) -> None:
    visit(page, sheet)
    for family in page.locator(".family").all():
        parts = [int(text) for text in family.locator(".why b").all_inner_texts()]
        assert family.locator(".points").inner_text() == f"{sum(parts)} punten"
        assert family.locator(".own").inner_text().startswith("Eigen nummers: PL")
