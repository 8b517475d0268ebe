"""What a night's comparisons rest on: another version of our own code, or a setting, is another basis."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from linkage import basis, contracts
from linkage.config import Linkage
from linkage.engine.duckdb import DuckDBEngine
from linkage.pairs import increment
from linkage.pairs.model import load
from linkage.pairs.persons import PERSONS

FOLDER = Path(increment.__file__).parent
STARTS = ("blocking", "coding", "compare", "fresh", "persons", "relations")
"""What a night calls to make pairs and levels (`linkage.pairs.link`)."""


def imported(name: str) -> set[str]:
    """Return the modules of linkage.pairs that one of them imports."""
    found = set()
    for node in ast.walk(ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("linkage.pairs"):
            inner = node.module.removeprefix("linkage.pairs").lstrip(".")
            found |= {inner} if inner else {alias.name for alias in node.names}
    return found


def test_all_code_that_decides_pairs_and_levels_is_in_the_basis() -> None:
    reached, open_ends = set[str](), set(STARTS)
    while open_ends:
        reached |= open_ends
        open_ends = {other for name in open_ends for other in imported(name)} - reached
    assert "spec" in reached, "the search must see what is imported"
    assert reached - {"increment"} == set(increment.DECIDES)


@pytest.fixture
def db() -> DuckDBEngine:
    return DuckDBEngine()


def test_a_changed_module_is_another_basis(db: DuckDBEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("increment", *increment.DECIDES, *increment.WEIGHS):
        (tmp_path / f"{name}.py").write_bytes((FOLDER / f"{name}.py").read_bytes())
    monkeypatch.setattr(increment, "__file__", str(tmp_path / "increment.py"))

    def told() -> tuple[str, str]:
        basis.code.cache_clear()
        return increment.comparisons(db, PERSONS, Linkage()), increment.fingerprint(
            db, load(PERSONS), PERSONS, Linkage()
        )

    before = told()
    assert told() == before
    with (tmp_path / "relations.py").open("a") as handle:
        handle.write("CORE = 0.9\n")
    after = told()
    basis.code.cache_clear()
    assert after[0] != before[0] and after[1] != before[1]


def test_a_setting_or_a_comparison_is_another_basis_and_a_model_only_of_the_links(db: DuckDBEngine) -> None:
    now = increment.comparisons(db, PERSONS, Linkage())
    assert increment.comparisons(db, PERSONS, Linkage(max_block=300)) != now
    assert increment.comparisons(db, PERSONS, Linkage(use_relations=False)) != now
    assert increment.comparisons(db, replace(PERSONS, rules=PERSONS.rules[:-1]), Linkage()) != now
    assert increment.comparisons(db, PERSONS, Linkage(sure=0.8)) == now
    model = load(PERSONS)
    other = replace(model, name="other")
    assert increment.fingerprint(db, model, PERSONS, Linkage()) != increment.fingerprint(db, other, PERSONS, Linkage())


@pytest.mark.parametrize("name", increment.KEPT)
def test_a_table_with_other_columns_than_are_declared_is_of_no_use(db: DuckDBEngine, name: str) -> None:
    """A version before this one published it: all pairs are compared."""
    for kept in increment.KEPT:
        db.run(contracts.table(kept).ddl())
    for told in increment.OF_TONIGHT:
        db.run(f"CREATE TABLE {told} (mention_id BIGINT)")
    assert increment.is_usable(db)
    db.run(f'ALTER TABLE "{name}" ADD COLUMN of_before BIGINT')
    assert not increment.is_usable(db)
