"""Tables of a publication as files for other tools: written whole or not at all, with a manifest.

The tables of ``case_view.duckdb`` are pseudonymous; those of ``restricted.duckdb`` name people or lead to them, and
leave only when that is asked for in so many words.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from rapidfuzz import process

from linkage import __version__, contracts
from linkage.contracts import Table
from linkage.engine.base import Engine
from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import UsageError, no_output_folder
from linkage.store import OutFolder

MANIFEST = "manifest.json"
_FORMAT = {"parquet": "(FORMAT parquet, COMPRESSION zstd)", "csv": "(FORMAT csv, HEADER)"}
ZONES = {"case_view": "case_view.duckdb", "restricted": "restricted.duckdb"}


@dataclass(frozen=True)
class File:
    """A table that was written."""

    table: str
    file: str
    rows: int
    bytes: int
    sha256: str


def export(
    out: Path, to: Path, *, form: str, names: Sequence[str] = (), identifying: bool = False, force: bool = False
) -> list[File]:
    """Write tables of the publication in ``out`` to the folder ``to``; all of the case view when none are named.

    Raises `UsageError`, before anything is written, for a table that does not exist or may not leave, and for a folder
    that is there already, unless ``force``.
    """
    folder = OutFolder(out)
    generation = folder.current()
    if generation is None:
        raise no_output_folder(out)
    tables = _tables(names, identifying=identifying)
    if to.exists() and not force:
        raise UsageError(f"{to} exists: give another folder, or --force to replace it")
    if to.exists() and not (to / MANIFEST).is_file():
        raise UsageError(f"{to} is no export (it has no {MANIFEST}): give another folder")
    with _aside(to) as aside:
        files = [
            file
            for zone, name in ZONES.items()
            if (wanted := [table for table in tables if table.zone == zone])
            for file in _write(generation / name, aside, wanted, form, is_asked=bool(names))
        ]
        told = {
            "run_id": (folder.manifest() or {}).get("run_id"),
            "as_of": str(folder.published_as_of()),
            "version": __version__,
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "format": form,
            "identifying": any(table.zone == "restricted" for table in tables),
            "tables": [asdict(file) for file in files],
        }
        (aside / MANIFEST).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return files


def _tables(names: Sequence[str], *, identifying: bool) -> list[Table]:
    known = {table.name: table for zone in ZONES for table in contracts.tables(zone)}
    if not names:
        return [table for table in known.values() if table.zone == "case_view"]
    for name in names:
        if name not in known:
            nearest = process.extractOne(name, list(known), score_cutoff=60)
            raise UsageError(f"--tables: {name} is no table" + (f", did you mean {nearest[0]}?" if nearest else ""))
    refused = [name for name in names if known[name].zone == "restricted"]
    if refused and not identifying:
        raise UsageError(
            f"--tables: {', '.join(refused)} of restricted.duckdb name people or lead to them: nothing was written; "
            "add --identifying if you may have them"
        )
    return [known[name] for name in dict.fromkeys(names)]


@contextmanager
def _aside(to: Path) -> Iterator[Path]:
    """Yield a folder beside ``to`` that takes its place when the block ends well, and is gone when it does not."""
    aside, old = (to.with_name(f".{to.name}.{kind}-{os.getpid()}") for kind in ("part", "old"))
    try:
        aside.mkdir(parents=True, mode=0o700)
        yield aside
        if to.exists():
            to.rename(old)
        aside.rename(to)
    except OSError as error:
        if old.exists() and not to.exists():
            old.rename(to)
        raise UsageError(f"cannot write {to}: {error.strerror or type(error).__name__}") from None
    finally:
        for rest in (aside, old):
            shutil.rmtree(rest, ignore_errors=True)


def _write(path: Path, folder: Path, tables: Sequence[Table], form: str, *, is_asked: bool) -> Iterator[File]:
    with DuckDBEngine(path, read_only=True) as db:
        for table in tables:
            if not db.has(table.name):
                if is_asked:
                    raise UsageError(f"--tables: the publication has no {table.name}: run `inbeeld run` first")
                continue
            file = folder / f"{table.name}.{form}"
            quoted = str(file).replace("'", "''")
            db.run(f"COPY ({_rows(db, table, form)}) TO '{quoted}' {_FORMAT[form]}")
            [(rows,)] = db.rows(f'SELECT count(*) FROM "{table.name}"')
            content = file.read_bytes()
            yield File(table.name, file.name, int(rows), len(content), hashlib.sha256(content).hexdigest())


def _rows(db: Engine, table: Table, form: str) -> str:
    """Return the query of a table, in the order of its key, so that the same night gives the same file."""
    there = [(str(name), str(kind)) for name, kind in db.rows(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ? ORDER BY column_index", [table.name]
    )]  # fmt: skip
    columns = ", ".join(_column(name, kind) if form == "csv" else f'"{name}"' for name, kind in there)
    key = [name for name in table.key if name in dict(there)]
    order = ", ".join(f'"{name}"' for name in key) or "ALL"
    return f'SELECT {columns} FROM "{table.name}" ORDER BY {order}'


def _column(name: str, kind: str) -> str:
    """Return a column as a CSV file may have it: a text that a spreadsheet would run gets a quote in front."""
    if kind != "VARCHAR":
        return f'"{name}"'
    return (
        f"""CASE WHEN regexp_matches("{name}", '^[=+@\\t\\r-].') THEN '''' || "{name}" ELSE "{name}" END AS "{name}\""""
    )
