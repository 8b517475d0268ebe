"""Splink 5 on DuckDB with the settings of somebody who knows it.

Styles: ``usual`` is what its documentation advises (Damerau-Levenshtein, u from 1e7 random pairs), ``fast`` the
quickest one that is still fair (Levenshtein, u from 1e6); ``address`` and ``fast_address`` are these with the address
as one comparison.
All drop term frequencies inside EM, which is much quicker.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import duckdb
import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from benchmarks.race.outcome import KEPT, THREADS, THRESHOLD, Clock, Told, contest, files, save
from benchmarks.sets.task import Comparison, Rules, Task

STYLES = ("usual", "fast", "address", "fast_address")
FAST = ("fast", "fast_address")
ADDRESS = ("address", "fast_address")
SOURCES = ("left", "right")
MEMORY = "16GB"
"""More than it asks for up to five million rows, and less than a machine of 24 GB has."""
EM_PAIRS = 5e6
"""Of five million rows the training rules give fifty million pairs, which took ten minutes; Splink can sample them."""


def link(task: Task, folder: Path, out: Path, style: str) -> Told:
    """Link a set; the same person stands at most in two files, of which ``left`` sorts before ``right``."""
    logging.getLogger("splink").setLevel(logging.ERROR)
    clock = Clock()
    clock.done("import")
    db = duckdb.connect(config={"threads": THREADS, "memory_limit": MEMORY, "temp_directory": str(out / "spill")})
    db.execute("SET enable_progress_bar = false")
    api, tables = DuckDBAPI(connection=db), []
    for name, file in zip(SOURCES, files(task, folder), strict=False):
        db.execute(f'CREATE TABLE "input_{name}" AS FROM {file}')
        tables.append(api.register(f"input_{name}", dataset_display_name=name))
    linker = Linker(tables, _settings(task, style), log_level=None)
    clock.done("load")
    _train(linker, task, style, clock)
    blocked = linker.inference.compute_blocked_pairs_for_predict()
    clock.done("block")
    scored = linker.inference.predict(threshold_match_probability=KEPT)
    clock.done("predict")
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(scored, THRESHOLD)
    clock.done("cluster")
    save(
        db,
        f"SELECT id_l AS left_id, id_r AS right_id, match_probability AS probability FROM {scored.physical_name}",
        out / "pairs.parquet",
    )
    source = "(source_dataset = 'right')::INTEGER" if task.kind == "link" else "0"
    found = f"SELECT {source} AS source, id, cluster_id AS cluster FROM {clusters.physical_name}"
    save(db, found, out / "clusters.parquet")
    clock.done("write")
    candidates = int(db.execute(f"SELECT count(*) FROM {blocked.physical_name}").fetchall()[0][0])
    return Told(candidates, clock.seconds)


def _settings(task: Task, style: str) -> SettingsCreator:
    return SettingsCreator(
        link_type="link_only" if task.kind == "link" else "dedupe_only",
        unique_id_column_name="id",
        comparisons=_comparisons(task, style),
        blocking_rules_to_generate_predictions=_rules(task.blocking),
        retain_matching_columns=False,
    )


def _train(linker: Linker, task: Task, style: str, clock: Clock) -> None:
    """Estimate the prior, u and m without a label."""
    training = linker.training
    is_large = task.name == "scale_5m"
    training.estimate_probability_two_random_records_match(_rules(task.sure), recall=task.sure_recall)
    clock.done("prior")
    training.estimate_u_using_random_sampling(max_pairs=1e6 if style in FAST else 1e7, seed=1)
    clock.done("u")
    for rule in _rules(task.address_training if style in ADDRESS else task.training):
        training.estimate_parameters_using_expectation_maximisation(
            rule, estimate_without_term_frequencies=True, max_pairs=EM_PAIRS if is_large else None
        )
    clock.done("m")


def _rules(rules: Rules) -> list[Any]:
    return [block_on(*rule) for rule in rules]


def _comparisons(task: Task, style: str) -> list[Any]:
    together = task.address if style in ADDRESS else ()
    made = [_comparison(each, style) for each in task.comparisons if each.field not in together]
    return [*made, _address(style, *together)] if together else made


def _comparison(asked: Comparison, style: str) -> Any:
    field, thresholds = asked.field, list(asked.thresholds)
    if asked.kind == "exact":
        made: Any = cl.ExactMatch(field)
    elif asked.kind == "name":
        made = cl.JaroWinklerAtThresholds(field, thresholds)
    else:
        near = cl.LevenshteinAtThresholds if style in FAST else cl.DamerauLevenshteinAtThresholds
        made = near(field, [int(threshold) for threshold in thresholds])
    return made.configure(term_frequency_adjustments=True) if asked.frequencies else made


def _address(style: str, area: str, number: str, place: str | None = None) -> Any:
    """Return one comparison of four levels: members of a household agree on all of these at once, or on none."""
    near = f"{'' if style in FAST else 'damerau_'}levenshtein({area}_l, {area}_r) <= 1"
    levels = [
        cll.CustomLevel(f"{area}_l IS NULL OR {area}_r IS NULL", "no area").configure(is_null_level=True),
        cll.CustomLevel(f"{area}_l = {area}_r AND {number}_l = {number}_r", "one address"),
        cll.CustomLevel(f"{area}_l = {area}_r OR ({near} AND {number}_l = {number}_r)", "one area, or one error"),
    ]
    if place:
        levels.append(cll.CustomLevel(f"{place}_l = {place}_r", "one place"))
    return cl.CustomComparison(output_column_name="address", comparison_levels=[*levels, cll.ElseLevel()])


if __name__ == "__main__":
    contest(link, STYLES)
