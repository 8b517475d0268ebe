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

import json
import tempfile
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from linkage.engine.duckdb import DuckDBEngine
from linkage.entities.one_to_one import one_to_one
from linkage.entities.partition import clusters as partition
from linkage.errors import ConfigError, UsageError
from linkage.pairs import learning, reading
from linkage.pairs.blocking import pair_budget
from linkage.pairs.coded import Coded, Pairs
from linkage.pairs.fields import Field, Keys, exact, name, spec, typed
from linkage.pairs.model import Model, load
from linkage.pairs.reading import Table
from linkage.pairs.rows import Rows
from linkage.pairs.score import Evidence, evidence, probability
from linkage.pairs.spec import Spec
from linkage.thresholds import bits

__all__ = ["Field", "Linked", "dedupe", "exact", "link", "load_model", "name", "typed"]

Ids = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Rules = Sequence[str | Sequence[str]]
Unique = Literal["left", "right", "both"] | None
Tell = Callable[[str], None]

BUDGET = 150.0
"""Candidate pairs allowed for each row."""


@dataclass
class Linked:
    """What was found.

    ``pairs`` (left, right, probability, weight, pattern) are rows by their place in the tables, from `learning.KEPT`;
    ``links`` those at or above the threshold that the constraints leave; ``clusters`` (side, row, cluster). With an id
    column there are ``left_id`` and ``right_id``, and ``id``, beside them. ``model`` has the learnt probabilities;
    ``candidates`` is how many pairs were compared, ``rules`` what each rule found and which values were too common.
    """

    pairs: pd.DataFrame
    links: pd.DataFrame
    clusters: pd.DataFrame
    model: Model
    candidates: int
    rules: pd.DataFrame = field(default_factory=pd.DataFrame)

    def explain(self, left: Hashable, right: Hashable) -> list[Evidence]:
        """Return what each comparison of a pair added to its match weight.

        The pair is told by its ids where there is an id column, else by its rows. Raises ``KeyError`` for a pair that
        was not told.
        """
        one, other = ("left_id", "right_id") if "left_id" in self.pairs else ("left", "right")
        found = self.pairs[(self.pairs[one] == left) & (self.pairs[other] == right)]
        if found.empty:
            raise KeyError(f"the rows asked for were not compared, or their probability is below {learning.KEPT}")
        return evidence(self.model, int(found["pattern"].iloc[0]))

    def save_model(self, path: Path | str) -> None:
        """Write the model as readable JSON, for `load_model`."""
        Path(path).write_text(self.model.to_json(), encoding="utf-8")


def load_model(path: Path | str, fields: Sequence[Field]) -> Model:
    """Return a saved model for the same fields; raises `ConfigError` when it does not fit them."""
    model = load(spec(tuple(fields), (), two_sided=True), Path(path))
    told = set(json.loads(Path(path).read_text(encoding="utf-8"))["classes"]["same"]["levels"])
    if more := sorted(told - set(model.spec.by_name)):
        raise ConfigError(f"model file {Path(path).name} cannot be used: it also has a field {more[0]}")
    return model


def link(
    left: Table,
    right: Table,
    *,
    fields: Sequence[Field],
    block_on: Rules,
    unique: Unique = None,
    threshold: float = 0.9,
    model: Model | None = None,
    id_column: str | None = None,
    pairs_per_row: float = BUDGET,
    memory_limit: str = "2GB",
    threads: int = 2,
    progress: Tell | None = None,
) -> Linked:
    """Link the rows of two tables (frames or Parquet files).

    ``block_on`` are rules, each a column, an SQL expression over the columns, or several of them: rows that agree on
    all of them are compared. ``unique`` says which table is known to hold each person once. ``model`` is one learnt
    before, for the same fields; without it a model is learnt from these tables. ``id_column`` names the rows in the
    result; ``progress`` is told a line a stage. Raises `UsageError` for a table, column or rule that cannot be used.
    """
    if unique not in (None, "left", "right", "both"):
        raise UsageError(f"unique is left, right, both or None, not {unique}")
    asked = _Asked(fields, block_on, threshold, model, id_column, pairs_per_row, memory_limit, threads, progress)
    return asked.run((left, right), unique)


def dedupe(
    table: Table,
    *,
    fields: Sequence[Field],
    block_on: Rules,
    threshold: float = 0.9,
    model: Model | None = None,
    id_column: str | None = None,
    pairs_per_row: float = BUDGET,
    memory_limit: str = "2GB",
    threads: int = 2,
    progress: Tell | None = None,
) -> Linked:
    """Find the rows of one table that are one person; see `link`."""
    asked = _Asked(fields, block_on, threshold, model, id_column, pairs_per_row, memory_limit, threads, progress)
    return asked.run((table,), None)


