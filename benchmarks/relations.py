"""What relations add: weak mentions found with and without the people who are named beside them."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console

from benchmarks import child, figures
from benchmarks.prepare import MINT, true_persons
from linkage.config import Config
from linkage.engine.duckdb import DuckDBEngine
from linkage.entities import resolve
from linkage.pairs import link

WEAK = {
    "all mentions": "true",
    "child without a birth date": "birth_precision <> 'day' AND (role = 'getuige_kind' OR relation = 'kind' "
    "OR year(event_date) - birth_year < 18)",
    "no birth date": "birth_precision = 'none'",
    "initials only": "given_name IS NULL AND initials IS NOT NULL",
    "chain of names": "is_name_chain",
    "no address": "postcode IS NULL AND city IS NULL",
}
"""Kinds of weak mentions as SQL over the mention."""
HEADER = ("noise", "mentions", "number", "recall without", "recall with", "precision without", "precision with")
NOTE = (
    "Recall and precision are B-cubed over the mentions of the kind: of the other mentions of its true person, how "
    "many are in its cluster; of those in its cluster, how many are its person (Bagga & Baldwin 1998)."
)


def relations(console: Console, *, incidents: int, noise: Sequence[str], seed: int) -> dict[str, Any]:
    """Measure both ways at each noise, print a table, keep the figures."""
    told: dict[str, Any] = {}
    rows: list[list[object]] = []
    with tempfile.TemporaryDirectory(prefix="inbeeld-bench-") as folder:
        for level in noise:
            mentions = child.mentions(Path(folder) / level, incidents=incidents, noise=level, seed=seed)
            told[level] = measure(mentions)
            rows += [[level, kind, n, *map(figures.share, found)] for kind, (n, *found) in told[level].items()]
    figures.show(console, f"Relations as evidence, {incidents:,} incidents", HEADER, rows, NOTE)
    console.print(f"kept in {figures.save('relations', {'incidents': incidents, 'seed': seed, 'noise': told})}")
    return told


def measure(mentions: Path) -> dict[str, list[float | int]]:
    """Return for each kind its number, and recall and precision without and with relations."""
    labels = {use: clusters(mentions, Config(linkage={"use_relations": use})) for use in (False, True)}
    person = true_persons(mentions, len(labels[True]))
    ids = np.flatnonzero(person >= 0)
    person = person[ids]
    kinds = _kinds(mentions)
    found = {}
    for kind, members in kinds.items():
        weak = np.isin(ids, members)
        scores = {use: _b_cubed(labels[use][ids], person, weak) for use in labels}
        recall = [scores[use][0] for use in (False, True)]
        found[kind] = [int(weak.sum()), *recall, *(scores[use][1] for use in (False, True))]
    return found


def clusters(mentions: Path, config: Config, change: str = "") -> npt.NDArray[np.int64]:
    """Return (mentions,) the person that each mention of a file is taken for; ``change`` is SQL run on them first."""
    with tempfile.TemporaryDirectory(prefix="inbeeld-bench-") as folder:
        with DuckDBEngine(mentions, read_only=True) as source:
            frame = source.frame("SELECT * FROM mention")
        with DuckDBEngine(Path(folder) / "work.duckdb", spill=Path(folder) / "spill") as db:
            db.register("mention", frame)
            if change:
                db.run(change)
            link(db, config, lambda _: None)
            resolve(db, config, run_id="bench", mint=MINT, progress=lambda _: None)
            found = db.arrays("SELECT cluster FROM mention_cluster ORDER BY mention_id")["cluster"]
    return np.asarray(found, dtype=np.int64)


def _kinds(mentions: Path) -> dict[str, npt.NDArray[np.int64]]:
    with DuckDBEngine(mentions, read_only=True) as db:
        return {
            kind: np.asarray(db.arrays(f"SELECT mention_id FROM mention WHERE {where}")["mention_id"], dtype=np.int64)
            for kind, where in WEAK.items()
        }


def _b_cubed(
    found: npt.NDArray[np.int64], person: npt.NDArray[np.int64], weak: npt.NDArray[np.bool_]
) -> tuple[float, float]:
    """Return recall and precision of the weak mentions, each without itself, over those that have others."""
    both = np.unique(np.stack([found, person]), axis=1, return_inverse=True)[1].ravel()
    sizes = {name: others(one) for name, one in (("both", both), ("person", person), ("found", found))}
    has_true, has_found = weak & (sizes["person"] > 0), weak & (sizes["found"] > 0)
    recall = (sizes["both"][has_true] / sizes["person"][has_true]).mean() if has_true.any() else float("nan")
    precision = (sizes["both"][has_found] / sizes["found"][has_found]).mean() if has_found.any() else float("nan")
    return float(recall), float(precision)


def others(label: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return for each member how many others have its label."""
    _, at, n = np.unique(label, return_inverse=True, return_counts=True)
    return n[at] - 1
