"""Today's mentions weighed anew: the model that a first night would fit on them, told what people decided.

A decided pair is never judged by a model that was told of it: each fold of decided pairs is weighed by a model that
knows the decisions of the other folds only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from linkage import pairs
from linkage.config import Config
from linkage.decisions import Decision
from linkage.engine.duckdb import DuckDBEngine
from linkage.entities.decided import place
from linkage.errors import UsageError
from linkage.pairs import Counts, Decided, Learnt, Model
from linkage.store import OutFolder
from linkage.train.classify import Labelled, folds

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


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
    """Fit the model to the published mentions the way a first night does, and to the decisions.

    Works in a database of its own. Raises `UsageError` when nothing was published, or nobody is named in it.
    """
    unfrozen = config.model_copy(update={"linkage": config.linkage.model_copy(update={"model_file": None})})
    with _copy(folder, config) as db:
        learnt = pairs.link(db, unfrozen, progress)
        if learnt is None:
            raise UsageError("the published case view names nobody: there is nothing to learn from")
        outcomes = place(db, decisions)
        decided, missing = _decided(db)
    if len(decided):
        progress(f"estimating with {len(decided)} decided pairs")
    return Estimate(
        model=learnt.model(verdicts(decided)),
        patterns=learnt.candidates.pattern,
        pairs=learnt.candidates.pairs,
        labelled=replace(decided, weight=unseen_weights(learnt, decided)),
        not_compared=missing,
        waiting=outcomes.get("waiting", 0),
    )


def unseen_weights(learnt: Learnt, labelled: Labelled) -> Floats:
    """Return the match weight (n,) of each decided pair, from a model that was told of the other folds only."""
    fold = folds(labelled.left, labelled.right)
    weight = np.zeros(len(labelled))
    for number in np.unique(fold):
        is_held = fold == number
        weight[is_held] = learnt.model(verdicts(labelled, ~is_held)).weight(labelled.pattern[is_held])
    return weight


def verdicts(labelled: Labelled, which: Bools | None = None) -> Decided | None:
    """Return decided pairs (those of ``which``, (n,), or all) as the estimate counts them; None for none."""
    which = np.ones(len(labelled), dtype=np.bool_) if which is None else which
    if not which.any():
        return None
    return Decided(*(_counts(labelled.pattern[which & kind]) for kind in (labelled.is_same, ~labelled.is_same)))


def _counts(pattern: Ints) -> Counts:
    known, pairs = np.unique(pattern, return_counts=True)
    return Counts(known, pairs.astype(np.float64))


@contextmanager
def _copy(folder: OutFolder, config: Config) -> Iterator[DuckDBEngine]:
    """Open a database with the published mentions, in a folder that a run sweeps once this process is dead."""
    published = folder.published("restricted.duckdb")
    machine = config.machine
    with (
        folder.scratch("train") as work,
        DuckDBEngine(
            work / "train.duckdb", memory_limit=machine.memory_limit, threads=machine.threads, spill=work / "spill"
        ) as db,
    ):
        quoted = str(published).replace("'", "''")
        db.run(f"ATTACH '{quoted}' AS published (READ_ONLY)")
        db.run("CREATE TABLE mention AS FROM published.mention")
        db.run("DETACH published")
        yield db


def _decided(db: DuckDBEngine) -> tuple[Labelled, int]:
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
