"""Ids that stay from night to night, of persons and of households: who keeps one, and where an old one leads."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from linkage import contracts
from linkage.engine.base import Engine

KEY = "source_id, record_kind, record_id, person_seq"
Mint = Callable[[str, str], str]


def prepare(db: Engine, kind: str) -> None:
    """Create what is kept from night to night of a kind (``person`` or ``household``), where it does not exist yet."""
    for name in (_known(kind), f"{kind}_id_history"):
        if not db.has(name):
            db.run(contracts.table(name).ddl())


def give(
    kind: str, mint: Mint, overlaps: Iterable[tuple[int, str]], foundings: Iterable[tuple[int, str]]
) -> dict[int, str]:
    """Return the id of every group.

    ``overlaps`` are groups with the ids that their mentions had, the best claim first: an id goes to one group, a group
    takes one id. A group that gets none has one minted from its ``founding``, the key of its first mention; when a
    split left that id elsewhere, from its next variant.
    """
    given: dict[int, str] = {}
    taken: set[str] = set()
    for group, old in overlaps:
        if group not in given and old not in taken:
            given[group] = old
            taken.add(old)
    for group, founding in foundings:
        if group not in given:
            variant = 0
            while (fresh := mint(kind, f"{founding} {variant}")) in taken:
                variant += 1
            given[group] = fresh
            taken.add(fresh)
    return given


def remember(db: Engine, kind: str, run_id: str) -> None:
    """Add tonight's merges and splits to the history, and keep tonight's ids for the next night.

    Reads ``mention_<kind>`` and what `prepare` made; writes ``<kind>_id_today`` too.
    """
    known, column = _known(kind), f"{kind}_id"
    db.run(
        f"""
        INSERT INTO {kind}_id_history BY NAME
        WITH moved AS (
            SELECT DISTINCT k.{column} AS old_id, n.{column} AS new_id
            FROM {known} k JOIN mention USING ({KEY}) JOIN mention_{kind} n USING (mention_id)
            WHERE k.{column} <> n.{column}
        )
        SELECT old_id, new_id, ? AS run_id,
               CASE WHEN old_id IN (SELECT {column} FROM mention_{kind}) THEN 'split' ELSE 'merge' END AS reason
        FROM moved ORDER BY old_id, new_id
        """,
        [run_id],
    )
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE known_today AS
        SELECT {KEY}, {column} FROM mention JOIN mention_{kind} USING (mention_id)
        UNION ALL SELECT {KEY}, {column} FROM {known} ANTI JOIN mention USING ({KEY})
        """
    )
    db.run(contracts.table(known).ddl())
    db.run(f"INSERT INTO {known} BY NAME FROM known_today")
    db.run("DROP TABLE known_today")
    _lead(db, kind)


def _lead(db: Engine, kind: str) -> None:
    """Write ``<kind>_id_today``: where every id that was merged away leads, over all merges since.

    An id that stands for somebody today leads to itself, whatever it was once merged into.
    """
    column = f"{kind}_id"
    db.run(contracts.table(f"{kind}_id_today").ddl())
    db.run(
        f"""
        INSERT INTO {kind}_id_today
        WITH RECURSIVE alive AS (SELECT DISTINCT {column} AS id FROM mention_{kind}),
        led AS (
            SELECT DISTINCT old_id, new_id FROM {kind}_id_history WHERE old_id NOT IN (SELECT id FROM alive)
            UNION
            SELECT led.old_id, h.new_id FROM led JOIN {kind}_id_history h ON h.old_id = led.new_id
            WHERE led.new_id NOT IN (SELECT id FROM alive)
        )
        SELECT DISTINCT old_id, new_id FROM led JOIN alive ON id = new_id ORDER BY ALL
        """
    )


def _known(kind: str) -> str:
    return {"person": "known_mention", "household": "known_household"}[kind]
