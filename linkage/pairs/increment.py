"""What still holds of the night before: two mentions that did not change compare as they did.

A pair's pattern follows from its two mentions, from bands that are kept with the model, and from its context, which is
made anew every night. So a night compares the pairs of new and changed mentions only, and of mentions with a blocking
key that has become too common, or is so no longer. All else of the linking is done as from scratch, so that the result
is the same.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from linkage import contracts
from linkage.config import Linkage
from linkage.engine.base import Engine
from linkage.pairs.model import Model
from linkage.pairs.spec import Spec

BEFORE = "mention_before"
"""The mentions of the night before, under the numbers that they had then."""
KEPT = ("link_basis", "value_band", "blocked_key", "compared_pair", BEFORE)
"""Tables of the night before without which every pair is compared."""
NUMBERS = ("mention_id", "record_no")
"""Columns of a mention that are numbered anew every night, in the order of its key."""
DECIDES = ("blocking", "coding", "compare", "context", "persons", "persons_sql", "relations", "spec")
"""Modules beside this one that decide which mentions a night compares, and what level a comparison gives."""


def comparisons(db: Engine, spec: Spec, settings: Linkage) -> str:
    """Return a hash of what decides which pairs are compared and what level each gets: two nights with another one
    compare unlike patterns.

    The engine's version is of it because its ``hash`` may differ from one to the next, and our own code, so that
    nobody has to think of a number to raise; a comment that changes costs one night in which all is compared.
    """
    told = (repr(spec), settings.pair_budget_per_mention, settings.max_block, settings.use_relations)
    return hashlib.sha256(repr((*told, db.rows("SELECT version()")[0][0], _code())).encode()).hexdigest()


def fingerprint(db: Engine, model: Model, spec: Spec, settings: Linkage) -> str:
    """Return a hash of all that comparisons rest on besides the mentions themselves."""
    return hashlib.sha256(repr((model.to_json(), comparisons(db, spec, settings))).encode()).hexdigest()


@cache
def _code() -> str:
    here = Path(__file__)
    files = [here, *(here.with_name(f"{name}.py") for name in DECIDES)]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def population(db: Engine, basis: str) -> int | None:
    """Return how many mentions the model was to judge when this basis was made; None when the basis is another."""
    if not (db.has("link_basis") and db.has("value_band")):
        return None
    found = db.rows("SELECT population FROM link_basis WHERE fingerprint = ?", [basis])
    return int(found[0][0]) if found else None


def published_population(db: Engine) -> int:
    """Return how many mentions the model of a published night judged."""
    known = db.rows("SELECT population FROM link_basis") if db.has("link_basis") else []
    return int(known[0][0]) if known else int(db.rows("SELECT count(*) FROM mention")[0][0])


def is_usable(db: Engine) -> bool:
    """Tell whether the night before left all that a night needs to compare only what changed."""
    return all(db.has(name) for name in KEPT)


def begin(db: Engine) -> int:
    """Write ``moved`` (old_id, new_id: mentions that did not change) and ``fresh_mention``; return how many are fresh.

    Sets the tables of the night before aside for `blocking.candidates` and `carry`.
    """
    table = contracts.table("mention")
    key = ", ".join(table.key)
    said = [c.name for c in table.columns if c.name not in (*NUMBERS, *table.key)]
    before, now = (f"hash({', '.join(f'{side}.{c}' for c in said)})" for side in ("b", "m"))
    db.run(
        f"CREATE OR REPLACE TEMP TABLE moved AS SELECT b.mention_id AS old_id, m.mention_id AS new_id "
        f"FROM {BEFORE} b JOIN mention m USING ({key}) WHERE {before} = {now}"
    )
    db.run(
        "CREATE OR REPLACE TEMP TABLE fresh_mention AS SELECT mention_id FROM mention "
        "ANTI JOIN moved ON new_id = mention_id"
    )
    db.run("ALTER TABLE blocked_key RENAME TO blocked_before")
    return int(db.rows("SELECT count(*) FROM fresh_mention")[0][0])


def carry(db: Engine, spec: Spec) -> int:
    """Add the pairs that did not change to ``pattern_pair``; return how many mentions are fresh after all.

    Pairs that were found on related records wait in ``related_before`` until it is known who is related tonight.
    """
    c = spec.by_name["context"]
    db.run("DELETE FROM moved WHERE new_id IN (SELECT mention_id FROM fresh_mention)")
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE carried AS
        SELECT l.new_id AS left_id, r.new_id AS right_id, rules, pattern & ~CAST({c.mask} AS BIGINT) AS pattern
        FROM compared_pair JOIN moved l ON l.old_id = left_id JOIN moved r ON r.old_id = right_id
        """
    )
    db.run("INSERT INTO pattern_pair SELECT left_id, right_id, rules, pattern FROM carried WHERE rules <> 0")
    db.run(
        "CREATE OR REPLACE TEMP TABLE related_before AS SELECT left_id, right_id, pattern FROM carried WHERE rules = 0"
    )
    fresh = int(db.rows("SELECT count(DISTINCT mention_id) FROM fresh_mention")[0][0])
    for name in ("carried", "moved", "fresh_mention", "blocked_before"):
        db.run(f"DROP TABLE {name}")
    return fresh


def keep(db: Engine, basis: str, compared_by: str, population: int, fresh: int) -> None:
    """Write ``compared_pair`` and ``link_basis`` for the next night; the night before is forgotten."""
    db.run(contracts.table("compared_pair").ddl())
    db.run("INSERT INTO compared_pair SELECT left_id, right_id, rules, pattern FROM pattern_pair")
    db.run(contracts.table("link_basis").ddl())
    db.run("INSERT INTO link_basis VALUES (?, ?, ?, ?)", [basis, population, fresh, compared_by])
    for name in (BEFORE, "related_before"):
        db.run(f"DROP TABLE IF EXISTS {name}")
