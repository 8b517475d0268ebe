"""Every page that the product writes, each with what writes it: a test of one page is a test of all.

`PAGES` may be imported; the pages of the review application are listed with their own tests.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linkage import register, reports
from linkage.partners import Register
from tests.command import inbeeld
from tests.nights import Night
from tests.spec.reports import report_view as made
from tests.spec.reports.test_hand_outs import DAY, REGISTER


@dataclass(frozen=True)
class Material:
    """What pages are made of: a published night, and a folder to write to."""

    night: Night
    folder: Path


Maker = Callable[[Material], Path]
OF_A_NIGHT: dict[str, Any] = {"run_id": made.RUN, "as_of": made.AS_OF, "made_at": made.MADE_AT}


def page_of(name: str, language: str) -> Maker:
    """Return what writes a page of the reports of a made case view, in a language."""

    def write(material: Material) -> Path:
        folder = material.folder / f"reports-{language}"
        if not folder.exists():
            with made.build(incidents=900) as db:
                reports.write(db, folder, **OF_A_NIGHT, stale=["vt-groningen"], language=language)
        return folder / name

    return write


def partner_page(partner: str) -> Maker:
    """Return what writes the page that a partner of a register gets."""

    def write(material: Material) -> Path:
        folder = material.folder / "partners"
        if not folder.exists():
            partners = Register(**tomllib.loads(REGISTER))
            with made.build(incidents=900) as db:
                register.write(db, partners, made.AS_OF)
                reports.write(db, folder, **OF_A_NIGHT, stale=[], cooperation=partners, on=DAY)
        return folder / partner / reports.PAGE

    return write


def night_page(material: Material) -> Path:
    """Return the page of figures of a whole night, indicators and all."""
    return material.night.out / "reports" / reports.FIGURES


def by_command(name: str, *words: str, needs: str = "") -> Maker:
    """Return what writes a page by a command of its own; ``needs`` asks the night for the last word."""

    def write(material: Material) -> Path:
        path, more = material.folder / f"{name}.html", []
        if needs:
            with material.night.restricted() as db:
                more = [str(cell) for cell in db.rows(needs)[0]]
        done = inbeeld(*words, *more, "--out", material.night.out, "--html", path)
        assert (done.returncode, done.stderr) == (0, "")
        return path

    return write


INCIDENT = "SELECT min(incident_number) FROM incident_status WHERE status = 'unmatched'"
PAIR = """
SELECT string_agg(concat_ws(':', m.source_id, m.record_kind, m.record_id, m.person_seq), '|' ORDER BY mention_id)
FROM mention AS m JOIN pair ON mention_id IN (left_id, right_id)
WHERE (left_id, right_id) = (SELECT min((left_id, right_id)) FROM pair)
"""


def pair_page(material: Material) -> Path:
    """Write the page of a pair of mentions."""
    path = material.folder / "pair.html"
    with material.night.restricted() as db:
        mentions = str(db.rows(PAIR)[0][0]).split("|")
    done = inbeeld("explain", "--pair", *mentions, "--out", material.night.out, "--html", path)
    assert (done.returncode, done.stderr) == (0, "")
    return path


def dictionary_page(material: Material) -> Path:
    """Write the data dictionary."""
    path = material.folder / "dictionary.html"
    done = inbeeld("dictionary", "--out", path)
    assert (done.returncode, done.stderr) == (0, "")
    return path


PAGES: dict[str, Maker] = {
    "overview": page_of(reports.PAGE, "nl"),
    "figures": page_of(reports.FIGURES, "nl"),
    "overview in English": page_of(reports.PAGE, "en"),
    "figures in English": page_of(reports.FIGURES, "en"),
    "edition": page_of(f"editions/2025-02/{reports.FIGURES}", "nl"),
    "figures of a night": night_page,
    "a partner's figures": partner_page("assen"),
    "a partner's lists": partner_page("vt-one"),
    "agenda": by_command("agenda", "agenda", "--most", "4", "--for", "politie-nn"),
    "incident": by_command("incident", "explain", needs=INCIDENT),
    "pair": pair_page,
    "model": by_command("model", "model"),
    "dictionary": dictionary_page,
}
"""The pages by name."""
