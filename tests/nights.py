"""A small published night with its inbox and its truth, for the tests of what is made of one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from linkage import pipeline, simulate
from linkage.config import Config
from linkage.engine.duckdb import DuckDBEngine
from linkage.pairs import PERSONS
from linkage.pairs.coding import code
from linkage.pairs.compare import Comparer


@dataclass(frozen=True)
class Night:
    """The folders of a night."""

    folder: Path

    @property
    def inbox(self) -> Path:
        """What was delivered."""
        return self.folder / "inbox"

    @property
    def out(self) -> Path:
        """What was published."""
        return self.folder / "out"

    @property
    def truth(self) -> Path:
        """What was so."""
        return self.folder / "truth"

    @property
    def model(self) -> Path:
        """The model of the night."""
        return self.out / "current" / "model.json"

    def restricted(self) -> DuckDBEngine:
        """Open ``restricted.duckdb`` for reading."""
        return DuckDBEngine(self.out / "restricted.duckdb", read_only=True)

    def in_memory(self, *tables: str) -> DuckDBEngine:
        """Return a copy of tables that a test may change."""
        copy = DuckDBEngine()
        copy.run(f"ATTACH '{self.out / 'restricted.duckdb'}' AS night (READ_ONLY)")
        for name in tables:
            copy.run(f"CREATE TABLE {name} AS FROM night.{name}")
        copy.run("DETACH night")
        return copy


def publish(folder: Path, incidents: int = 100, seed: int = 5) -> Night:
    """Simulate an inbox and run one night on it."""
    simulate.write_sample(folder, incidents=incidents, noise="medium", seed=seed)
    made = Night(folder)
    pipeline.run(Config(), made.inbox, made.out, None, lambda _: None)
    with DuckDBEngine(made.out / "restricted.duckdb") as db:
        if not db.has("pattern_count"):
            count_patterns(db)
    return made


def count_patterns(db: DuckDBEngine, *, budget: int = 10**9, max_block: int = 10**6) -> None:
    """Write ``pattern_count`` from the candidate pairs of ``mention``."""
    code(db, PERSONS)
    Comparer(db, PERSONS).candidates("candidate", budget=budget, max_block=max_block)
    db.run(
        "CREATE OR REPLACE TABLE pattern_count AS "
        "SELECT pattern, rules, count(*) AS pairs FROM candidate GROUP BY pattern, rules"
    )
    db.run("DROP TABLE candidate")
