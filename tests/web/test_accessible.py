"""Every page keeps to WCAG 2.2 AA as axe checks it, light and dark, and reads at 320 pixels and on paper."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.nights import Night
from tests.web.pages import PAGES, Material

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
A4_LANDSCAPE = 1046
"""Pixels between the margins of an A4 page on its side."""


@pytest.fixture(scope="module")
def material(night: Night, tmp_path_factory: pytest.TempPathFactory) -> Material:
    return Material(night, tmp_path_factory.mktemp("accessible"))


@pytest.fixture(scope="module")
def reader(browser: Browser) -> Iterator[Page]:
    """A page whose policy lets the checking script in."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, bypass_csp=True)
    yield context.new_page()
    context.close()


def violations(page: Page) -> list[str]:
    """Return what axe finds wrong: the rule, how often, the first place."""
    found: list[dict[str, Any]] = page.evaluate(f"axe.run({{runOnly: {list(RULES)}}}).then(r => r.violations)")
    return [f"{v['id']} ({len(v['nodes'])}): {v['nodes'][0]['html'][:120]}" for v in found]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible(reader: Page, material: Material, name: str) -> None:
    reader.set_viewport_size({"width": 1280, "height": 900})
    reader.emulate_media(media="screen", color_scheme="light")
    reader.goto(PAGES[name](material).as_uri())
    reader.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    reader.evaluate(AXE)
    light = reader.evaluate("getComputedStyle(document.body).backgroundColor")
    assert violations(reader) == []
    reader.emulate_media(color_scheme="dark")
    assert reader.evaluate("getComputedStyle(document.body).backgroundColor") != light
    assert violations(reader) == []
    reader.set_viewport_size({"width": 320, "height": 800})
    assert reader.evaluate("document.documentElement.scrollWidth") <= 320
    reader.emulate_media(media="print", color_scheme="dark")
    reader.set_viewport_size({"width": A4_LANDSCAPE, "height": 800})
    assert reader.evaluate("document.documentElement.scrollWidth") <= A4_LANDSCAPE
    assert reader.evaluate("getComputedStyle(document.body).color") == "rgb(28, 43, 48)", "ink on paper is dark"


def test_axe_sees_what_is_wrong(reader: Page) -> None:
    reader.emulate_media(media="screen", color_scheme="light")
    reader.set_content(
        "<html lang='nl'><title>x</title><main><h1>x</h1><img src=''><p style='color:#ccc'>pale words</p></main>"
    )
    reader.evaluate(AXE)
    assert {found.split(" ")[0] for found in violations(reader)} >= {"image-alt", "color-contrast"}
