"""Splink 5 on DuckDB with the settings of somebody who knows it.

Two sets of fields: the usual ones, and all that Inbeeld compares (initials, phone, the source's own person
number). Both are told that people on one record are different people, and both drop term frequencies inside
EM, which is much quicker.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator
from splink.blocking_rule_library import CustomRule

from benchmarks.contest.result import Result, Stages

THREADS = 2
U_PAIRS = 1e6
"""More changes F1 by less than 0.002 (1e7 on 2,000 incidents), and sampling is what takes Splink longest."""
KEPT = 0.01
"""Match probability from which a pair is kept at all."""
OWN_THRESHOLD = 0.95

PERSON = """
CREATE TABLE person AS
SELECT mention_id, record_no, surname, surname_sound, given_name, initials, birth_date, birth_year, sex, postcode,
    house_number, postcode || ' ' || house_number AS address, city, bsn_hmac AS bsn, phone_hmac AS phone,
    source_id, source_id || ' ' || source_person_id AS source_person,
    coalesce(given_name, initials) AS called, substr(coalesce(initials, given_name), 1, 1) AS initial
FROM source.mention
"""

APART = " AND l.record_no <> r.record_no"
RULES = (
    "l.bsn = r.bsn",
    "l.birth_date = r.birth_date AND l.initial = r.initial",
    "l.birth_date = r.birth_date AND l.surname_sound = r.surname_sound",
    "l.birth_date = r.birth_date AND l.postcode = r.postcode",
    "l.surname_sound = r.surname_sound AND l.given_name = r.given_name",
    "l.surname_sound = r.surname_sound AND l.postcode = r.postcode",
    "l.postcode = r.postcode AND l.house_number = r.house_number",
)
MORE_RULES = ("l.source_person = r.source_person", "l.phone = r.phone")
SURE_RULES = (
    "l.bsn = r.bsn",
    "l.surname = r.surname AND l.given_name = r.given_name AND l.birth_date = r.birth_date",
)
SURE_RECALL = 0.6
TRAIN_RULES = ("l.bsn = r.bsn", "l.birth_date = r.birth_date")
"""Of four sets tried on 2,000 incidents with the truth in hand, the one with the highest best F1; see README.md."""


def link(mentions: Path) -> Result:
    """Link by surname, given name, birth date, sex, address and BSN."""
    return _link(mentions, [_given_name(), *_usual()], RULES)


def link_all(mentions: Path) -> Result:
    """Link by everything that Inbeeld looks at, but for the other people on a record."""
    return _link(mentions, [_called(), *_usual(), *_more()], (*RULES, *MORE_RULES))


def _usual() -> list[Any]:
    return [
        cl.JaroWinklerAtThresholds("surname", [0.92, 0.8]).configure(term_frequency_adjustments=True),
        cl.DamerauLevenshteinAtThresholds("birth_date", [1, 2]).configure(term_frequency_adjustments=True),
        cl.ExactMatch("sex"),
        _address(),
        cl.ExactMatch("bsn"),
    ]


def _more() -> list[Any]:
    person = cl.CustomComparison(
        output_column_name="source_person",
        comparison_levels=[
            cll.CustomLevel(
                "source_person_l IS NULL OR source_person_r IS NULL OR source_id_l <> source_id_r", "another source"
            ).configure(is_null_level=True),
            cll.ExactMatchLevel("source_person"),
            cll.ElseLevel(),
        ],
    )
    return [person, cl.ExactMatch("phone")]


def _given_name() -> Any:
    return cl.JaroWinklerAtThresholds("given_name", [0.92, 0.8]).configure(term_frequency_adjustments=True)


def _called() -> Any:
    """Given names where both are known, else the first initial."""
    return cl.CustomComparison(
        output_column_name="called",
        comparison_levels=[
            cll.NullLevel("called"),
            cll.ExactMatchLevel("given_name", term_frequency_adjustments=True),
            cll.JaroWinklerLevel("given_name", 0.92),
            cll.JaroWinklerLevel("given_name", 0.8),
            cll.CustomLevel(
                "(given_name_l IS NULL OR given_name_r IS NULL) AND initials_l = initials_r AND length(initials_l) > 1",
                "initials alone, all equal",
            ),
            cll.CustomLevel(
                "(given_name_l IS NULL OR given_name_r IS NULL) AND initial_l = initial_r", "initial alone, equal"
            ),
            cll.CustomLevel("given_name_l IS NULL OR given_name_r IS NULL", "initial alone, another"),
            cll.ElseLevel(),
        ],
    )


def _address() -> Any:
    """Postcode, number and place are one fact about a household, so they are one comparison."""
    return cl.CustomComparison(
        output_column_name="address",
        comparison_levels=[
            cll.CustomLevel("postcode_l IS NULL OR postcode_r IS NULL", "no postcode").configure(is_null_level=True),
            cll.ExactMatchLevel("address", term_frequency_adjustments=True),
            cll.ExactMatchLevel("postcode"),
            cll.CustomLevel(
                "levenshtein(postcode_l, postcode_r) <= 1 AND house_number_l = house_number_r", "one error"
            ),
            cll.ExactMatchLevel("city"),
            cll.ElseLevel(),
        ],
    )


def _link(mentions: Path, comparisons: list[Any], rules: tuple[str, ...]) -> Result:
    logging.getLogger("splink").setLevel(logging.ERROR)
    stages, db = Stages(), duckdb.connect(config={"threads": THREADS})
    db.execute(f"ATTACH '{str(mentions).replace(chr(39), chr(39) * 2)}' AS source (READ_ONLY)")
    db.execute(PERSON)
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="mention_id",
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=[CustomRule(rule + APART) for rule in rules],
        retain_matching_columns=False,
    )
    linker = Linker(DuckDBAPI(connection=db).register("person"), settings)
    stages.done("load")
    _train(linker, stages)
    blocked = linker.inference.compute_blocked_pairs_for_predict()
    stages.done("block")
    scored = linker.inference.predict(threshold_match_probability=KEPT)
    stages.done("predict")
    persons = linker.clustering.cluster_pairwise_predictions_at_threshold(scored, OWN_THRESHOLD)
    stages.done("cluster")
    candidates = int(db.execute(f"SELECT count(*) FROM {blocked.physical_name}").fetchall()[0][0])
    return _result(db, scored.physical_name, persons.physical_name, candidates, stages)


def _train(linker: Linker, stages: Stages) -> None:
    """Estimate the prior, u and m without a label."""
    training = linker.training
    training.estimate_probability_two_random_records_match([r + APART for r in SURE_RULES], recall=SURE_RECALL)
    stages.done("prior")
    training.estimate_u_using_random_sampling(max_pairs=U_PAIRS, seed=1)
    stages.done("u")
    for rule in TRAIN_RULES:
        training.estimate_parameters_using_expectation_maximisation(
            rule + APART, estimate_without_term_frequencies=True
        )
    stages.done("m")


def _result(db: duckdb.DuckDBPyConnection, scored: str, persons: str, candidates: int, stages: Stages) -> Result:
    found = db.execute(f"SELECT mention_id_l, mention_id_r, match_probability FROM {scored}").fetchnumpy()
    labels = db.execute(f"SELECT cluster_id FROM {persons} ORDER BY mention_id").fetchnumpy()["cluster_id"]
    return Result(
        np.asarray(labels, np.int64),
        candidates,
        left=np.asarray(found["mention_id_l"], np.int64),
        right=np.asarray(found["mention_id_r"], np.int64),
        probability=np.asarray(found["match_probability"], np.float64),
        stages=stages.seconds,
    )
