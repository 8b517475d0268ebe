"""Link or deduplicate any two tables with a model of one's own: the engine of the nights as a library.

from linkage import link, exact, name, typed

found = link(
    left, right,
    fields=[name("given_name"), name("surname", household=True), typed("date_of_birth", 2),
            typed("postcode", household=True)],
    block_on=[("date_of_birth",), ("surname", "postcode")],
)
found.links, found.clusters, found.explain(17, 4)
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from linkage.engine.duckdb import DuckDBEngine
from linkage.entities.one_to_one import one_to_one
from linkage.entities.partition import clusters as partition
from linkage.errors import UsageError
from linkage.pairs.blocking import candidates, pair_budget
from linkage.pairs.coded import Coded, Pairs, distinct
from linkage.pairs.coding import keys
from linkage.pairs.estimate import Counts, Samples, estimate, untrained
from linkage.pairs.fields import Field, exact, name, spec, typed
from linkage.pairs.model import Model
from linkage.pairs.score import Evidence, evidence, probability
from linkage.pairs.spec import Spec

__all__ = ["Linked", "dedupe", "exact", "link", "name", "typed"]

Table = pd.DataFrame | Path | str
Ids = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

RANDOM_PAIRS = 500_000
"""Random pairs for the chance of a near agreement; that of agreement follows from value counts."""
TRAINING_PAIRS = 600_000
"""Candidate pairs that a model is learnt from; with more candidates a sample of the left rows is taken."""
KEPT = 0.01
"""Match probability from which a pair is told at all."""
BUDGET = 150.0
"""Candidate pairs allowed for each row."""


@dataclass
class Linked:
    """What was found.

    ``pairs`` (left, right, probability, weight, pattern) are rows by their place in the tables, from `KEPT`;
    ``links`` those at or above the threshold that the constraints leave; ``clusters`` (side, row, cluster).
    ``model`` has the learnt probabilities; ``candidates`` is how many pairs were compared.
    """

    pairs: pd.DataFrame
    links: pd.DataFrame
    clusters: pd.DataFrame
    model: Model
    candidates: int

    def explain(self, left: int, right: int) -> list[Evidence]:
        """Return what each comparison of a pair added to its match weight; raises ``KeyError`` for a pair not told."""
        found = self.pairs[(self.pairs["left"] == left) & (self.pairs["right"] == right)]
        if found.empty:
            raise KeyError(f"rows {left} and {right} were not compared, or their probability is below {KEPT}")
        return evidence(self.model, int(found["pattern"].iloc[0]))


def link(
    left: Table,
    right: Table,
    *,
    fields: Sequence[Field],
    block_on: Sequence[Sequence[str]],
    unique: Literal["left", "right", "both"] | None = None,
    threshold: float = 0.9,
    model: Model | None = None,
    memory_limit: str = "2GB",
    threads: int = 2,
) -> Linked:
    """Link the rows of two tables (frames or Parquet files).

    ``block_on`` are rules, each a tuple of SQL expressions over the columns: rows that agree on all of them are
    compared. ``unique`` says which table is known to hold each person once. ``model`` is one learnt before, for the
    same fields; without it a model is learnt from these tables. Raises `UsageError` for a missing column.
    """
    told = spec(tuple(fields), tuple(tuple(key) for key in block_on), two_sided=True)
    return _run((left, right), fields, told, unique, threshold, model, memory_limit, threads)


def dedupe(
    table: Table,
    *,
    fields: Sequence[Field],
    block_on: Sequence[Sequence[str]],
    threshold: float = 0.9,
    model: Model | None = None,
    memory_limit: str = "2GB",
    threads: int = 2,
) -> Linked:
    """Find the rows of one table that are one person; see `link`."""
    people = tuple(f.column for f in fields if f.frequency or f.comparison.edits)
    told = spec(tuple(fields), tuple(tuple(key) for key in block_on), two_sided=False, counted_by=people)
    return _run((table,), fields, told, None, threshold, model, memory_limit, threads)


def _run(
    tables: tuple[Table, ...],
    fields: Sequence[Field],
    told: Spec,
    unique: str | None,
    threshold: float,
    model: Model | None,
    memory_limit: str,
    threads: int,
) -> Linked:
    with (
        tempfile.TemporaryDirectory(prefix="inbeeld-") as folder,
        DuckDBEngine(None, memory_limit=memory_limit, threads=threads, spill=Path(folder) / "spill") as db,
    ):
        sizes = _read(db, tables, fields)
        possible = float(np.prod(sizes)) if told.two_sided else sizes[0] * (sizes[0] - 1) / 2
        coded = Coded(db, told, threads=threads)
        keys(db, told)
        pairs = _candidates(db, coded, sum(sizes))
        made = len(pairs)
        rest, trained = _divide(pairs)
        coded.finish(trained)
        if model is None:
            start = untrained(told, sum(sizes), possible)
            counts = trained.counts()
            whole = Counts(counts.pattern, counts.pairs * (made / max(len(trained), 1)))
            model = estimate(start, whole, _samples(db, coded, sizes))
        else:
            model = model.of(sum(sizes), possible)
        scored = _scored(coded, model, trained, rest)
    return _linked(model, scored, sizes, unique, threshold, made)


def _read(db: DuckDBEngine, tables: tuple[Table, ...], fields: Sequence[Field]) -> tuple[int, ...]:
    """Write ``mention`` (mention_id, side, the fields' text); rows are numbered through both tables."""
    sizes: list[int] = []
    for side, table in enumerate(tables, start=1):
        source = db.source(table)
        known = {row[0] for row in db.rows(f"DESCRIBE SELECT * FROM {source}")} - {"file_row_number"}
        missing = [f.column for f in fields if f.column not in known]
        if missing:
            raise UsageError(f"table {side} has no column {missing[0]}: it has {', '.join(sorted(known))}")
        texts = ", ".join(f'{f.sql} AS "{f.column}"' for f in fields)
        made = "CREATE OR REPLACE TEMP TABLE mention AS" if side == 1 else "INSERT INTO mention"
        start = sum(sizes)
        db.run(
            f"{made} SELECT CAST({start} + file_row_number AS INTEGER) AS mention_id, "
            f"CAST({side} AS TINYINT) AS side, {texts} FROM {source}"
        )
        sizes.append(int(db.rows("SELECT count(*) FROM mention")[0][0]) - start)
    return tuple(sizes)


def _candidates(db: DuckDBEngine, coded: Coded, rows: int) -> Pairs:
    """Return all candidate pairs with what equality decides."""
    parts = []
    for query in candidates(db, coded.spec, budget=pair_budget(rows, BUDGET), max_block=rows, is_masked=False):
        found = db.arrays(f"SELECT l.mention_id AS left_id, r.mention_id AS right_id {query}")
        parts.append(coded.compare(np.asarray(found["left_id"]), np.asarray(found["right_id"])))
    return Pairs(*(np.concatenate([getattr(p, name) for p in parts]) for name in ("left", "right", "pattern", "open")))


def _divide(pairs: Pairs) -> tuple[Pairs, Pairs]:
    """Return the other pairs and those that the model is learnt from: all pairs of a sample of the left rows."""
    share = TRAINING_PAIRS / max(len(pairs), 1)
    if share >= 1:
        return pairs.where(np.zeros(0, dtype=np.int64)), pairs
    drawn = (pairs.left.astype(np.uint32) * np.uint32(2654435761)) < np.uint32(share * 2**32)
    return pairs.where(~drawn), pairs.where(drawn)


def _samples(db: DuckDBEngine, coded: Coded, sizes: tuple[int, ...]) -> Samples:
    """Random pairs for the chance of near agreement, and the exact chance of agreement from value counts."""
    draw = np.random.Generator(np.random.PCG64(1))
    size = int(min(RANDOM_PAIRS, 20.0 * sum(sizes) + 10_000))
    first = sizes[0] if len(sizes) == 2 else 0
    left = draw.integers(0, sizes[0], size, dtype=np.int32)
    right = draw.integers(first, sum(sizes), size, dtype=np.int32)
    chance = coded.compare(left[left != right], right[left != right])
    coded.finish(chance)
    return Samples(
        chance.counts(), {c.name: e for c in coded.spec.comparisons if (e := _equal(db, coded.spec, str(c.value)))}
    )


def _equal(db: DuckDBEngine, told: Spec, column: str) -> float | None:
    """Return the probability that two random rows agree on a column; none for a column without values."""
    counted = (
        f"SELECT count(*) FILTER (side = 1) AS a, count(*) FILTER (side = 2) AS b FROM mention "
        f'WHERE "{column}" IS NOT NULL GROUP BY "{column}"'
    )
    other = "b" if told.two_sided else "(a - 1)"
    others = "sum(b)" if told.two_sided else "(sum(a) - 1)"
    value = db.rows(f"SELECT sum(CAST(a AS DOUBLE) * {other}) / (sum(a) * {others}) FROM ({counted})")[0][0]
    return None if value is None or not np.isfinite(value) else float(np.clip(value, 1e-9, 1 - 1e-9))


def _scored(coded: Coded, model: Model, trained: Pairs, rest: Pairs) -> tuple[Pairs, Floats]:
    """Return the pairs that are at least `KEPT` probable, with their weights."""
    least = float(np.log2(KEPT / (1 - KEPT)))
    hopeful = coded.hopeful(rest, model, least)
    pairs = Pairs(
        *(np.concatenate([getattr(trained, n), getattr(hopeful, n)]) for n in ("left", "right", "pattern", "open"))
    )
    at, known = distinct(pairs.pattern)
    weight = model.weight(known)[at]
    kept = weight >= least
    return pairs.where(kept), weight[kept]


def _linked(
    model: Model,
    scored: tuple[Pairs, Floats],
    sizes: tuple[int, ...],
    unique: str | None,
    threshold: float,
    made: int,
) -> Linked:
    found, weight = scored
    cut = float(np.log2(threshold / (1 - threshold)))
    sure = np.flatnonzero(weight >= cut)
    if unique:
        sure = sure[_unique(found.left[sure], found.right[sure], weight[sure], cut, unique)]
    labels = partition(sum(sizes), found.left[sure], found.right[sure], weight[sure], cut=cut).labels
    second = sizes[0] if len(sizes) == 2 else 0
    told: dict[str, npt.NDArray[Any]] = {
        "left": found.left,
        "right": found.right - np.int32(second),
        "probability": probability(weight),
        "weight": weight,
        "pattern": found.pattern,
    }
    pairs = pd.DataFrame(told, copy=False)
    side = np.repeat(np.arange(len(sizes), dtype=np.int8), sizes)
    row = np.concatenate([np.arange(n, dtype=np.int32) for n in sizes])
    clusters = pd.DataFrame({"side": side, "row": row, "cluster": labels}, copy=False)
    return Linked(pairs, pairs.iloc[sure], clusters, model, made)


def _unique(left: Ids, right: Ids, weight: Floats, cut: float, unique: str) -> npt.NDArray[np.bool_]:
    """Tell which links remain where a table holds each person once: nobody is linked to two of its rows."""
    if unique == "both":
        return one_to_one(left, right, weight, cut)[0]
    many = right if unique == "left" else left
    best = np.full(int(many.max(initial=0)) + 1, -np.inf)
    np.maximum.at(best, many, weight)
    among = weight >= best[many]
    told: npt.NDArray[np.bool_] = among & (np.bincount(many, among, len(best)) <= 1)[many]
    return told
