"""What still holds of the night before: two mentions that did not change compare as they did.

A pair's pattern follows from its two mentions, from bands that are kept with the model, and from its context, which is
made anew every night. So a night compares the pairs of new and changed mentions only, and of mentions with a blocking
key that has become too common, or is so no longer. All else of the linking is done as from scratch, so that the result
is the same.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from linkage import basis, components, contracts
from linkage.config import Linkage
from linkage.engine.base import Engine
from linkage.pairs import blocking, fresh, keys, numbered
from linkage.pairs.coding import code_ends, ends, read_ends
from linkage.pairs.compare import Comparer
from linkage.pairs.model import Model
from linkage.pairs.spec import Spec

KEPT = (
    *("link_basis", "value_band", "mention_core", "shared_seat", "pair"),
    *(keys.TABLE, *numbered.KEPT, *blocking.KEPT),
)
"""Tables of the night before without which every pair is compared."""
OF_TONIGHT = ("fresh_mention", "gone_mention", fresh.WAS)
"""What tells which mentions changed."""
DECIDES = (
    *("blocking", "coding", "compare", "context", "cores", "fresh", "keys", "numbered"),
    *("persons", "persons_sql", "relations", "spec", "taken"),
)
"""Modules beside this one that decide which mentions a night compares, and what level a comparison gives."""
WEIGHS = ("kinds", "model", "score", "together")
"""Modules that give a pattern its weight, beside the model."""


def comparisons(db: Engine, spec: Spec, settings: Linkage) -> str:
    """Return a hash of what decides which pairs are compared and what level each gets: two nights with another one
    compare unlike patterns.

    The engine's version is of it because its ``hash`` may differ from one to the next, and our own code, so that
    nobody has to think of a number to raise; a comment that changes costs one night in which all is compared.
    """
    told = (repr(spec), settings.pair_budget_per_mention, settings.max_block, settings.use_relations)
    return basis.fingerprint(db, basis.code(Path(__file__), Path(components.__file__), *_files(DECIDES)), *told)


def fingerprint(db: Engine, model: Model, spec: Spec, settings: Linkage) -> str:
    """Return a hash of all that comparisons rest on besides the mentions themselves."""
    told = (model.to_json(), settings.possible, comparisons(db, spec, settings), basis.code(*_files(WEIGHS)))
    return hashlib.sha256(repr(told).encode()).hexdigest()


def _files(names: tuple[str, ...]) -> list[Path]:
    return [Path(__file__).with_name(f"{name}.py") for name in names]


def population(db: Engine, rests_on: str) -> int | None:
    """Return how many mentions the model was to judge when the basis was made; None when it is another."""
    if not (db.has("link_basis") and db.has("value_band")):
        return None
    found = db.rows("SELECT population FROM link_basis WHERE fingerprint = ?", [rests_on])
    return int(found[0][0]) if found else None


def published_population(db: Engine) -> int:
    """Return how many mentions the model of a published night judged."""
    known = db.rows("SELECT population FROM link_basis") if db.has("link_basis") else []
    return int(known[0][0]) if known else int(db.rows("SELECT count(*) FROM mention")[0][0])


def is_usable(db: Engine) -> bool:
    """Tell whether the night before left all that a night needs to compare only what changed."""
    return all(contracts.table(name).is_in(db) for name in KEPT) and all(db.has(name) for name in OF_TONIGHT)


def compare(db: Engine, comparer: Comparer, *, budget: int, max_block: int) -> int:
    """Compare the pairs of rules that have one of `fresh.COMPARED`, into ``in_pair``; return how many these are.

    Writes ``moved_mention``, whose pairs of the night before are no longer (`taken`), and leaves `fresh.NOW`.
    """
    fresh.pairs(db, comparer.spec, budget=budget, max_block=max_block)
    db.run(
        "CREATE OR REPLACE TEMP TABLE moved_mention AS "
        f"SELECT mention_id FROM {fresh.COMPARED} UNION SELECT mention_id FROM gone_mention"
    )
    _seat(db, comparer.spec)
    code_ends(db, comparer.spec)
    comparer.pairs("few_pair", "in_pair", "rules", where=comparer.spec.pairs)
    db.run("DROP TABLE few_pair")
    return int(db.rows(f"SELECT count(*) FROM {fresh.COMPARED}")[0][0])


def _seat(db: Engine, spec: Spec) -> None:
    """Bring ``shared_seat`` up to tonight: who shares a seat hangs on the other rows of the record.

    These are read together with what is to be compared, which ``end_mention`` keeps.
    """
    moved = f"SELECT record_no FROM {fresh.NOW} UNION ALL SELECT record_no FROM {fresh.WAS}"
    db.run(
        "CREATE OR REPLACE TEMP TABLE beside_mention AS "
        f"SELECT mention_id FROM mention SEMI JOIN ({moved}) USING (record_no)"
    )
    read_ends(db, spec, f"{ends('few_pair')} UNION ALL FROM beside_mention", str(spec.seats))
    db.run(
        "DELETE FROM shared_seat WHERE mention_id IN "
        f"(FROM beside_mention UNION ALL SELECT mention_id FROM {fresh.WAS})"
    )
    db.run(
        "INSERT INTO shared_seat WITH mention AS (FROM end_mention SEMI JOIN beside_mention USING (mention_id)) "
        f"SELECT mention_id, seat FROM ({spec.seats}) WHERE seat <> mention_id"
    )
    db.run("DROP TABLE beside_mention")


def keep(db: Engine, rests_on: str, compared_by: str, population: int, fresh_mentions: int) -> None:
    """Write ``link_basis`` for the next night."""
    db.run(contracts.table("link_basis").ddl())
    db.run("INSERT INTO link_basis VALUES (?, ?, ?, ?)", [rests_on, population, fresh_mentions, compared_by])
