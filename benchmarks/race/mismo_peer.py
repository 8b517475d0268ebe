"""mismo on DuckDB: the model of Fellegi and Sunter with m from pairs that are nearly all true, u from random ones.

Styles: ``usual`` takes m from the pairs of the set's sure rules; ``apart`` takes the m of each field from pairs that
agree on the other fields of these rules, so that no field is learned from pairs chosen by it.
The candidates are made rule by rule and then united: its own union drops pairs of which an earlier rule has a missing
value. It has no term frequencies, and its clustering takes many rounds of joins, so components are found outside.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import ibis
import mismo
import numpy as np
import pyarrow
from ibis import _
from ibis_enum import IbisEnum

from benchmarks.race.outcome import KEPT, THREADS, THRESHOLD, Clock, Told, components, contest, files, save
from benchmarks.sets.task import Comparison, Rules, Task

SAMPLE = 1_000_000
"""Pairs at random for u, and at most as many agreeing ones for m."""


def link(task: Task, folder: Path, out: Path, style: str) -> Told:
    """Link a set."""
    clock = Clock()
    clock.done("import")
    con = ibis.duckdb.connect(threads=THREADS)
    con.raw_sql("SET enable_progress_bar = false")
    left, right = _tables(con, task, folder)
    clock.done("load")
    comparers = [_comparer(each) for each in task.comparisons]
    agreeing = _links(_rule_keys("sure", task.sure), left, right).cache()
    weights = _train(task, comparers, left, right, agreeing if style == "usual" else None)
    odds = _prior_odds(task, agreeing.count().execute(), left, right)
    clock.done("train")
    links = _links(_rule_keys("blocking", task.blocking), left, right).cache()
    candidates = int(links.count().execute())
    clock.done("block")
    scored = mismo.LinksTable(links, left=left, right=right).with_both()
    for comparer in comparers:
        scored = comparer(scored)
    scored = weights.score_compared(scored).mutate(probability=1 - 1 / (1 + _.odds * odds))
    scored = scored.filter(_.probability >= KEPT).select("record_id_l", "record_id_r", "probability")
    pairs = scored.to_pyarrow()
    clock.done("predict")
    _hand_in(pairs, [left.count().execute(), right.count().execute()][: 1 + (task.kind == "link")], out)
    clock.done("cluster and write")
    return Told(candidates, clock.seconds)


def _hand_in(pairs: Any, sizes: list[int], out: Path) -> None:
    """Write the pairs and their components; ``pairs`` is an Arrow table of record_id_l, record_id_r, probability."""
    with duckdb.connect() as db:
        db.register("pairs", pairs)
        found = "SELECT record_id_l AS left_id, record_id_r AS right_id, probability FROM pairs"
        save(db, found, out / "pairs.parquet")
        sure = db.execute(f"{found} WHERE probability >= {THRESHOLD}").fetchnumpy()
        ends = (np.asarray(sure[side], np.int64) for side in ("left_id", "right_id"))
        db.register("members", pyarrow.table(components(tuple(sizes), *ends)))
        save(db, "FROM members", out / "clusters.parquet")


def _tables(con: Any, task: Task, folder: Path) -> tuple[Any, Any]:
    """Return both tables (one table twice for a dedupe) with a column for each expression of each rule."""
    keys = [
        f"{expression} AS {key}"
        for name in ("blocking", "sure")
        for rule, names in zip(getattr(task, name), _rule_keys(name, getattr(task, name)), strict=True)
        for expression, key in zip(rule, names, strict=True)
    ]
    tables = [
        con.create_table(name, con.sql(f"SELECT id AS record_id, * EXCLUDE (id), {', '.join(keys)} FROM {file}"))
        for name, file in zip(("l", "r"), files(task, folder), strict=False)
    ]
    return tables[0], tables[-1]


def _rule_keys(name: str, rules: Rules) -> list[tuple[str, ...]]:
    return [tuple(f"{name}_{number}_{place}" for place in range(len(rule))) for number, rule in enumerate(rules)]


def _links(rules: list[tuple[str, ...]], left: Any, right: Any) -> Any:
    """Return record_id_l and record_id_r of every pair that agrees on all columns of any rule."""
    found = [mismo.JoinLinker([(key, key) for key in rule], on_slow="ignore")(left, right).links for rule in rules]
    tables = [links.select("record_id_l", "record_id_r") for links in found]
    return ibis.union(*tables, distinct=True) if len(tables) > 1 else tables[0].distinct()


def _train(task: Task, comparers: list[Any], left: Any, right: Any, agreeing: Any) -> Any:
    """Return the weights of all fields; m from the agreeing pairs, or without those from others for each field."""
    weights = []
    for comparer in comparers:
        links = _links([_others(task, comparer.name)], left, right).cache() if agreeing is None else agreeing
        pairs = mismo.LinksTable(links, left=left, right=right).with_both()
        other = right.view() if left is right else right
        weights += mismo.fs.train_using_pairs([comparer], left, other, true_pairs=pairs, max_pairs=SAMPLE)
    return mismo.fs.Weights(weights)


def _others(task: Task, field: str) -> tuple[str, ...]:
    """Return the fields of the sure rules but for one; with fewer than three one is not sure of anybody."""
    strong = dict.fromkeys(name for rule in task.sure for name in rule if name != field)
    more = [name for name in task.fields if name != field and name not in strong]
    return (*strong, *more[: max(0, 3 - len(strong))])


def _prior_odds(task: Task, found: int, left: Any, right: Any) -> float:
    """Return the odds that two rows at random are one person, from the pairs of the sure rules."""
    rows, others = int(left.count().execute()), int(right.count().execute())
    share = found / task.sure_recall / (rows * others if task.kind == "link" else rows * (rows - 1) / 2)
    return share / (1 - share)


def _comparer(asked: Comparison) -> Any:
    """Return the comparison of one field: missing, equal, as near as each threshold, or else."""
    field = asked.field
    left, right = _[f"{field}_l"], _[f"{field}_r"]
    if asked.kind == "name":
        likeness = mismo.text.jaro_winkler_similarity(left, right)
        near = [likeness >= threshold for threshold in asked.thresholds]
    else:
        distance = mismo.text.damerau_levenshtein(left, right) if asked.thresholds else None
        near = [distance <= int(threshold) for threshold in asked.thresholds]
    # A level of the name "else" would be left out of the weights.
    names = ["missing", "equal", *(f"near_{number}" for number in range(len(near))), "other"]
    levels = IbisEnum(f"Levels_{field}", {name: number for number, name in enumerate(names)})
    conditions = [left.isnull() | right.isnull(), left == right, *near, True]
    return mismo.compare.EnumComparer(field, levels, list(zip(conditions, names, strict=True)))


if __name__ == "__main__":
    contest(link, ("usual", "apart"))
