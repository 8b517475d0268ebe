"""The reviewer's way in a browser: from the queue to a decision, and from the decision to another status."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from linkage.decisions import Verdict
from linkage.engine.duckdb import DuckDBEngine
from tests import review
from tests.nights import Night
from tests.shared import once
from tests.web.reviewing import Reviewing, copy, serving


@pytest.fixture(scope="session")
def undecided(tmp_path_factory: pytest.TempPathFactory) -> Night:
    """A small night with two pairs to decide; tests only read it."""
    return Night(once(tmp_path_factory, "review", review.publish))


@pytest.fixture
def reviewing(undecided: Night, tmp_path: Path) -> Iterator[Reviewing]:
    """The review page of a night of the test's own."""
    with serving(copy(undecided, tmp_path)) as made:
        yield made


def status(night: Night, number: str) -> str:
    """Return the status of an incident in the file of the analysts."""
    with DuckDBEngine(night.out / "case_view.duckdb", read_only=True) as view:
        [(found,)] = view.rows("SELECT status FROM incident_status WHERE incident_number = ?", [number])
    return str(found)


def test_a_decision_in_the_browser_changes_the_status_of_the_next_night(reviewing: Reviewing, page: Page) -> None:
    one, other = review.number(1), review.number(2)
    assert (status(reviewing.night, one), status(reviewing.night, other)) == ("review", "review")
    page.goto(reviewing.way_in)
    expect(page.get_by_role("heading", level=1)).to_have_text("2 paren te beoordelen")
    assert page.locator(".queue .why.gap").count() == 2
    page.get_by_role("row", name="kind").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Is dit dezelfde persoon?")
    page.keyboard.press("v")
    page.keyboard.press("Enter")
    expect(page.locator(".told")).to_contain_text("Vastgelegd: verschillende personen.")
    expect(page.locator(".fields")).to_contain_text("Vermeulen")
    page.keyboard.press("z")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Niets te beoordelen")
    assert [(d.verdict, d.decided_by) for d in reviewing.site.decisions.active()] == [
        (Verdict.DIFFERENT, "anna"),
        (Verdict.SAME, "anna"),
    ]
    before = page.locator("footer").inner_text()
    review.again(reviewing.night)
    assert (status(reviewing.night, one), status(reviewing.night, other)) == ("matched_timely", "pending")
    page.goto(f"{reviewing.root}/besluiten")
    assert page.locator("tbody td:nth-child(6)").all_inner_texts() == ["geldt", "geldt"]
    assert page.locator("footer").inner_text() != before  # it says of which night the figures are


def test_a_decision_is_undone_with_one_key(reviewing: Reviewing, page: Page) -> None:
    page.goto(reviewing.way_in)
    page.locator("a[data-step]").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Is dit dezelfde persoon?")
    page.keyboard.press("o")
    page.get_by_label("Toelichting").fill("weet ik morgen")
    page.keyboard.press("Enter")
    expect(page.locator(".told")).to_contain_text("niet uit te maken")
    [made] = reviewing.site.decisions.active()
    assert (made.verdict, made.reason) == (Verdict.UNSURE, "De gegevens geven geen uitsluitsel: weet ik morgen")
    page.keyboard.press("u")
    expect(page.locator(".told")).to_contain_text(f"Besluit {made.decision_id} is teruggenomen")
    assert reviewing.site.decisions.active() == []
    expect(page.get_by_role("heading", level=1)).to_have_text("2 paren te beoordelen")
    assert re.findall("decide|withdraw", " ".join(reviewing.actions())) == ["decide", "withdraw"]
