"""What becomes of a reviewer's decision in the nights that follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from linkage import contracts
from linkage.config import Config
from linkage.decisions import Decision, MentionKey, Verdict
from linkage.engine.duckdb import DuckDBEngine
from linkage.entities import published, resolve
from tests.mentions import mention, mention_table, score_table

Scores = dict[str, float]


@dataclass
class Night:
    """Records as ``a bc``: mentions a, and b with c on one record; scores by two letters, log2 odds."""

    db: DuckDBEngine
    records: str
    scores: Scores

    def resolve(self, *decisions: Decision) -> str:
        """Return the persons as ``ab c``."""
        rows = [
            mention(source_id="s", record_id=record, person_seq=ord(letter))
            for record in self.records.split()
            for letter in record
        ]
        mention_table(self.db, rows)
        letters = [chr(row["person_seq"]) for row in rows]
        number = {letter: i for i, letter in enumerate(letters)}
        self.db.run(contracts.table("shared_seat").ddl())
        scored = [
            (min(number[a], number[b]), max(number[a], number[b]), weight)
            for (a, b), weight in self.scores.items()
            if a in number and b in number
        ]
        score_table(self.db, scored)
        resolve(self.db, Config(), run_id="r", mint=str.__add__, progress=lambda _: None, decisions=decisions)
        groups: dict[str, str] = {}
        for mention_id, person in self.db.rows("SELECT mention_id, person_id FROM mention_person ORDER BY mention_id"):
            groups[person] = groups.get(person, "") + letters[mention_id]
        return " ".join(sorted(groups.values()))

    def outcomes(self) -> list[str]:
        return [outcome for (outcome,) in self.db.rows("SELECT outcome FROM decision ORDER BY decision_id")]


def decided(*said: str, records: str) -> list[Decision]:
    """Read decisions such as ``a=b`` (same), ``a|b`` (different) and ``a?b`` (unsure), numbered from 1."""
    of = {letter: MentionKey("s", "incident", record, ord(letter)) for record in records.split() for letter in record}
    verdicts = {"=": Verdict.SAME, "|": Verdict.DIFFERENT, "?": Verdict.UNSURE}
    return [
        Decision(number, "", "", verdicts[text[1]], "", *sorted((of[text[0]], of[text[2]])))
        for number, text in enumerate(said, start=1)
    ]


CASES: list[tuple[str, str, Scores, list[str], str, list[str]]] = [
    # what happens, records, scores, decisions, persons, outcomes
    ("same joins two persons", "a b", {"ab": -2}, ["a=b"], "ab", ["applied"]),
    ("same joins whole persons", "a b c", {"ab": 9, "bc": -9, "ac": -9}, ["b=c"], "abc", ["applied"]),
    ("different splits a person", "a b", {"ab": 20}, ["a|b"], "a b", ["applied"]),
    ("what fits better goes along", "a b c", {"ab": 9, "ac": 5, "bc": 7}, ["a|c"], "ab c", ["applied"]),
    ("unsure leaves it to the pairs", "a b", {"ab": 9}, ["a?b"], "ab", ["applied"]),
    ("the later of two decisions counts", "a b", {"ab": 0}, ["a|b", "a=b"], "ab", ["superseded", "applied"]),
    ("also when it is unsure", "a b", {"ab": 0}, ["a=b", "b?a"], "a b", ["superseded", "applied"]),
    ("two people of one record are never one", "ab", {}, ["a=b"], "a b", ["refused_one_record"]),
    ("nor by way of a third: the later counts", "ab c", {}, ["a=c", "c=b"], "a bc", ["refused_one_record", "applied"]),
    ("different outranks same", "a b c", {}, ["a=b", "b=c", "a|c"], "a bc", ["refused_contradicted"] + 2 * ["applied"]),
    ("a decision ends an ambiguity", "ab c", {"ac": 6, "bc": 6.5}, ["a=c"], "ac b", ["applied"]),
]


@pytest.mark.parametrize(
    ("records", "scores", "said", "persons", "outcomes"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_decisions(records: str, scores: Scores, said: list[str], persons: str, outcomes: list[str]) -> None:
    decisions = decided(*said, records=records)
    with DuckDBEngine() as db:
        night = Night(db, records, scores)
        assert night.resolve(*decisions) == persons
        assert night.outcomes() == outcomes
        assert night.resolve(*decisions[::-1]) == persons, "the order in which they are read is nothing"
        assert night.outcomes() == outcomes
        assert published(db) == {d.decision_id for d in decisions}


def test_without_its_decision_the_next_night_is_as_before() -> None:
    decisions = decided("a|b", records="a b")
    with DuckDBEngine() as db:
        night = Night(db, "a b", {"ab": 20})
        assert [night.resolve(*d) for d in ((), decisions, decisions, ())] == ["ab", "a b", "a b", "ab"]


@pytest.mark.parametrize("said", ["a=b", "a|b"])
def test_a_night_in_which_nothing_else_changed_undoes_what_was_withdrawn(said: str) -> None:
    with DuckDBEngine() as db:
        night = Night(db, "a b", {"ab": 1.5 if "=" in said else 20})
        without, decided_ = night.resolve(), night.resolve(*decided(said, records="a b"))
        db.run("CREATE TEMP TABLE changed_pair (left_id BIGINT, right_id BIGINT)")
        for name in ("fresh_mention", "gone_mention"):
            db.run(f"CREATE TEMP TABLE {name} (mention_id BIGINT)")
        db.run("CREATE TEMP TABLE was_mention AS FROM mention LIMIT 0")
        assert night.resolve() == without != decided_


def test_a_decision_about_a_mention_that_is_gone_waits_until_it_comes_back() -> None:
    decisions = decided("a=b", records="a b")
    with DuckDBEngine() as db:
        assert Night(db, "a", {}).resolve(*decisions) == "a"
        assert db.rows("SELECT outcome FROM decision") == [("waiting",)]
        assert Night(db, "a b", {}).resolve(*decisions) == "ab"


def possible(db: DuckDBEngine) -> list[tuple[Any, ...]]:
    return db.rows("SELECT round(match_probability, 2), is_unsure FROM possible_person_link ORDER BY ALL")


@pytest.mark.parametrize(
    ("said", "listed"),
    [([], [(0.8, False)]), (["a|b"], []), (["a?b"], [(0.8, True)]), (["a?b", "a|b"], [])],
    ids=["no decision", "two people", "unsure stays, marked", "the later counts"],
)
def test_a_decision_takes_a_pair_from_the_possible_ones(said: Sequence[str], listed: list[tuple[float, bool]]) -> None:
    with DuckDBEngine() as db:
        Night(db, "a b", {"ab": 2}).resolve(*decided(*said, records="a b"))
        assert possible(db) == listed


def test_equal_claims_are_listed_and_possible() -> None:
    with DuckDBEngine() as db:
        night = Night(db, "ab c", {"ac": 6, "bc": 6.5})
        assert night.resolve() == "a b c"
        weights = db.rows("SELECT weight_a, weight_b FROM ambiguous_claim")
        assert [(round(a, 2), round(b, 2)) for a, b in weights] == [(6.5, 6.0)]
        assert possible(db) == [(0.98, False), (0.99, False)]


def test_a_person_past_the_cap_is_divided_and_listed() -> None:
    with DuckDBEngine() as db:
        config = Config(linkage={"max_person_mentions": 3})
        night = Night(db, "a b c d", {"ab": 9, "cd": 9, "ac": 5, "ad": 5, "bc": 5, "bd": 5})
        assert night.resolve() == "abcd"
        resolve(db, config, run_id="r", mint=str.__add__, progress=lambda _: None)
        assert db.rows("SELECT mentions, mentions_joined FROM capped_person") == [(2, 4), (2, 4)]
