"""The page as a reader meets it: it works by hand and by keyboard, asks nothing of a network, runs nothing planted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from linkage.reports import PAGE
from tests.spec.reports.conftest import write
from tests.web import browser

LIST = "#lijst"


def visit(page: Page, folder: Path) -> tuple[list[str], list[str]]:
    """Open the page of a night's reports."""
    return browser.visit(page, folder / PAGE)


def cells(page: Page, column: int, part: str = LIST) -> list[str]:
    """Return the texts of a column of a list."""
    return page.locator(f"{part} tbody[data-rows] tr td:nth-child({column})").all_inner_texts()


def choose(page: Page, name: str, label: str) -> int:
    """Choose a value in a filter by the start of its label and return the count that stands beside it."""
    select = page.locator(f"{LIST} [data-filter={name}]")
    options = select.locator("option").all_inner_texts()
    option = next(text for text in options if text.startswith(label))
    select.select_option(label=option)
    found = re.search(r"\(([\d.]+)\)$", option)
    assert found
    return int(found[1].replace(".", ""))


def shown(page: Page, part: str = LIST) -> str:
    return page.locator(f"{part} [data-shown]").inner_text()


def test_nothing_is_asked_of_a_network_and_nothing_is_blocked(page: Page, written: Path) -> None:
    requests, complaints = visit(page, written)
    page.locator(f"{LIST} [data-step='1']").first.click()
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
    assert len([url for url in requests if url.startswith("file:")]) == 1
    assert complaints == []


def test_the_page_says_how_many_incidents_are_not_in_view(page: Page, written: Path) -> None:
    visit(page, written)
    assert page.title() == "Overzicht"
    assert re.fullmatch(r"\d+ incidenten zijn niet in beeld\.", page.locator("h1").inner_text())
    assert re.search(r"tussen \d+,\d\s% en \d+,\d\s%", page.locator(".figure.gap").inner_text())
    expect(page.locator("header")).to_contain_text("Stand op 13-03-2025")
    expect(page.locator("main > :first-child")).to_contain_text("vt-groningen (tot en met 03-02-2025, 38 dagen oud)")


def test_without_a_stale_source_there_is_no_warning(page: Page, nothing_unmatched: Path) -> None:
    visit(page, nothing_unmatched)
    expect(page.locator(".stale")).to_have_count(0)


@pytest.mark.parametrize(
    ("name", "label", "column"),
    [("severity", "Oranje", 2), ("children", "Onbekend", 3), ("place", "Emmen", 5), ("cause", "Geen spoor", 6)],
)
def test_a_filter_leaves_the_incidents_that_it_names(
    page: Page, written: Path, name: str, label: str, column: int
) -> None:
    visit(page, written)
    count = choose(page, name, label)
    found = cells(page, column)
    assert len(found) == min(count, 100)
    assert all(text.startswith(label) for text in found)
    assert f"van {count} gekozen" in shown(page)


def test_the_age_filter_knows_its_bounds(page: Page, written: Path) -> None:
    visit(page, written)
    count = choose(page, "age", "43 tot en met 90")
    days = [int(found[1]) for text in cells(page, 4) if (found := re.search(r"(\d+) dagen open", text))]
    assert len(days) == count
    assert all(43 <= day <= 90 for day in days)


def test_a_number_is_found_by_a_part_of_it_and_a_household_by_a_click(page: Page, written: Path) -> None:
    visit(page, written)
    number = cells(page, 1)[3]
    page.locator(f"{LIST} [data-search]").fill(number[-6:].lower())
    assert cells(page, 1) == [number]
    page.get_by_role("button", name="Wis keuzes").first.click()
    expect(page.locator(f"{LIST} [data-shown]")).to_contain_text("1–100 van")
    household = page.locator(f"{LIST} [data-household]").first
    name = household.inner_text()
    household.click()
    expect(page.locator(f"{LIST} [data-search]")).to_have_value(name)
    expect(page.locator(f"{LIST} [data-shown]")).to_contain_text("gekozen")
    assert all(name in text for text in cells(page, 7))


def test_a_choice_without_incidents_says_so(page: Page, written: Path) -> None:
    visit(page, written)
    page.locator(f"{LIST} [data-search]").fill("no such number")
    expect(page.locator(f"{LIST} tbody[data-rows]")).to_contain_text("Geen incidenten bij deze keuze")


def test_a_column_sorts_up_and_down_and_back_to_urgency(page: Page, written: Path) -> None:
    visit(page, written)
    urgent = cells(page, 1)
    head = page.locator(f"{LIST} [data-sort=number]")
    head.click()
    expect(page.locator(f"{LIST} th").first).to_have_attribute("aria-sort", "ascending")
    upward = cells(page, 1)
    assert upward == sorted(upward)
    assert upward != urgent
    head.click()
    expect(page.locator(f"{LIST} th").first).to_have_attribute("aria-sort", "descending")
    assert cells(page, 1)[0] > upward[-1]
    page.locator(f"{LIST} [data-urgency]").click()
    expect(page.locator(f"{LIST} th").first).to_have_attribute("aria-sort", "none")
    assert cells(page, 1) == urgent


