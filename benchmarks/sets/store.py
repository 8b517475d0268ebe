"""How a set stands on disk: a folder of parquet files and a set.json that says how it is to be linked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from benchmarks.sets.task import Task

FILES = ("left", "right")


def write(
    folder: Path, task: Task, files: Sequence[pd.DataFrame], truth: pd.DataFrame, notes: Mapping[str, Any]
) -> None:
    """Write a set: ``files`` (one, or two for a link) with ``id`` and the fields, ``truth`` with left_id, right_id."""
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as db:
        db.execute("SET enable_progress_bar = false")
        for name, frame in (*zip(FILES, files, strict=False), ("truth", truth)):
            # A column that happens to hold no value at all would otherwise become a number.
            casts = ", ".join(
                f"{column}::{'BIGINT' if column.endswith('id') else 'VARCHAR'} AS {column}" for column in frame
            )
            db.register("frame", frame)
            db.execute(f"COPY (SELECT {casts} FROM frame) TO '{_quoted(folder / f'{name}.parquet')}' (FORMAT parquet)")
            db.unregister("frame")
        counted = candidates(db, folder, task)
    told = {
        **asdict(task),
        "fields": task.fields,
        "rows": [len(frame) for frame in files],
        "true_pairs": len(truth),
        **counted,
        **notes,
    }
    (folder / "set.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def candidates(db: duckdb.DuckDBPyConnection, folder: Path, task: Task) -> dict[str, float]:
    """Return how many pairs the blocking rules let through, and the share of the true pairs among them."""
    right = "left" if task.kind == "dedupe" else "right"
    tables = [f"'{_quoted(folder / f'{name}.parquet')}'" for name in ("left", right, "truth")]
    apart = " AND l.id < r.id" if task.kind == "dedupe" else ""
    found = " UNION ".join(
        f"SELECT l.id AS left_id, r.id AS right_id FROM {_keyed(tables[0], rule)} l JOIN {_keyed(tables[1], rule)} r"
        f" USING ({', '.join(_keys(rule))}) WHERE true{apart}"
        for rule in task.blocking
    )
    db.execute(f"CREATE OR REPLACE TEMP TABLE candidate AS {found}")
    total = db.execute("SELECT count(*) FROM candidate").fetchall()[0][0]
    kept, true = db.execute(
        f"SELECT count(c.left_id), count(*) FROM {tables[2]} t LEFT JOIN candidate c USING (left_id, right_id)"
    ).fetchall()[0]
    return {"candidates": total, "candidate_recall": round(kept / true, 5)}


def _keys(rule: Sequence[str]) -> list[str]:
    return [f"key_{number}" for number in range(len(rule))]


def _keyed(table: str, rule: Sequence[str]) -> str:
    made = ", ".join(f"{expression} AS {key}" for expression, key in zip(rule, _keys(rule), strict=True))
    return f"(SELECT id, {made} FROM {table})"


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
