"""Inbeeld's own pair engine and clustering, as the night calls them."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.contest.result import Result, Stages
from linkage.config import Config
from linkage.engine.duckdb import DuckDBEngine
from linkage.entities import resolve
from linkage.pairs import link as link_pairs
from linkage.privacy import Keys


def link(mentions: Path) -> Result:
    """Link with the settings, the memory limit and the encrypted spill of a night."""
    config, stages = Config(), Stages()
    mint = Keys(b"a key for measuring, not for pseudonyms").mint
    with tempfile.TemporaryDirectory(prefix="inbeeld-bench-") as folder:
        work = Path(folder) / "restricted.duckdb"
        shutil.copyfile(mentions, work)
        machine = config.machine
        with DuckDBEngine(
            work, memory_limit=machine.memory_limit, threads=machine.threads, spill=Path(folder) / "spill"
        ) as db:
            stages.done("open")
            link_pairs(db, config, lambda _: None)
            stages.done("pairs")
            resolve(db, config, run_id="bench", mint=mint, progress=lambda _: None)
            stages.done("persons")
            found = db.arrays("SELECT cluster FROM mention_cluster ORDER BY mention_id")["cluster"]
            candidates = int(db.rows("SELECT count(*) FROM compared_pair")[0][0])
    return Result(np.asarray(found, dtype=np.int64), candidates=candidates, stages=stages.seconds)