def test_the_oldest_stand_first_when_sorted_by_age(page: Page, written: Path) -> None:
    visit(page, written)
    page.locator(f"{LIST} [data-sort=age]").click()
    days = [int(found[1]) for text in cells(page, 4) if (found := re.search(r"(\d+) dag", text))]
    assert days == sorted(days, reverse=True)


def test_every_page_of_the_list_can_be_reached(page: Page, written: Path) -> None:
    visit(page, written)
    step = page.locator(f"{LIST} [data-step='1']").first
    seen = cells(page, 1)
    while step.get_attribute("aria-disabled") == "false":
        step.click()
        seen += cells(page, 1)
    headline = page.locator("h1").inner_text()
    assert len(set(seen)) == len(seen) == int(headline.split()[0])


def test_nothing_that_is_planted_runs_or_becomes_markup(page: Page, hostile: Path) -> None:
    page.on("dialog", lambda dialog: dialog.dismiss())
    requests, complaints = visit(page, hostile)
    for part in (LIST, "#beoordelen"):
        for key in page.locator(f"{part} [data-sort]").all():
            key.click()
        page.locator(f"{part} [data-search]").fill("<script>")
        page.locator(f"{part} [data-search]").fill("")
    for summary in page.locator("summary").all():
        summary.click()
    page.mouse.move(400, 400)
    assert page.evaluate("window.planted") is None
    assert page.locator("img, iframe, object, embed, base, form[action], a[href^='javascript']").count() == 0
    assert page.locator("script").count() == 2
    assert page.locator("[onerror], [onload], [onclick], [onfocus], [onmouseover]").count() == 0
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
    assert complaints == []


def test_a_planted_text_is_shown_as_it_is(page: Page, tmp_path: Path) -> None:
    planted = "</script><script>window.planted=1</script>"
    write(tmp_path, incidents=40, weights={"unmatched": 1}, hostile=[planted])
    visit(page, tmp_path)
    assert all(text.startswith(planted) for text in cells(page, 1))
    assert len(cells(page, 1)) == 40
    assert page.evaluate("window.planted") is None


def test_escape_twice_blanks_the_page_and_once_does_not(page: Page, written: Path) -> None:
    visit(page, written)
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    page.keyboard.press("Escape")
    page.wait_for_timeout(1200)
    page.keyboard.press("Escape")
    expect(page.locator("h1")).to_be_visible()
    page.keyboard.press("Escape")
    page.wait_for_url("about:blank")
    assert page.locator("body").inner_text().strip() == ""
    assert page.title().strip() == ""


def test_escape_twice_works_from_within_the_search_field_and_back_does_not_undo_it(page: Page, written: Path) -> None:
    visit(page, written)
    page.locator(f"{LIST} [data-search]").focus()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.wait_for_url("about:blank")
    page.go_back()
    assert "incidenten" not in page.locator("body").inner_text()


def test_the_button_hides_the_page_too(page: Page, written: Path) -> None:
    visit(page, written)
    page.get_by_role("button", name="Verberg scherm").press("Enter")
    page.wait_for_url("about:blank")


def test_everything_can_be_done_by_keyboard(page: Page, written: Path) -> None:
    visit(page, written)
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Naar de lijst")
    page.keyboard.press("Enter")
    reached = []
    for _ in range(20):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "(({tagName, dataset}) => [tagName, ...Object.keys(dataset)].join(' '))(document.activeElement)"
            )
        )
    assert reached[0] == "SUMMARY"
    assert reached.count("SELECT filter") == 5
    assert {"INPUT search", "BUTTON step", "BUTTON sort", "BUTTON household"} <= set(reached)
    page.locator(f"{LIST} [data-sort=age]").press("Enter")
    expect(page.locator(f"{LIST} th").nth(3)).to_have_attribute("aria-sort", "descending")
    page.locator(f"{LIST} [data-step='1']").first.press("Space")
    assert shown(page).startswith("101–")


def test_every_control_has_a_name_and_every_id_stands_once(page: Page, written: Path) -> None:
    visit(page, written)
    nameless = page.evaluate(
        """[...document.querySelectorAll('button, select, input, [role=img], [role=region], nav')].filter(e =>
             !(e.textContent.trim() && e.tagName === 'BUTTON') && !e.getAttribute('aria-label') && !e.labels?.length
           ).map(e => e.outerHTML.slice(0, 80))"""
    )
    assert nameless == []
    assert (
        page.evaluate("(i => i.length - new Set(i).size)([...document.querySelectorAll('[id]')].map(e => e.id))") == 0
    )


