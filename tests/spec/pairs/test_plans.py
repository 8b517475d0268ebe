"""The cost of a night stays in proportion to its mentions: no statement joins by anything but equal keys."""

from __future__ import annotations

import ast
import random
import re
from pathlib import Path

import pandas as pd
import pytest

from linkage.config import Config
from linkage.engine.base import Engine
from linkage.entities.cluster import cluster
from linkage.pairs import learning, link
from linkage.pairs.blocking import candidates
from linkage.pairs.coded import Coded
from linkage.pairs.coding import code
from linkage.pairs.fields import exact, name, spec, typed
from linkage.pairs.rows import Rows
from linkage.pairs.spec import Rule, Spec
from tests.mentions import mention, mention_table
from tests.plans import SlowPlanError, WatchedEngine

PAIRS = Path(__file__).resolve().parents[3] / "linkage" / "pairs"


def nights_mentions() -> list[dict[str, object]]:
    draw = random.Random(1)
    rows = []
    for number in range(300):
        given, surname = draw.choice(("anna", "bram", "eva")), draw.choice(("bakker", "visser", "smit", "bos"))
        born = f"{draw.randint(1950, 2010)}{draw.randint(1, 12):02}{draw.randint(1, 28):02}"
        for _ in range(draw.randint(1, 3)):
            rows.append(mention(given_name=given, surname=surname, birth_date=born, record_id=f"R{number}-{len(rows)}"))
    return rows


def test_a_night_links_and_clusters_by_equal_keys() -> None:
    with WatchedEngine() as db:
        mention_table(db, nights_mentions())
        link(db, Config(), lambda line: None)
        assert cluster(db, Config()) > 10
        assert db.explained > 20


@pytest.mark.parametrize("tables", [1, 2])
def test_the_library_links_by_equal_keys(tables: int) -> None:
    frame = pd.DataFrame({"a": ["anna", "bram"] * 200, "b": [str(n // 3) for n in range(400)], "c": ["x"] * 400})
    fields, rules = (name("a"), typed("b", 2), exact("c")), (("b",), ("a", "b"))
    with WatchedEngine() as db:
        rows = Rows(db, (frame,) * tables, fields, rules)
        coded = Coded(db, spec(fields, rules, two_sided=tables == 2), rows, threads=1)
        pairs, _ = learning.pairs_of(coded, 100_000)
        coded.finish(pairs)
        learning.learn(coded, pairs, len(pairs), None)
        assert db.explained > 4


BAD = Spec((), (Rule("b", "", "b"),), {"b": "b"}, pairs="l.mention_id < r.mention_id")


def run_blocks(db: Engine, told: Spec, join: str = "") -> None:
    for _, query in candidates(db, told, budget=10**6, max_block=1000):
        db.rows(f"SELECT count(*) {query.replace('l.key_0 = r.key_0', join or 'l.key_0 = r.key_0')}")


@pytest.mark.parametrize("join", ["l.key_0 < r.key_0", "abs(l.b - r.b) <= 1", "l.key_0 = r.key_0 OR l.b = r.b", "true"])
def test_a_rule_that_is_no_equality_is_caught(join: str) -> None:
    with WatchedEngine() as db:
        db.register("numbers", pd.DataFrame({"mention_id": range(3000), "b": [n % 1500 for n in range(3000)]}))
        db.run(
            "CREATE OR REPLACE TEMP TABLE mention AS SELECT CAST(mention_id AS INTEGER) AS mention_id, b FROM numbers"
        )
        code(db, BAD)
        run_blocks(db, BAD)
        with pytest.raises(SlowPlanError, match=r"JOIN|CROSS_PRODUCT"):
            run_blocks(db, BAD, join)


ONE_ENGINE_ONLY = {
    "QUALIFY": r"\bQUALIFY\b",
    "EXCLUDE": r"\bEXCLUDE\b",
    "a list lambda": r"\blist_\w+\([^)]*(->|lambda )|\blambda \w+ *:",
    "a cast by ::": r"::",
}
"""What a second engine does not have: a window's filter, all columns but some, functions in SQL, the short cast."""


def sql_texts(source: str) -> list[str]:
    """The texts of a module that hold SQL, its docstrings left out."""
    tree = ast.parse(source)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    doc = {id(n.body[0].value) for n in ast.walk(tree) if isinstance(n, documented) and isinstance(n.body[0], ast.Expr)}
    texts = [
        n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str) and id(n) not in doc
    ]
    return [t for t in texts if re.search(r"\b[A-Z]{2,}\b|\(|::", t)]


def found_in(source: str) -> list[str]:
    return [what for what, form in ONE_ENGINE_ONLY.items() if any(re.search(form, text) for text in sql_texts(source))]


@pytest.mark.parametrize("path", sorted(PAIRS.glob("*.py")), ids=lambda path: path.name)
def test_sql_is_of_the_common_subset(path: Path) -> None:
    assert found_in(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT a FROM b QUALIFY row_number() OVER () = 1", ["QUALIFY"]),
        ("SELECT * EXCLUDE (a) FROM b", ["EXCLUDE"]),
        ("SELECT list_transform(a, x -> x + 1) FROM b", ["a list lambda"]),
        ("SELECT list_filter(a, lambda x: x > 1) FROM b", ["a list lambda"]),
        ("SELECT a::INTEGER FROM b", ["a cast by ::"]),
        ("SELECT CAST(a AS INTEGER) FROM b", []),
    ],
)
def test_what_one_engine_alone_has_is_seen(sql: str, expected: list[str]) -> None:
    assert found_in(f'def f():\n    """QUALIFY."""\n    db.run(f"{sql} {{x}}")') == expected
