"""Ids that stay: nights as clusters of letters, each letter a mention."""

from __future__ import annotations

import pandas as pd
import pytest

from linkage.engine.duckdb import DuckDBEngine
from linkage.entities import ids
from linkage.entities.identity import keep_ids
from linkage.entities.ids import KEY


def mint(domain: str, text: str) -> str:
    """An id that shows the mention which founded it."""
    return f"{domain}:{text}"


def night(db: DuckDBEngine, clusters: str, run_id: str) -> dict[str, str]:
    """Resolve one night, given as ``ab c`` (mentions a and b are one person, c another); return person by letter."""
    letters = sorted(letter for letter in clusters if letter != " ")
    numbers = {letter: ord(letter) for letter in letters}
    db.register(
        "mention",
        pd.DataFrame(
            [
                {"mention_id": i, "source_id": "s", "record_kind": "incident", "record_id": letter, "person_seq": 1}
                for letter, i in numbers.items()
            ]
        ).astype({"mention_id": "int32", "person_seq": "int32"}),
    )
    rows = [(numbers[m], min(numbers[x] for x in group)) for group in clusters.split() for m in group]
    db.register("mention_cluster", pd.DataFrame(rows, columns=["mention_id", "cluster"]).astype("int32"))
    db.register("cluster_component", pd.DataFrame({"cluster": [], "component": []}, dtype="int64"))
    keep_ids(db, run_id=run_id, mint=mint)
    found = db.rows("SELECT record_id, person_id FROM mention JOIN mention_person USING (mention_id)")
    return {record: short(person) for record, person in found}


def short(person_id: str) -> str:
    """``person:s incident a 1 0`` is a: founded by mention a; a variant of that id is a1."""
    letter, variant = person_id.split()[2], person_id.split()[4]
    return letter if variant == "0" else letter + variant


NIGHTS = [
    # what happens, nights, last night's persons by founding mention, history as old>new reason
    ("the same people keep their ids", ["ab c", "ab c"], {"a": "a", "b": "a", "c": "c"}, []),
    ("a new mention joins its person", ["ab c", "abd c"], {"a": "a", "b": "a", "c": "c", "d": "a"}, []),
    ("an earlier mention does not rename a person", ["bc", "abc"], {"a": "b", "b": "b", "c": "b"}, []),
    ("a merge keeps the larger one's id", ["a bc", "abc"], {"a": "b", "b": "b", "c": "b"}, ["a>b merge"]),
    ("a split keeps the id with most mentions", ["abc", "a bc"], {"a": "a1", "b": "a", "c": "a"}, ["a>a1 split"]),
    (
        "a mention changes sides",
        ["abc de", "ab cde"],
        {"a": "a", "b": "a", "c": "d", "d": "d", "e": "d"},
        ["a>d split"],
    ),
    ("a withdrawn mention gets its id back", ["ab", "b", "ab"], {"a": "a", "b": "a"}, []),
]


@pytest.mark.parametrize(("nights", "persons", "history"), [n[1:] for n in NIGHTS], ids=[n[0] for n in NIGHTS])
def test_ids(nights: list[str], persons: dict[str, str], history: list[str]) -> None:
    with DuckDBEngine() as db:
        for number, clusters in enumerate(nights):
            last = night(db, clusters, f"r{number}")
        told = db.rows("SELECT old_id, new_id, reason FROM person_id_history ORDER BY ALL")
    told = [(short(old), short(new), reason) for old, new, reason in told]
    assert last == persons
    assert [f"{old}>{new} {reason}" for old, new, reason in told] == history


LEADS = [
    # what happens, nights, where ids that are gone lead
    ("over one merge", ["a bc", "abc"], ["a>b"]),
    ("over two merges", ["a bc defg", "abc defg", "abcdefg"], ["a>d", "b>d"]),
    ("nowhere else while it stands for somebody", ["ab cd", "a bcd"], []),
    ("to all among whom it was divided", ["ab cde fghi", "acde bfghi", "acde bfghi"], ["a>c", "a>f"]),
    ("to itself when it comes back", ["a bc", "abc", "a bc"], []),
    ("nowhere when all of it is withdrawn", ["a bc", "bc"], []),
]


@pytest.mark.parametrize(("nights", "leads"), [n[1:] for n in LEADS], ids=[n[0] for n in LEADS])
def test_an_old_id_leads_to_todays(nights: list[str], leads: list[str]) -> None:
    with DuckDBEngine() as db:
        for number, clusters in enumerate(nights):
            night(db, clusters, f"r{number}")
        told = db.rows("SELECT old_id, person_id FROM person_id_today ORDER BY ALL")
    assert [f"{short(old)}>{short(new)}" for old, new in told] == leads


def test_a_version_before_kept_the_id_of_every_mention_by_its_key() -> None:
    """The same night follows, also of who was gone, whatever numbers mentions had."""
    with DuckDBEngine() as db:
        for number, clusters in enumerate(("ab c", "b c")):
            night(db, clusters, f"r{number}")
        told = [("s", "incident", who, 1, f"person:s incident {first} 1 0") for who, first in ("aa", "ba", "cc")]
        columns = ", ".join(f"{column} VARCHAR" for column in (*KEY.split(", "), "person_id"))
        db.run(f"CREATE OR REPLACE TABLE known_mention ({columns})")
        db.insert("known_mention", told)
        db.run("UPDATE mention_person SET mention_id = mention_id + 1")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ids, "MENTION_ID", "ord(record_id)")
            found = night(db, "ab c", "r2")
        kept = db.rows("SELECT count(*) FROM known_mention")
        assert db.rows("FROM person_id_history") == []
    assert found == {"a": "a", "b": "a", "c": "c"}
    assert kept == [(0,)]
