"""Who knows which rows of a table may be others tells so; of the rest everything may."""

from __future__ import annotations

from linkage import moved
from linkage.engine.duckdb import DuckDBEngine


def test_keys_that_are_told_can_be_read_until_they_are_taken_back() -> None:
    with DuckDBEngine() as db:
        assert moved.told(db, "incident") is None
        moved.tell(db, "incident", "SELECT 'a' AS source_id, unnest([1, 2, 2]) AS incident_number")
        name = moved.told(db, "incident")
        assert db.rows(f"FROM {name} ORDER BY ALL") == [("a", 1), ("a", 2)]
        assert moved.told(db, "case_report") is None
        moved.forget(db, "incident")
        assert moved.told(db, "incident") is None


def test_the_last_word_counts() -> None:
    with DuckDBEngine() as db:
        moved.tell(db, "incident", "SELECT 1 AS incident_number")
        moved.tell(db, "incident", "SELECT 2 AS incident_number")
        assert db.rows(f"FROM {moved.told(db, 'incident')}") == [(2,)]
