"""Today's mentions weighed anew: the model that a first night would fit on them, and the decided pairs under it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from linkage import pairs
from linkage.config import Config
from linkage.decisions import Decision
from linkage.engine.duckdb import DuckDBEngine
from linkage.entities.decided import place
from linkage.pairs import PERSONS, Model
from linkage.store import OutFolder
from linkage.train.classify import Labelled

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Estimate:
    """The model of today, with the patterns (n,) of all compared pairs and how many pairs show each."""

    model: Model
    patterns: Ints
    pairs: Floats
    labelled: Labelled
    not_compared: int
    """Decided pairs that no blocking rule and no relation finds."""
    waiting: int
    """Decisions about mentions that are gone."""


def estimate(
    folder: OutFolder, config: Config, decisions: Sequence[Decision], progress: Callable[[str], None]
) -> Estimate:
    """Fit the model to the published mentions the way a first night does, in a database of its own.

    Raises `UsageError` when nothing was published.
    """
    unfrozen = config.model_copy(update={"linkage": config.linkage.model_copy(update={"model_file": None})})
    with _copy(folder, config) as (db, work):
        pairs.link(db, unfrozen, progress, frozen=None, keep=work / "model.json")
        mentions = int(db.rows("SELECT count(*) FROM mention")[0][0])
        model = pairs.load(PERSONS, work / "model.json").of(mentions)
        counted = db.arrays("SELECT pattern, count(*) AS n FROM pair_score GROUP BY pattern ORDER BY pattern")
        outcomes = place(db, decisions)
        labelled, missing = _labelled(db)
        return Estimate(
            model=model,
            patterns=np.asarray(counted["pattern"], dtype=np.int64),
            pairs=np.asarray(counted["n"], dtype=np.float64),
            labelled=labelled,
            not_compared=missing,
            waiting=outcomes.get("waiting", 0),
        )


@contextmanager
def _copy(folder: OutFolder, config: Config) -> Iterator[tuple[DuckDBEngine, Path]]:
    """Open a database with the published mentions, in a folder that the next run sweeps should this process die."""
    published = folder.published("restricted.duckdb")
    machine = config.machine
    with TemporaryDirectory(prefix="train-", dir=folder.work) as name:
        work = Path(name)
        with DuckDBEngine(
            work / "train.duckdb", memory_limit=machine.memory_limit, threads=machine.threads, spill=work / "spill"
        ) as db:
            quoted = str(published).replace("'", "''")
            db.run(f"ATTACH '{quoted}' AS published (READ_ONLY)")
            db.run("CREATE TABLE mention AS FROM published.mention")
            db.run("DETACH published")
            yield db, work


def _labelled(db: DuckDBEngine) -> tuple[Labelled, int]:
    """Return the decided pairs that were compared, and how many were not; of two decisions the later counts."""
    found = db.arrays(
        """
        SELECT d.left_id, d.right_id, pattern, match_weight, verdict = 'same' AS is_same
        FROM decision d JOIN pair_score p ON p.left_id = d.left_id AND p.right_id = d.right_id
        WHERE outcome = 'applied' AND verdict <> 'unsure' ORDER BY decision_id
        """
    )
    wanted = db.rows("SELECT count(*) FROM decision WHERE outcome = 'applied' AND verdict <> 'unsure'")[0][0]
    labelled = Labelled(
        left=np.asarray(found["left_id"], dtype=np.int64),
        right=np.asarray(found["right_id"], dtype=np.int64),
        pattern=np.asarray(found["pattern"], dtype=np.int64),
        weight=np.asarray(found["match_weight"], dtype=np.float64),
        is_same=np.asarray(found["is_same"], dtype=np.bool_),
    )
    return labelled, int(wanted) - len(labelled)
