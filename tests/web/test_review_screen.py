"""The review page on a screen that others may see: blanked by one key, idle, small, and with names that are scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from linkage.config import Reports
from linkage.review.users import Role
from tests import review
from tests.nights import Night
from tests.web.reviewing import Reviewing, copy, serving

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
VIOLATIONS = """axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
    .then(reply => reply.violations)"""
CONTRAST = "axe.run({ runOnly: { type: 'rule', values: ['color-contrast'] } }).then(reply => reply.violations)"


@pytest.fixture(scope="module")
def shared(undecided: Night, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reviewing]:
    """One server for tests that decide nothing."""
    with serving(copy(undecided, tmp_path_factory.mktemp("screen"))) as made:
        yield made


def enter(site: Reviewing, page: Page, role: Role = Role.REVIEWER) -> list[str]:
    """Sign somebody in; return the complaints of the browser and the requests that leave the server, as they grow."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith((site.root, "data:")) else complaints.append("!"))
    session = site.site.sessions.start("anna", role)
    page.context.add_cookies([{"name": site.site.cookie, "value": session.sid, "url": site.root}])
    return complaints


def pages(site: Reviewing) -> list[tuple[str, Role]]:
    """Return the address of a page of every kind, with a role that may see it."""
    with site.night.restricted() as db:
        [(person,)] = db.rows("SELECT person_id FROM mention_person GROUP BY person_id HAVING count(*) > 1")
        [(child, record)] = db.rows(
            "SELECT person_id, record_no FROM mention JOIN mention_person USING (mention_id) WHERE record_id = ?",
            [review.number(2)],
        )
    mine = ["/", site.path(1), site.path(2), f"/persoon/{person}", f"/persoon/{child}", f"/incident/{record}"]
    mine += ["/besluiten", "/cijfers", "/hulp", "/verborgen"]
    return [(path, Role.REVIEWER) for path in mine] + [("/logboek", Role.DATA), ("/gebruikers", Role.DATA)]


def test_one_key_blanks_the_screen_and_going_back_shows_nothing(shared: Reviewing, page: Page) -> None:
    enter(shared, page)
    page.goto(f"{shared.root}/")
    page.goto(f"{shared.root}{shared.path(1)}")
    expect(page.locator(".fields")).to_contain_text("Vermeulen")
    page.get_by_label("Toelichting").focus()  # also while somebody types
    assert page.evaluate(ESCAPE) == ["", ""]  # in the same moment, before anything is asked of the server
    expect(page.get_by_role("heading", level=1)).to_have_text("Scherm verborgen")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Scherm verborgen")
    assert "Vermeulen" not in page.content()
    page.get_by_role("button", name="Verder").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 paren te beoordelen")


ESCAPE = """() => {
    document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
    return [document.body.innerText, document.title.trim()];
}"""


def test_who_does_nothing_is_warned_and_then_sees_nothing(shared: Reviewing, page: Page) -> None:
    page.clock.install()
    enter(shared, page)
    page.goto(f"{shared.root}{shared.path(1)}")
    page.wait_for_load_state()
    page.clock.fast_forward("14:01")
    page.get_by_role("button", name="Ik ben er nog").click()
    expect(page.locator("#idle")).to_be_hidden()
    page.clock.fast_forward("14:01")
    expect(page.locator("#idle")).to_be_visible()
    page.clock.fast_forward("01:00")
    expect(page.locator("body")).not_to_contain_text("Vermeulen")
    page.wait_for_url("**/aanmelden")


