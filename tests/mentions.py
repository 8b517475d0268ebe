"""Builds ``mention`` tables from a few readable values, for the tests of what comes after intake."""

from __future__ import annotations

from typing import Any

import pandas as pd

from linkage import contracts
from linkage.engine.duckdb import DuckDBEngine
from linkage.pairs.persons import PERSONS

DEFAULTS: dict[str, Any] = {
    "source_id": "politie-nn",
    "chain": "police",
    "record_kind": "incident",
    "person_seq": 1,
    "is_name_chain": False,
    "birth_precision": "none",
    "address_is_secret": False,
}


def mention(**values: Any) -> dict[str, Any]:
    """Fill in what follows from the given values, the way intake would."""
    row = {**DEFAULTS, **values}
    if (born := row.get("birth_date")) and row["birth_precision"] == "none":
        day = f"{born[:4]}-{born[4:6]}-{born[6:]}"
        row |= {"birth_earliest": day, "birth_latest": day, "birth_precision": "day", "birth_year": int(born[:4])}
    if row.get("surname") and "surname_joined" not in row:
        row["surname_joined"] = (row.get("surname_prefix") or "") + row["surname"].replace(" ", "")
        row["surname_sound"] = row.get("surname_sound", row["surname"])
    names = [n for n in (row.get("given_name"), row.get("call_name")) if n]
    row["given_variants"] = sorted({*names, *row.get("given_variants", [])})
    row["name_tokens"] = sorted({*row.get("surname", "").split(), *names})
    if names and "initials" not in row:
        row["initials"] = names[0][0]
    return row


def mention_table(db: DuckDBEngine, rows: list[dict[str, Any]]) -> None:
    """Write table ``mention`` from rows, numbered in the order given."""
    records: dict[tuple[str, str, str], int] = {}
    for number, row in enumerate(rows):
        row["mention_id"] = number
        row.setdefault("record_id", f"R{number}")
        record = (row["source_id"], row["record_kind"], row["record_id"])
        row["record_no"] = records.setdefault(record, len(records))
    declared = contracts.table("mention")
    frame = pd.DataFrame([{c.name: row.get(c.name) for c in declared.columns} for row in rows], dtype=object)
    db.run(declared.ddl())
    db.connection.register("_rows", frame)
    casts = ", ".join(f'CAST("{c.name}" AS {c.type}) AS "{c.name}"' for c in declared.columns)
    db.run(f"INSERT INTO mention BY NAME SELECT {casts} FROM _rows")
    db.connection.unregister("_rows")


def score_table(db: DuckDBEngine, scored: list[tuple[int, int, float]], *, possible: float = 0.5) -> None:
    """Write what the linkage leaves of pairs (left_id, right_id, match_weight), each mention its own number."""
    weighed = pd.DataFrame(scored, columns=["left_id", "right_id", "match_weight"])
    weighed = weighed.astype({"left_id": "int64", "right_id": "int64", "match_weight": "float64"})
    db.register("pair_score", weighed.assign(match_probability=1 / (1 + 2.0 ** -weighed["match_weight"])))
    db.run(f"CREATE OR REPLACE TABLE pair AS FROM pair_score WHERE match_probability >= {possible}")
    db.run("CREATE OR REPLACE TABLE mention_number AS SELECT mention_id, mention_id AS mention_no FROM mention")
    pairs = "SELECT left_id AS left_no, right_id AS right_no, rowid AS evidence_no FROM pair_score"
    db.run(f"CREATE OR REPLACE TABLE compared_pair AS {pairs}")
    db.run("CREATE OR REPLACE TABLE pattern_count AS SELECT rowid AS evidence_no, match_weight FROM pair_score")


def level_names(pattern: int) -> dict[str, str]:
    """Return the level of each comparison that a pattern holds, by name; nulls are left out."""
    return PERSONS.names(pattern)
