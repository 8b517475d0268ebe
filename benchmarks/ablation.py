"""What the lead rests on: how well persons are found when one kind of evidence after another is taken away."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from benchmarks import child, figures
from benchmarks.prepare import true_persons
from benchmarks.relations import clusters, others
from linkage.config import Config

NUMBERS = "source_person_id = NULL"
IDENTIFIERS = f"{NUMBERS}, bsn_hmac = NULL, v_number_hmac = NULL, phone_hmac = NULL"
TAKEN = {
    "nothing": "",
    "the sources' person numbers": NUMBERS,
    "BSN, v-number and phone too": IDENTIFIERS,
    "records too: every mention stands alone": f"{IDENTIFIERS}, record_no = mention_id",
}
"""What each row takes away, as what is set in the mentions; last every mention stands on a record of its own."""
HEADER = ("noise", "taken away", "precision", "recall", "F1", "false links")
NOTE = "Over pairs of mentions that the truth knows, as in peers."


def ablation(console: Console, *, incidents: int, noise: Sequence[str], seed: int) -> dict[str, Any]:
    """Measure at each noise, print a table, keep the figures."""
    told: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="inbeeld-bench-") as folder:
        for level in noise:
            mentions = child.mentions(Path(folder) / level, incidents=incidents, noise=level, seed=seed)
            told[level] = {what: measure(mentions, change) for what, change in TAKEN.items()}
    rows: list[list[object]] = [
        [level, what, *map(figures.share, found[:3]), int(found[3])]
        for level, each in told.items()
        for what, found in each.items()
    ]
    figures.show(console, f"Persons without some of the evidence, {incidents:,} incidents", HEADER, rows, NOTE)
    console.print(f"kept in {figures.save('ablation', {'incidents': incidents, 'seed': seed, 'noise': told})}")
    return told


def measure(mentions: Path, change: str) -> tuple[float, float, float, float]:
    """Return precision, recall and F1 of pairs of mentions, and the false links, after a change of the mentions."""
    found = clusters(mentions, Config(), f"UPDATE mention SET {change}" if change else "")
    person = true_persons(mentions, len(found))
    known = person >= 0
    both = np.unique(np.stack([found[known], person[known]]), axis=1, return_inverse=True)[1].ravel()
    right, made, true = (others(label).sum() / 2 for label in (both, found[known], person[known]))
    return float(right / made), float(right / true), float(2 * right / (made + true)), float(made - right)