@pytest.mark.parametrize("width", [1280, 800])
def test_the_page_fits_its_width(page: Page, written: Path, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    visit(page, written)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_twenty_thousand_incidents_stay_quick(page: Page, long_list: Path) -> None:
    visit(page, long_list)
    assert page.locator("h1").inner_text() == "20.000 incidenten zijn niet in beeld."
    assert page.locator(f"{LIST} tbody[data-rows] tr").count() == 100
    slowest = page.evaluate(
        """() => Math.max(...[...document.querySelectorAll('#lijst [data-sort]')].map(head => {
             const before = performance.now();
             head.click();
             document.body.offsetHeight;
             return performance.now() - before;
           }))"""
    )
    assert slowest < 2000  # 70 to 180 ms on a quiet machine


def test_with_nothing_unmatched_the_page_says_so_kindly(page: Page, nothing_unmatched: Path) -> None:
    _, complaints = visit(page, nothing_unmatched)
    assert page.locator("h1").inner_text() == "Alle incidenten die konden worden nagegaan, zijn in beeld."
    expect(page.locator(f"{LIST} .kind")).to_contain_text("geen incidenten die buiten beeld bleven")
    expect(page.locator(f"{LIST} table")).to_have_count(0)
    assert complaints == []


def test_an_empty_night_gives_a_page(page: Page, tmp_path: Path) -> None:
    write(tmp_path, incidents=0)
    _, complaints = visit(page, tmp_path)
    assert page.locator("h1").inner_text() == "Er zijn nog geen incidenten ontvangen."
    assert complaints == []


def test_in_print_the_controls_go_and_the_folded_parts_open(page: Page, long_list: Path) -> None:
    visit(page, long_list)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator(f"{LIST} tbody[data-rows] tr").count() == 500
    expect(page.locator(f"{LIST} [data-printed]")).to_have_text(
        "Afgedrukt: de eerste 500 van 20.000. De hele lijst staat in inbeeld.xlsx."
    )
    expect(page.locator("#hide")).to_be_hidden()
    expect(page.locator(f"{LIST} form")).to_be_hidden()
    expect(page.locator(f"{LIST} .meanings")).to_be_visible()


def test_many_municipalities_are_folded_and_open_by_a_button(page: Page, tmp_path: Path) -> None:
    write(tmp_path, incidents=400, places=[f"GM{n:04d}" for n in range(1, 31)])
    visit(page, tmp_path)
    rows = page.locator(".places tbody tr:visible")
    expect(rows).to_have_count(15)
    more = page.locator("#more")
    expect(more).to_have_text(re.compile(r"Toon alle \d+ gemeenten"))
    more.click()
    assert rows.count() > 25
    expect(more).to_have_attribute("aria-expanded", "true")


def test_on_a_telephone_all_of_a_row_is_in_sight(page: Page, written: Path) -> None:
    page.set_viewport_size({"width": 320, "height": 800})
    visit(page, written)
    first = page.locator(f"{LIST} tbody[data-rows] tr").first
    assert first.get_attribute("role") == "row"
    edges = first.locator("td").evaluate_all("all => all.map(e => e.getBoundingClientRect().right)")
    assert len(edges) == 7 and max(edges) <= 320
    page.locator(f"{LIST} [data-sort=age]").click()
    expect(page.locator(f"{LIST} th").nth(3)).to_have_attribute("aria-sort", "descending")


def test_a_row_tells_what_is_missing_where_and_what_helps(page: Page, written: Path) -> None:
    visit(page, written)
    choose(page, "cause", "Geen achternaam")
    assert set(cells(page, 6)) == {
        "Geen achternaam ingevuld\nAchternaam ontbreekt bij politie-nn\nVul de achternaam aan in het politiesysteem."
    }
    classes = page.locator(f"{LIST} .ages dd").all_inner_texts()
    assert sum(int(text) for text in classes) == int(page.locator("h1").inner_text().split()[0])


def test_a_municipality_is_found_by_a_part_of_its_name(page: Page, written: Path) -> None:
    visit(page, written)
    page.locator(f"{LIST} [data-search]").fill("hoogev")
    assert set(cells(page, 5)) == {"Hoogeveen"}


@pytest.mark.parametrize("width", [1100, 1000])
def test_a_long_name_leaves_the_navigation_on_one_line(page: Page, tmp_path: Path, width: int) -> None:
    from dataclasses import replace

    from linkage.config import Limits
    from linkage.reports import facts
    from linkage.reports import page as made_page
    from linkage.reports.words import words
    from tests.spec.reports import report_view as made

    with made.build(incidents=60) as db:
        told = facts.read(db, run_id=made.RUN, as_of=made.AS_OF, stale=[])
    told = replace(told, audience="Politie, districten Haarlem en Haarlemmermeer en omstreken")
    made_page.write(tmp_path / PAGE, told, words(Limits()), run_id=made.RUN, made_at=made.MADE_AT)
    page.set_viewport_size({"width": width, "height": 800})
    visit(page, tmp_path)
    tops = page.locator("header nav a").evaluate_all("all => all.map(e => Math.round(e.getBoundingClientRect().top))")
    assert len(tops) == 6 and len(set(tops)) == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width
