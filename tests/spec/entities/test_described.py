"""What is said of a person as a whole."""

from __future__ import annotations

from linkage import contracts
from linkage.engine.duckdb import DuckDBEngine
from linkage.entities import _describe
from tests.mentions import mention, mention_table

HOME = {"postcode": "7901AB", "house_number": 1, "event_date": "2025-01-01"}


def test_a_person_counts_at_addresses_with_the_first_surname_that_was_told_at_one() -> None:
    """Not with one that was told without an address, or without a day."""
    told = [
        mention(surname="aarts", event_date="2025-01-01"),
        mention(surname="baas", **HOME | {"event_date": None}),
        mention(surname="dam", **HOME),
        mention(surname="claes", **HOME | {"house_number": 9}),
    ]
    with DuckDBEngine() as db:
        mention_table(db, told)
        db.run(contracts.table("person_base").ddl())
        db.run("CREATE TEMP TABLE placed_mention AS SELECT mention_id, 'P' AS person_id FROM mention")
        db.run("CREATE TEMP TABLE moved_person (person_id VARCHAR)")
        _describe(db, "mention")
        assert db.rows("SELECT person_id, mentions, address_surname FROM person_base") == [("P", 4, "claes")]