def test_every_page_fits_is_named_and_runs_no_name(shared: Reviewing, page: Page) -> None:
    """One of the people has a script for a name."""
    shown = 0
    for path, role in pages(shared):
        complaints = enter(shared, page, role)
        page.goto(f"{shared.root}{path}")
        assert page.title().endswith("Inbeeld"), path
        shown += review.SCRIPT in page.locator("body").inner_text()
        assert page.locator("body script").count() == 0
        assert complaints == [], path
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        assert page.evaluate(UNNAMED) == [], path
        for width in (320, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") == width, path
            assert page.evaluate(SMALL) == [], path
    assert shown == 3  # the pair, the person, the incident


SMALL = """[...document.querySelectorAll('a, button, select, input:not([type=hidden])')]
    .filter(e => e.offsetParent && !e.closest('p, li > span, td, th, .skip'))
    .map(e => [e.outerHTML.slice(0, 80), (e.closest('label') || e).getBoundingClientRect()])
    .filter(([, box]) => box.width < 24 || box.height < 24).map(([text]) => text)"""
"""Targets under 24 CSS pixels that do not stand in a line of text (WCAG 2.2, 2.5.8)."""

UNNAMED = """[...document.querySelectorAll('select, input:not([type=hidden]), button, [role=region]')]
    .filter(e => !(e.labels && e.labels.length && e.labels[0].innerText.trim()) && !e.getAttribute('aria-label')
        && !e.innerText.trim()).map(e => e.outerHTML.slice(0, 80))"""


@pytest.mark.skipif(not AXE.is_file(), reason="axe is not vendored")
def test_axe_finds_nothing_wrong(shared: Reviewing, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, bypass_csp=True)
    page, found = context.new_page(), list[str]()
    for path, role in [*pages(shared), ("/aanmelden", Role.REVIEWER)]:
        enter(shared, page, role)
        page.emulate_media(color_scheme="light")
        page.goto(f"{shared.root}{path}")
        page.evaluate(AXE.read_text(encoding="utf-8"))
        wrong = page.evaluate(VIOLATIONS)
        page.emulate_media(color_scheme="dark")
        found += [
            f"{path} {rule['id']}: {rule['nodes'][0]['html'][:120]}" for rule in wrong + page.evaluate(VIOLATIONS)
        ]
    context.close()
    assert found == []


DUTCH = (
    "wachtrij", "besluit", "besluiten", "cijfers", "uitleg", "vastleggen", "vastgelegd", "toelichting", "reden",
    "achternaam", "geboortedatum", "voornamen", "vermelding", "vermeldingen", "persoon", "personen", "melding", "bron",
    "gemeente", "slachtoffer", "dossier", "tabel", "pagina’s", "zoek", "aanmelden", "afmelden", "nacht", "niet", "geen",
    "een", "één", "het", "van", "aan", "mrt", "onbekend",
)  # fmt: skip
"""Words that the Dutch page has, and the made people do not."""
UNREAD = r' (?!aria-label=|data-label=)[a-z-]+="[^"]*"'
"""Attributes that nobody reads or hears."""


def test_the_page_is_english_where_that_is_set(undecided: Night, browser: Browser, tmp_path: Path) -> None:
    english = review.CAREFUL.model_copy(update={"reports": Reports(language="en")})
    with serving(copy(undecided, tmp_path), english) as site:
        anna = site.entered()
        anna.post(site.path(2), verdict="same")
        told = {path: site.entered(role=role).get(path).text for path, role in pages(site)}
        told |= {"/aanmelden": site.client().get("/aanmelden").text, "refused": anna.post(site.path(1)).text}
        for path, text in told.items():
            read = unescape(re.sub(UNREAD, "", text)).lower()
            assert '<html lang="en">' in text, path
            assert {word for word in re.findall(r"[\w’]+", read) if word in DUTCH} == set(), path
        assert "Choose whether this is the same person" in told["refused"]
        context = browser.new_context(viewport={"width": 1280, "height": 900}, bypass_csp=True)
        page = context.new_page()
        enter(site, page)
        page.goto(f"{site.root}{site.path(1)}")
        expect(page.locator(".fields")).to_contain_text("12 Mar 1985")
        expect(page.locator(".waterfall")).to_contain_text("born on the same day")
        if AXE.is_file():
            page.evaluate(AXE.read_text(encoding="utf-8"))
            assert page.evaluate(VIOLATIONS) == []
        context.close()


def test_the_whole_way_goes_by_keyboard(reviewing: Reviewing, page: Page) -> None:
    enter(reviewing, page)
    page.goto(f"{reviewing.root}/")
    page.wait_for_load_state()
    for key in ("j", "j", "k"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Is dit dezelfde persoon?")
    page.wait_for_load_state()
    first = page.url
    page.keyboard.press("n")  # to the other pair without deciding
    page.wait_for_url(lambda url: url != first)
    page.wait_for_load_state()
    page.keyboard.press("z")
    assert page.evaluate("document.activeElement.value") == "same"
    page.keyboard.press("Tab")
    page.keyboard.press("n")  # typed in a field it is a letter, and goes nowhere
    page.keyboard.press("Tab")
    page.keyboard.type("vzo")
    page.keyboard.press("Enter")
    expect(page.locator(".told")).to_be_visible()
    [made] = reviewing.site.decisions.active()
    assert (str(made.verdict), made.reason.endswith(": vzo")) == ("same", True)


def test_single_keys_can_be_switched_off(shared: Reviewing, page: Page) -> None:
    enter(shared, page)
    page.goto(f"{shared.root}/hulp")
    page.get_by_role("button", name="Losse toetsen uitzetten").click()
    page.goto(f"{shared.root}{shared.path(2)}")
    page.wait_for_load_state()
    page.keyboard.press("z")
    assert page.locator("input:checked").count() == 0
    page.keyboard.press("Escape")  # this one always works
    expect(page.get_by_role("heading", level=1)).to_have_text("Scherm verborgen")
