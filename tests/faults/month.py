"""Nights in a row: each equals a run from scratch, ids stay, and the order of deliveries leaves no trace.

``size`` is the number of nights (30), as many of which are held against a run from scratch as there is time for; three
posts bring the same deliveries late, twice and sent again, each in its own order. The negative control is in
``tests/properties/test_month.py``.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from linkage import simulate
from tests.faults import budget
from tests.month import Chain, Kept, Post, differing, kept, outcome

INCIDENTS = 400
POSTS = 3
LEAST_KEPT = 0.999


def run(size: int | None, seed: int, tell: Callable[[str], None]) -> list[dict[str, object]]:
    """Return a row for each post; the first is held against a run from scratch every night."""
    with tempfile.TemporaryDirectory(prefix="inbeeld-month-") as name:
        folder = Path(name)
        simulate.write_sample(folder / "sample", incidents=INCIDENTS, seed=seed, nights=size or 30)
        rows, first = [], None
        for number in range(POSTS):
            post = Post(folder / "sample" / "inbox", folder / f"spare-{number}", seed=seed * POSTS + number)
            row, ended = _month(folder / f"chain-{number}", post, tell, is_checked=number == 0)
            first = first or ended
            wrong = [what for what in first if first[what] != ended[what]]
            row["failures"] = [*row["failures"], *(f"post {number}: other {what} than post 0" for what in wrong)]
            rows.append({"post": number, "ends as post 0": not wrong, **row})
        return rows


def _month(folder: Path, post: Post, tell: Callable[[str], None], *, is_checked: bool) -> tuple[dict, dict]:
    chain, failures, before, people, same, compared = Chain(folder), [], None, 0, 0, 0
    for number, deliveries in enumerate(post.nights):
        is_checked = is_checked and not budget.is_over()
        chain.night(deliveries)
        found = kept(before, chain.state) if before else Kept(0, 0)
        people, same = people + found.people, same + found.same_id
        if is_checked and number:
            wrong = differing(chain.state, chain.again_from_scratch())
            failures += [f"night {number}: {table} is not that of a run from scratch" for table in wrong]
            compared += 1
        tell(f"night {number}: {len(deliveries)} deliveries, {len(failures)} failures")
        before = chain.state
    if same < LEAST_KEPT * people:
        failures.append(f"{people - same} of {people} unchanged people lost their id")
    row = {
        "nights": len(post.nights), "deliveries": sum(map(len, post.nights)), "equal to scratch": compared,
        "unchanged people": people, "kept their id": same, "failures": failures,
    }  # fmt: skip
    return row, dict(outcome(chain.state))
