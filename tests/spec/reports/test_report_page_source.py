"""The page as text: it carries everything with it and lets nothing else in."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest

from linkage.reports import PAGE


def source(folder: Path) -> str:
    return (folder / PAGE).read_text(encoding="utf-8")


def policy(html: str) -> str:
    """Return the content security policy of a page."""
    found = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    assert found
    return found[1].replace("&#39;", "'")


def test_the_policy_allows_the_page_its_own_style_and_script_and_nothing_else(written: Path) -> None:
    html = source(written)
    rules = dict(rule.strip().split(" ", 1) for rule in policy(html).split(";"))
    style, script = re.findall(r"<(?:style|script)>(.*?)</(?:style|script)>", html, re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script)]
    assert rules == {
        "default-src": "'none'",
        "style-src": f"'sha256-{digests[0]}'",
        "script-src": f"'sha256-{digests[1]}'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }


def test_the_policy_stands_before_anything_that_it_rules(written: Path) -> None:
    html = source(written)
    assert html.index("Content-Security-Policy") < min(html.index(tag) for tag in ("<style", "<script", "<link"))


def test_the_page_refers_to_nothing_outside_itself(written: Path) -> None:
    html = source(written)
    assert not re.findall(r"https?:|url\(|@import|\bsrc=|\bon[a-z]+=|\bstyle=", html)
    assert set(re.findall(r'href="([^"]*)"', html)) == {
        "data:,", "#cijfers", "#gemeenten", "#lijst", "#beoordelen", "#kwaliteit", "#begrippen",
    }  # fmt: skip


def test_the_name_of_file_and_page_say_nothing_of_their_content(written: Path) -> None:
    html = source(written)
    assert "<title>Overzicht</title>" in html
    assert 'name="robots" content="noindex' in html
    assert 'name="referrer" content="no-referrer"' in html


@pytest.mark.parametrize("folder", ["written", "hostile"])
def test_the_data_cannot_end_the_element_that_holds_them(folder: str, request: pytest.FixtureRequest) -> None:
    html = source(request.getfixturevalue(folder))
    island = html.split('<script type="application/json" id="data">', 1)[1].split("</script>", 1)[0]
    assert not set("<>&\u2028\u2029") & set(island)
    assert {"unmatched", "review"} == set(json.loads(island)["lists"])


def test_no_planted_text_is_markup(hostile: Path) -> None:
    html = source(hostile)
    assert html.count("<script") == html.count("</script>") == 2
    assert not re.search(r"<(img|iframe|base|object|embed|a href=.?javascript)", html)


def test_dutch_words_leave_no_placeholder_open(written: Path) -> None:
    html = source(written)
    outside_data = re.sub(r"<(script|style).*?</\1>", "", html, flags=re.DOTALL)
    assert not re.search(r"\{\w*\}|Undefined|None", outside_data)


def test_every_list_begins_with_the_missing_source_and_its_age(written: Path) -> None:
    html = source(written)
    for section in ("lijst", "beoordelen"):
        text = html.split(f'<section id="{section}"', 1)[1].split("</section>", 1)[0]
        note, table = text.index("vt-groningen (tot en met 03-02-2025, 38 dagen oud)"), text.index("<table")
        assert note < text.index("<form") < table
