"""Inbeeld as a library: `linkage.link` and `linkage.dedupe` with their defaults.

Style ``usual`` is told the fields and which of them members of a household share, as everybody may know who has seen an
address; ``unique`` also which file holds each person once.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks.race.outcome import THREADS, Clock, Told, contest, files, save
from benchmarks.sets.task import Comparison, Task
from linkage.library import Field, dedupe, exact, link, name, typed

HOUSEHOLD = ("surname", "postcode", "house_number", "city", "street_number", "street", "street_name", "unit_number",
             "suburb", "state")  # fmt: skip
"""Fields that members of one household share."""

UNIQUE = {"febrl4": "both", "ssa": "left", "w2": "left"}
"""Which file holds each person once: both of the scale sets and of FEBRL 4, the census of the others."""

THRESHOLD = 0.9


def link_set(task: Task, folder: Path, out: Path, style: str) -> Told:
    """Link a set."""
    clock = Clock()
    clock.done("import")
    tables = [Path(file.strip("'")) for file in files(task, folder)]
    asked = {"fields": fields(task), "block_on": task.blocking, "threads": THREADS}
    if task.kind == "link":
        unique = UNIQUE.get(task.name, "both") if style == "unique" else None
        found = link(*tables, unique=unique, threshold=THRESHOLD, **asked)
    else:
        found = dedupe(*tables, threshold=THRESHOLD, **asked)
    clock.done("link")
    with duckdb.connect(config={"threads": THREADS}) as db:
        db.register("told", found.links if style == "unique" else found.pairs)
        db.register("clusters", found.clusters)
        save(db, 'SELECT "left" AS left_id, "right" AS right_id, probability FROM told', out / "pairs.parquet")
        save(db, "SELECT side AS source, row AS id, cluster FROM clusters", out / "clusters.parquet")
    clock.done("write")
    return Told(found.candidates, clock.seconds, THRESHOLD)


def fields(task: Task) -> list[Field]:
    """Return the fields of a set as the library is told them."""
    return [_field(c) for c in task.comparisons]


def _field(c: Comparison) -> Field:
    shared = c.field in HOUSEHOLD
    if c.kind == "name":
        return name(c.field, c.thresholds, household=shared, frequency=c.frequencies)
    if c.kind == "exact":
        return exact(c.field, household=shared, frequency=c.frequencies)
    return typed(c.field, len(c.thresholds), household=shared, frequency=c.frequencies)


if __name__ == "__main__":
    contest(link_set, ("usual", "unique"))
