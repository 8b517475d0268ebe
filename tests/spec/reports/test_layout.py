"""Templates are compiled once for all languages, and say what the filters of each page make of them."""

from __future__ import annotations

from pathlib import Path

from linkage.reports import layout


def test_what_a_filter_makes_of_a_constant_is_of_its_page(tmp_path: Path) -> None:
    (tmp_path / "page.j2").write_text("{{ 'same' | label }} {{ given | label }}", encoding="utf-8")
    dutch, english = {"same": "dezelfde", "other": "een ander"}, {"same": "the same", "other": "another"}
    for words in (dutch, english, dutch):
        page = layout.environment(tmp_path, filters={"label": words.__getitem__}).get_template("page.j2")
        assert page.render(given="other") == f"{words['same']} {words['other']}"


def test_a_template_is_compiled_once(tmp_path: Path) -> None:
    (tmp_path / "once.j2").write_text("<p>{{ given }}</p>", encoding="utf-8")
    before = len(layout._COMPILED.made)
    for _ in range(2):
        layout.environment(tmp_path, filters={}).get_template("once.j2")
    assert len(layout._COMPILED.made) == before + 1
