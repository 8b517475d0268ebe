"""What a contestant hands in, and the clock that it runs by. Imports nothing heavy: every process reads it.

A contestant is a module with a function ``link(task, folder, out, style) -> Told`` that reads the parquet files of
``folder`` and writes ``out/pairs.parquet`` (left_id, right_id, probability from `KEPT`) and ``out/clusters.parquet``
(source 0 or 1, id, cluster); `contest` is all of its command line and writes ``out/stages.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.sets.task import Task

if TYPE_CHECKING:
    import duckdb
    import numpy as np
    import numpy.typing as npt

THREADS = 2
KEPT = 0.01
"""Match probability from which a pair is handed in at all."""
THRESHOLD = 0.95
"""Match probability from which a pair is a link, for those who do not say otherwise."""


@dataclass(frozen=True)
class Told:
    """What a contestant says of its own work."""

    candidates: int
    stages: dict[str, float]
    threshold: float = THRESHOLD


class Clock:
    """Seconds of each stage, in order; the first one begins with the process, so it holds the imports."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        # The twentieth field after the name, which may hold blanks, is the start in ticks since the machine's.
        ticks = Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
        self._last = int(ticks) / os.sysconf("SC_CLK_TCK")

    def done(self, stage: str) -> None:
        """End a stage; the next one starts now."""
        now = time.clock_gettime(time.CLOCK_BOOTTIME)
        self.seconds[stage] = round(now - self._last, 3)
        self._last = now


def contest(link: Callable[[Task, Path, Path, str], Told], styles: tuple[str, ...] = ("usual",)) -> None:
    """Run a contestant from its command line."""
    parser = argparse.ArgumentParser(description="link one set of benchmarks.sets")
    parser.add_argument("set", type=Path, metavar="SETDIR")
    parser.add_argument("out", type=Path, metavar="OUTDIR")
    parser.add_argument("--style", choices=styles, default=styles[0])
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    told = link(Task.load(asked.set), asked.set, asked.out, asked.style)
    (asked.out / "stages.json").write_text(json.dumps(asdict(told), indent=2) + "\n", encoding="utf-8")


def files(task: Task, folder: Path) -> tuple[str, ...]:
    """Return the files of a set as SQL strings, one for a dedupe and two for a link."""
    return tuple(quoted(folder / f"{name}.parquet") for name in ("left", "right")[: 1 + (task.kind == "link")])


def quoted(path: Path) -> str:
    """Return a path as a SQL string."""
    return "'" + str(path).replace("'", "''") + "'"


def save(db: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    """Write what a query finds as one parquet file."""
    db.execute(f"COPY ({query}) TO {quoted(path)} (FORMAT parquet)")


def components(
    sizes: tuple[int, ...], left: npt.NDArray[np.int64], right: npt.NDArray[np.int64]
) -> dict[str, npt.NDArray[np.int64]]:
    """Return source, id and cluster of every row, for those without clustering: connected components of the links.

    ``sizes`` are the rows of each file; the links, shape (links,), are rows of the first and of the last file.
    """
    import numpy as np
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    total, offset = sum(sizes), sum(sizes[:-1])
    graph = coo_matrix((np.ones(len(left), np.int8), (left, right + offset)), shape=(total, total))
    labels = connected_components(graph, directed=False)[1].astype(np.int64)
    source = np.repeat(np.arange(len(sizes)), sizes)
    return {"source": source, "id": np.concatenate([np.arange(size) for size in sizes]), "cluster": labels}
