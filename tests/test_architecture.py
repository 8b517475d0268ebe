"""The shape of the code: five floors, stages that meet in tables only, one home per heavy package."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[1]

FLOORS: tuple[frozenset[str], ...] = (
    frozenset({"engine", "errors"}),
    frozenset(
        {
            "store",
            "generation",
            "sqlite",
            "ledger",
            "overrides",
            "rollback",
            "decisions",
            "colours",
            "definitions",
            "workdays",
            "promotions",
            "rejections",
            "contracts",
            "basis",
            "tonight",
            "components",
            "numbers",
            "lateness",
            "municipalities",
            "partners",
            "register",
            "indicators",
            "disclosure",
            "config",
            "privacy",
            "thresholds",
        }
    ),
    frozenset(
        {
            "audit",
            "intake",
            "pairs",
            "entities",
            "casebook",
            "families",
            "kpi",
            "reports",
            "quality",
            "simulate",
            "evaluate",
        }
    ),
    frozenset(
        {
            "agenda",
            "doctor",
            "pipeline",
            "explain",
            "diagnose",
            "train",
            "interop",
            "library",
            "dictionary",
            "export",
        }
    ),
    frozenset({"review"}),
    frozenset({"cli", "console", "flows"}),
)
"""From the ground up; a part imports from lower floors, and nobody from the flows. ``cli`` is every module ``cli_…``;
``explain`` shows what stages made, and ``review`` shows that to reviewers."""

NEIGHBOURS_MEET = (0, 1, 5)
"""Floors whose parts may import one another: stages may not, nor the parts that stand on them."""

HOMES = {
    "prefect": ("flows/",),
    "great_expectations": ("linkage/quality",),
    "recordlinkage": ("linkage/interop.py", "linkage/train"),
    "sklearn": ("linkage/train", "linkage/review/second.py"),
    "pyspark": ("linkage/engine/spark.py",),
    "duckdb": ("linkage/engine/duckdb.py", "linkage/store.py"),
    "fastapi": ("linkage/review",),
    "starlette": ("linkage/review",),
    "uvicorn": ("linkage/review",),
    "xlsxwriter": ("linkage/reports",),
}
"""Where a heavy package may be imported (tests and benchmarks may import anything)."""

MODULES = sorted(path for folder in ("linkage", "flows") for path in (TOP / folder).rglob("*.py"))


def imports(source: str) -> Iterator[str]:
    """Yield every module that a source imports, wherever in it, and names imported from ``linkage`` itself."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports name their module in full"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def part(module: str) -> str | None:
    """Return the part of the product that a module belongs to: ``pairs`` for ``linkage.pairs.levels``."""
    names = module.split(".")
    if names[0] == "flows":
        return "flows"
    if names[0] != "linkage" or len(names) < 2 or names[1].startswith("_"):
        return None
    return "cli" if names[1].startswith("cli_") else names[1]


def floor(name: str) -> int:
    """Return the floor of a part."""
    for level, parts in enumerate(FLOORS):
        if name in parts:
            return level
    raise AssertionError(f"linkage/{name} stands on no floor: give it one in tests/test_architecture.py")


def crossings(module: str, source: str) -> list[str]:
    """Return the imports of a module that the floors forbid."""
    own = part(module)
    if own is None:
        return []
    bad = []
    for imported in imports(source):
        other = part(imported)
        if other is None or other == own:
            continue
        above, below = floor(own), floor(other)
        if other == "flows" or below > above or (below == above and above not in NEIGHBOURS_MEET):
            bad.append(f"{own} imports {other}")
    return bad


def strangers(path: str, source: str) -> list[str]:
    """Return the heavy packages that a file imports away from their home."""
    packages = {imported.split(".")[0] for imported in imports(source)}
    return sorted(p for p in packages & set(HOMES) if not path.startswith(HOMES[p]))


def name_of(path: Path) -> str:
    """Return the dotted name of a module of the checkout."""
    return ".".join(path.relative_to(TOP).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_imports_from_lower_floors_only(path: Path) -> None:
    assert crossings(name_of(path), path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_heavy_package_is_imported_at_its_home_only(path: Path) -> None:
    assert strangers(path.relative_to(TOP).as_posix(), path.read_text(encoding="utf-8")) == []


def test_every_package_that_is_imported_is_declared() -> None:
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.split(r"[<>=]", entry)[0] for entry in project["dependencies"]}
    made_by, used = packages_distributions(), set[str]()
    for path in MODULES:
        used |= {imported.split(".")[0] for imported in imports(path.read_text(encoding="utf-8"))}
    used -= {"linkage", "flows", *sys.stdlib_module_names}
    assert len(used) > 15
    assert {name for name in used if not declared & {d.lower().replace("_", "-") for d in made_by[name]}} == set()


@pytest.mark.parametrize(
    ("module", "source", "expected"),
    [
        ("linkage.pairs.score", "from linkage.entities import cluster", ["pairs imports entities"]),
        ("linkage.store", "import linkage.pipeline", ["store imports pipeline"]),
        ("linkage.explain.page", "def f():\n    from linkage import pipeline", ["explain imports pipeline"]),
        ("linkage.pipeline", "import flows.nightly", ["pipeline imports flows"]),
        ("linkage.cli_status", "import flows.nightly", ["cli imports flows"]),
        ("linkage.pairs.score", "from linkage.pairs import levels\nfrom linkage import contracts", []),
        ("linkage.cli", "from linkage import __version__, console, pipeline", []),
    ],
)
def test_the_floors_see_a_forbidden_import(module: str, source: str, expected: list[str]) -> None:
    assert crossings(module, source) == expected


def test_the_homes_see_a_package_that_is_away() -> None:
    assert strangers("linkage/pairs/score.py", "import duckdb, numpy") == ["duckdb"]
    assert strangers("linkage/engine/duckdb.py", "import duckdb, numpy") == []


def test_no_module_imports_by_a_relative_name() -> None:
    with pytest.raises(AssertionError):
        list(imports("from . import levels"))
