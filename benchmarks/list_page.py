"""How fast the overview opens and filters with a hundred thousand unmatched incidents, in a headless Chromium."""

from __future__ import annotations

import random
import shutil
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console

from benchmarks.figures import middle, save, show
from linkage.config import Limits
from linkage.engine.duckdb import DuckDBEngine
from linkage.reports import facts, page
from linkage.reports.lists import CHILDREN, SEVERITIES, Case
from linkage.reports.words import words
from tests.spec.reports import report_view as made

ROWS = 100_000
ROUNDS = 5
SHOWN = "document.querySelector('#lijst [data-shown]').textContent"
FILTERS = {
    "municipality": "#lijst [data-filter=place]",
    "colour": "#lijst [data-filter=severity]",
    "days open": "#lijst [data-filter=age]",
}
TIMED = """async (act) => {
  const before = performance.now();
  act();
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - before;
}"""


def list_page(console: Console, *, rows: int = ROWS, rounds: int = ROUNDS) -> None:
    """Write such a page, open it and use it; print the slowest and the median of each act, in milliseconds."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = write(Path(folder), rows)
        found = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        times: dict[str, list[float]] = {}
        for _ in range(rounds):
            for act, spent in visit(browser, path).items():
                times.setdefault(act, []).append(spent)
        browser.close()
        size = path.stat().st_size
    title = f"{rows:,} unmatched incidents on one page of {size / 1e6:.1f} MB, {rounds} rounds"
    show(console, title, ("act", "median ms", "slowest ms"), [(a, middle(t), max(t)) for a, t in times.items()])
    save("list_page", {"rows": rows, "bytes": size, "ms": times})


def write(folder: Path, rows: int) -> Path:
    """Write the overview with so many unmatched incidents of made-up records."""
    with made.build(incidents=0) as db:
        told = empty(db)
    dice = random.Random(1)
    cases = sorted(
        (incident(dice, n) for n in range(rows)), key=lambda c: (SEVERITIES.index(c.severity), -(c.age_days or 0))
    )
    told = replace(told, unmatched=cases, statuses=told.statuses | {"unmatched": rows})
    path = folder / "inbeeld.html"
    page.write(path, told, words(Limits()), run_id=made.RUN, made_at=made.MADE_AT)
    return path


def empty(db: DuckDBEngine) -> facts.Facts:
    """Return the facts of a night without incidents."""
    return facts.read(db, run_id=made.RUN, as_of=made.AS_OF, stale=[])


def incident(dice: random.Random, number: int) -> Case:
    """Return one made-up incident."""
    age = dice.randint(43, 1000)
    return Case(
        incident_number=f"PL0100-{2022 + number % 4}{number:06d}",
        source_id=dice.choice(["politie-nn", "politie-mn"]),
        reported_on=made.AS_OF - timedelta(days=age),
        municipality_code=dice.choice(made.PLACES),
        expected=None,
        age_days=age,
        cause=dice.choice(list(made.CAUSES)),
        children=dice.choice(CHILDREN),
        severity=dice.choice(SEVERITIES),
        repeats=dice.randint(1, 6),
        household_id=f"H{dice.randrange(10**9):09d}",
        candidates=0,
        best=None,
    )


def visit(browser: Browser, path: Path) -> dict[str, float]:
    """Open the page anew and use it as a reader does; return the milliseconds of each act, up to the painted frame."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    reader = context.new_page()
    reader.goto(path.as_uri(), wait_until="load")
    reader.wait_for_function(f"{SHOWN} !== ''")
    times = {"open": reader.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")}
    for act, selector in FILTERS.items():
        times[f"filter by {act}"] = timed(
            reader, selector, "e.selectedIndex = 2; e.dispatchEvent(new Event('input', {bubbles: true}))"
        )
        timed(reader, "#lijst form", "e.reset()")
    times["search"] = timed(
        reader, "#lijst [data-search]", "e.value = '0042'; e.dispatchEvent(new Event('input', {bubbles: true}))"
    )
    timed(reader, "#lijst form", "e.reset()")
    times["sort by days"] = timed(reader, "#lijst [data-sort=age]", "e.click()")
    context.close()
    return times


def timed(reader: Page, selector: str, act: str) -> float:
    """Return how many milliseconds an act on an element takes until what it changed is painted."""
    spent: float = reader.evaluate(f"(({TIMED})(() => {{ const e = document.querySelector('{selector}'); {act}; }}))")
    reader.wait_for_timeout(50)
    return spent
