"""The pages of ``explain`` and ``model``: self-contained, legible at two widths and in print, and without a name."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page

from linkage.pairs import PERSONS
from tests.command import call
from tests.nights import Night
from tests.web.browser import visit

pytestmark = pytest.mark.slow

PERSONAL = (
    "geslachtsnaam", "partner_geslachtsnaam", "voornamen", "roepnaam", "bsn", "v_nummer", "straat", "telefoon",
    "geboortedatum", "postcode", "persoonsnummer", "Naam", "Geb.datum", "Adres", "PC",
)  # fmt: skip
"""Columns of deliveries whose values no page may show."""


@dataclass(frozen=True)
class Pages:
    """One page of each kind."""

    incident: Path
    pair: Path
    model: Path


@pytest.fixture(scope="module")
def pages(night: Night, tmp_path_factory: pytest.TempPathFactory) -> Pages:
    """Write a page of each kind by the command."""
    folder = tmp_path_factory.mktemp("pages")
    with night.restricted() as db:
        key = "concat_ws(':', m.source_id, m.record_kind, m.record_id, m.person_seq)"
        mentions = db.rows(
            f"SELECT {key} FROM mention m JOIN pair ON mention_id IN (left_id, right_id) "
            "WHERE (left_id, right_id) = (SELECT min((left_id, right_id)) FROM pair) ORDER BY mention_id"
        )
        ((number,),) = db.rows("SELECT min(incident_number) FROM incident_status WHERE status = 'unmatched'")
    pair = ["--pair", *(row[0] for row in mentions)]
    made = Pages(folder / "incident.html", folder / "pair.html", folder / "model.html")
    with pytest.MonkeyPatch.context() as patch:
        assert call(patch, "explain", number, "--out", str(night.out), "--html", str(made.incident)) == 0
        assert call(patch, "explain", *pair, "--out", str(night.out), "--html", str(made.pair)) == 0
        assert (
            call(patch, "model", "--out", str(night.out), "--truth", str(night.truth), "--html", str(made.model)) == 0
        )
    return made


KINDS = ("incident", "pair", "model")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", [1280, 800])
def test_a_page_asks_nothing_of_a_network_and_fits(page: Page, pages: Pages, kind: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    requests, complaints = visit(page, getattr(pages, kind))
    assert [url for url in requests if not url.startswith("data:")] == [getattr(pages, kind).as_uri()]
    assert complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    cut = page.evaluate(
        "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
    )
    assert cut == 0, "a table that must be scrolled sideways is cut in print"


@pytest.mark.parametrize("kind", KINDS)
def test_the_policy_allows_a_page_its_own_style_and_no_script(pages: Pages, kind: str) -> None:
    text = getattr(pages, kind).read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy
    assert "default-src &#39;none&#39;" in policy[1] or "default-src 'none'" in policy[1]
    assert "script-src" not in policy[1]
    assert "unsafe" not in policy[1]
    assert "<script" not in text
    assert not re.search(r"""\s(style|on\w+)=["']|(href|src)=["']https?:|@import|url\(http""", text)


@pytest.mark.parametrize("kind", KINDS)
def test_no_value_of_a_person_reaches_a_page(page: Page, night: Night, pages: Pages, kind: str) -> None:
    visit(page, getattr(pages, kind))
    text = page.locator("body").inner_text()
    examples = " ".join(item.meaning for c in PERSONS.comparisons for item in c.levels)  # "(Hans, Johannes)"
    found = personal_values(night.inbox)
    assert len(found) > 500
    assert set(re.findall(r"\w+", text)) & found <= set(re.findall(r"\w+", examples))
    assert [value for value in found if not value.isalnum() and value in text] == []


def personal_values(inbox: Path) -> set[str]:
    """Return the values of personal columns in all deliveries, of four signs and more; a year is none."""
    found: set[str] = set()
    for path in inbox.rglob("*.csv"):
        encoding = "cp1252" if path.name == "clienten.csv" else "utf-8"
        with path.open(encoding=encoding, newline="") as file:
            for row in csv.DictReader(file, delimiter=";"):
                found |= {value.strip() for name, value in row.items() if name in PERSONAL and value}
    return {value for value in found if len(value) >= 4 and not re.fullmatch(r"\d{4}", value)}


def test_the_waterfall_ends_at_the_weight(page: Page, pages: Pages) -> None:
    visit(page, pages.pair)
    rows = page.locator(".waterfall tbody tr")
    totals = [number(text) for text in rows.locator("td:last-child").all_inner_texts()]
    adds = [number(text) for text in rows.locator("td:nth-last-child(2)").all_inner_texts()]
    weight = number(page.locator(".figure strong").first.inner_text())
    assert totals[-1] == weight == number(page.locator(".waterfall tfoot td").inner_text())
    assert sum(adds) == pytest.approx(weight, abs=0.05 * len(adds))
    assert page.locator(".waterfall svg rect").count() == len(adds)


def number(text: str) -> float:
    return float(text.replace("\N{MINUS SIGN}", "-"))


def test_the_model_page_holds_every_rule_and_level(page: Page, pages: Pages) -> None:
    visit(page, pages.model)
    assert page.locator(".rules tbody tr").count() == len(PERSONS.rules) + 1
    assert page.locator(".levels tbody tr:not(.comparison)").count() == sum(len(c.levels) for c in PERSONS.comparisons)
    assert page.locator("svg.plot[role=img]").count() == 3
    assert "Table pair holds no pair below the possible threshold" in page.locator("#accuracy").inner_text()
    names = page.evaluate(
        "[...document.querySelectorAll('[role=img], [role=region], nav')]"
        ".filter(e => !e.getAttribute('aria-label')).length"
    )
    assert names == 0


@pytest.mark.parametrize("kind", KINDS)
def test_text_on_a_page_is_dark_on_light(page: Page, pages: Pages, kind: str) -> None:
    visit(page, getattr(pages, kind))
    pale = page.evaluate(
        """[...document.querySelectorAll('main *, footer *')]
           .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()))
           .map(e => getComputedStyle(e)[e.closest('svg') ? 'fill' : 'color'])
           .filter(c => c.match(/\\d+/g).slice(0, 3).map(Number).reduce((a, b) => a + b) > 390)"""
    )
    assert pale == []