@dataclass
class _Asked:
    """What a caller asked for, checked."""

    fields: Sequence[Field]
    block_on: Rules
    threshold: float
    model: Model | None
    id_column: str | None
    pairs_per_row: float
    memory_limit: str
    threads: int
    progress: Tell | None

    def __post_init__(self) -> None:
        if not learning.KEPT <= self.threshold < 1:
            raise UsageError(f"the threshold is a probability from {learning.KEPT} and below 1, not {self.threshold}")
        told = tuple((key,) if isinstance(key, str) else tuple(key) for key in self.block_on)
        self.rules: Keys = tuple(dict.fromkeys(told))
        if not self.rules or not all(self.rules):
            raise UsageError("no rules: give at least one column or expression that rows of one person agree on")
        self.started = perf_counter()

    def tell(self, line: str) -> None:
        """Pass one line on, with the seconds since the start."""
        if self.progress:
            self.progress(f"{perf_counter() - self.started:6.1f} s  {line}")

    def run(self, tables: tuple[Table, ...], unique: str | None) -> Linked:
        """Read, block, learn, score and cluster."""
        told = spec(tuple(self.fields), self.rules, two_sided=len(tables) == 2)
        known = self.model and _fitting(self.model, told)
        with (
            tempfile.TemporaryDirectory(prefix="inbeeld-") as folder,
            DuckDBEngine(
                None, memory_limit=self.memory_limit, threads=self.threads, spill=Path(folder) / "spill"
            ) as db,
        ):
            ids = [reading.ids(db, t, self.id_column, n) for n, t in enumerate(tables, 1)] if self.id_column else []
            rows = Rows(db, tables, self.fields, self.rules)
            scored = self._score(Coded(db, told, rows, threads=self.threads), known)
        found = _linked(scored, rows.sizes, unique, self.threshold)
        self.tell(f"{len(found.pairs):,} pairs told, {len(found.links):,} links")
        return _named(found, ids)

    def _score(self, coded: Coded, known: Model | None) -> _Scored:
        """Block, learn and score; what was read is forgotten with it."""
        self.tell(f"read {' and '.join(f'{n:,}' for n in coded.sizes)} rows")
        pairs, rules = learning.pairs_of(coded, pair_budget(sum(coded.sizes), self.pairs_per_row))
        made = len(pairs)
        self.tell(f"{made:,} candidate pairs")
        rest, trained = learning.divide(pairs)
        del pairs
        coded.finish(trained)
        model = learning.learn(coded, trained, made, known)
        self.tell("model given" if known else f"model learnt from {len(trained):,} pairs")
        return _Scored(model, *learning.probable(coded, model, trained, rest), made, rules)


@dataclass(frozen=True)
class _Scored:
    """The pairs that are told with their weights, of how many candidates, and what each rule found."""

    model: Model
    pairs: Pairs
    weight: Floats
    made: int
    rules: pd.DataFrame


def _fitting(model: Model, told: Spec) -> Model:
    """Return the model if it is of these comparisons; raises `UsageError` otherwise."""
    if model.spec.comparisons != told.comparisons:
        raise UsageError("the model was learnt for other fields: give the fields that it was learnt with")
    return model


def _named(found: Linked, ids: list[pd.Series[Any]]) -> Linked:
    """Put the users' own ids beside the rows."""
    if not ids:
        return found
    told = found.pairs
    pairs = told.assign(
        left_id=ids[0].to_numpy()[told["left"].to_numpy()], right_id=ids[-1].to_numpy()[told["right"].to_numpy()]
    )
    clusters = found.clusters.assign(id=np.concatenate([i.to_numpy() for i in ids]))
    return replace(found, pairs=pairs, links=pairs.loc[found.links.index], clusters=clusters)


def _linked(scored: _Scored, sizes: tuple[int, ...], unique: str | None, threshold: float) -> Linked:
    found, weight = _in_order(scored.pairs, scored.weight)
    cut = bits(threshold)
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
    return Linked(pairs, pairs.iloc[sure], clusters, scored.model, scored.made, scored.rules)


def _in_order(found: Pairs, weight: Floats) -> tuple[Pairs, Floats]:
    """Sort pairs by their rows."""
    order = np.argsort(found.left.astype(np.int64) << 32 | found.right)
    return found.where(order), weight[order]


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
