"""The reviewer's way in a browser: from the queue to a decision, and from the decision to another status."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from linkage.decisions import Verdict
from linkage.engine.duckdb import DuckDBEngine
from tests import review
from tests.nights import Night
from tests.web.reviewing import Reviewing


def status(night: Night, number: str) -> str:
    """Return the status of an incident in the file of the analysts."""
    with DuckDBEngine(night.out / "case_view.duckdb", read_only=True) as view:
        [(found,)] = view.rows("SELECT status FROM incident_status WHERE incident_number = ?", [number])
    return str(found)


def press(page: Page, key: str) -> None:
    """Press a key once the page and its script are there."""
    page.wait_for_load_state()
    page.keyboard.press(key)


def test_a_decision_in_the_browser_changes_the_status_of_the_next_night(reviewing: Reviewing, page: Page) -> None:
    one, other = review.number(1), review.number(2)
    assert (status(reviewing.night, one), status(reviewing.night, other)) == ("review", "review")
    page.goto(reviewing.way_in)
    expect(page.get_by_role("heading", level=1)).to_have_text("2 paren te beoordelen")
    assert page.locator(".queue .why.gap").count() == 2
    page.get_by_role("row", name="kind").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Is dit dezelfde persoon?")
    press(page, "v")
    press(page, "Enter")
    expect(page.locator(".told")).to_contain_text("Vastgelegd: verschillende personen.")
    expect(page.locator(".fields")).to_contain_text("Vermeulen")
    press(page, "z")
    press(page, "Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Niets te beoordelen")
    assert [(d.verdict, d.decided_by) for d in reviewing.site.decisions.active()] == [
        (Verdict.DIFFERENT, "anna"),
        (Verdict.SAME, "anna"),
    ]
    before = page.locator("footer").inner_text()
    review.again(reviewing.night)
    assert (status(reviewing.night, one), status(reviewing.night, other)) == ("matched_timely", "pending")
    page.goto(f"{reviewing.root}/besluiten")
    assert page.locator("tbody td[data-label='Laatste nacht']").all_inner_texts() == ["geldt", "geldt"]
    assert page.locator("footer").inner_text() != before  # it says of which night the figures are
    # The night acted on both, and still a second reviewer gets them as if nobody had decided.
    bert = reviewing.entered("bert")
    assert set(re.findall(r"/paar/\d+/\d+", bert.get("/").text)) == {reviewing.path(1), reviewing.path(2)}
    shown = bert.get(reviewing.path(1)).text
    assert "Vermeulen" in shown
    assert not re.search("/persoon/|Huishouden|Melding binnen|anna|Besluit \\d", shown)


def test_a_decision_is_undone_with_one_key(reviewing: Reviewing, page: Page) -> None:
    page.goto(reviewing.way_in)
    page.locator("a[data-step]").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Is dit dezelfde persoon?")
    press(page, "o")
    page.get_by_label("Toelichting").fill("weet ik morgen")
    press(page, "Enter")
    expect(page.locator(".told")).to_contain_text("niet uit te maken")
    [made] = reviewing.site.decisions.active()
    assert (made.verdict, made.reason) == (Verdict.UNSURE, "De gegevens geven geen uitsluitsel: weet ik morgen")
    press(page, "u")
    expect(page.locator(".told")).to_contain_text("Teruggenomen.")
    assert reviewing.site.decisions.active() == []
    expect(page.get_by_role("heading", level=1)).to_have_text("2 paren te beoordelen")
    assert re.findall("decide|withdraw", " ".join(reviewing.actions())) == ["decide", "withdraw"]


def test_a_second_reviewer_judges_without_seeing_the_first(reviewing: Reviewing) -> None:
    anna, bert, path = reviewing.entered("anna"), reviewing.entered("bert"), reviewing.path(1)
    untouched = bert.get(path).text
    anna.post(path, verdict="same", reason="typing_error")
    assert path not in anna.get("/").text
    assert path in bert.get("/").text
    assert bert.get(path).text == untouched
    assert "1</th>" not in bert.get("/besluiten").text  # the list of decisions does not tell either
    bert.post(path, verdict="different")
    site = reviewing.site
    assert [(d.verdict, d.decided_by) for d in site.decisions.active()] == [(Verdict.SAME, "anna")]
    assert [(o.verdict, o.given_by) for o in site.opinions.all()] == [(Verdict.DIFFERENT, "bert")]
    assert "dezelfde persoon en verschillende personen" in anna.get("/").text
    assert "0 van 1 paren" in anna.get("/cijfers").text
    bert.post("/terug")
    assert site.opinions.all() == []
    bert.post(path, verdict="unsure")
    anna.post(path, verdict="unsure", remark="samen bekeken")  # what they decide together is not judged again
    assert "oneens" not in anna.get("/").text
    assert path not in bert.get("/").text


def test_a_person_is_taken_apart_and_put_together_again(reviewing: Reviewing, page: Page) -> None:
    with reviewing.night.restricted() as db:
        [(person,)] = db.rows("SELECT person_id FROM mention_person GROUP BY person_id HAVING count(*) > 1")
    page.goto(reviewing.way_in)
    page.goto(f"{reviewing.root}/persoon/{person}")
    assert page.title() == "Eén persoon – Inbeeld"
    button = page.get_by_role("button", name="Aangevinkte vermeldingen zijn iemand anders")
    button.click()
    expect(page.get_by_text("Vink ten minste één vermelding aan")).to_be_visible()
    assert reviewing.site.decisions.all() == []
    page.goto(f"{reviewing.root}/persoon/{person}")
    page.get_by_role("checkbox", name=review.number(3)).check()
    button.click()
    expect(page.locator(".told")).to_contain_text("1 vermeldingen horen bij een ander")
    [made] = reviewing.site.decisions.active()
    assert (made.verdict, made.left.record_id, made.right.record_id) == (Verdict.DIFFERENT, review.number(3), "C3")
    press(page, "u")
    expect(page.locator(".told")).to_contain_text("Teruggenomen.")
    assert reviewing.site.decisions.active() == []


def test_an_incident_is_found_without_its_number_in_the_address(reviewing: Reviewing, page: Page) -> None:
    page.goto(reviewing.way_in)
    page.get_by_label("Registratienummer").fill(review.number(1).lower())
    page.get_by_role("button", name="Zoek").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Te beoordelen")
    assert review.number(1) not in page.url
    page.get_by_role("link", name="iemand van melding M1").click()
    expect(page.locator(".fields")).to_contain_text("Vermeulen")
    left, right = page.url.split("/")[-2:]
    assert {left, right} == set(reviewing.path(1).split("/")[-2:])
