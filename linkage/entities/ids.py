"""Ids that stay from night to night, of persons and of households: who keeps one, and where an old one leads."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pandas as pd

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
    kind: str,
    mint: Mint,
    overlaps: Iterable[tuple[int, str]],
    foundings: Iterable[tuple[int, str]],
    in_use: Callable[[list[str]], set[str]] = lambda _: set(),
) -> dict[int, str]:
    """Return the id of every group.

    ``overlaps`` are groups with the ids that their mentions had, the best claim first: an id goes to one group, a group
    takes one id. A group that gets none has one minted from its ``founding``, the key of its first mention; when a
    split left that id elsewhere, from its next variant. ``in_use`` tells which of some ids other groups have.
    """
    given: dict[int, str] = {}
    taken: set[str] = set()
    for group, old in overlaps:
        if group not in given and old not in taken:
            given[group] = old
            taken.add(old)
    open_, variant = {group: founding for group, founding in foundings if group not in given}, 0
    while open_:
        minted = {group: mint(kind, f"{founding} {variant}") for group, founding in open_.items()}
        taken |= in_use(list(minted.values()))
        for group, fresh in minted.items():
            if fresh not in taken:
                given[group] = fresh
                taken.add(fresh)
                del open_[group]
        variant += 1
    return given


def among(db: Engine, wanted: list[str], table: str, column: str) -> set[str]:
    """Return which of some ids a table holds."""
    db.register("wanted_id", pd.DataFrame({"id": pd.Series(wanted, dtype="string")}))
    found = {str(row[0]) for row in db.rows(f"SELECT id FROM wanted_id SEMI JOIN {table} ON {column} = id")}
    db.run("DROP TABLE wanted_id")
    return found


def make_room(db: Engine, kind: str, looked_at: str) -> None:
    """Move the mentions that a table names, and those that are gone, out of ``mention_<kind>`` to ``was_<kind>``."""
    leaving = f"mention_id IN (SELECT mention_id FROM {looked_at} UNION ALL SELECT mention_id FROM gone_mention)"
    db.run(f"CREATE OR REPLACE TEMP TABLE was_{kind} AS FROM mention_{kind} WHERE {leaving}")
    db.run(f"DELETE FROM mention_{kind} WHERE {leaving}")


def find_returned(db: Engine, kind: str, mentions: str = "mention") -> None:
    """Write ``returned_<kind>`` (mention_id, <kind>_id): mentions that are new tonight, and had an id before.

    ``mentions`` is a table with the keys of all that are new.
    """
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE returned_{kind} AS
        SELECT mention_id, {kind}_id FROM (
            FROM {mentions} WHERE mention_id IN (FROM fresh_mention ANTI JOIN mention_{kind} USING (mention_id))
        ) JOIN {_known(kind)} USING ({KEY})
        """
    )


def claims(kind: str, *, only_changed: bool) -> str:
    """Return the query of mentions with the ids that they had (mention_id, <kind>_id).

    With ``only_changed`` it gives those that `make_room` and `find_returned` wrote down; the id of who is back only if
    no mention that is not looked at has it.
    """
    column = f"{kind}_id"
    if not only_changed:
        return f"SELECT mention_id, {column} FROM mention JOIN {_known(kind)} USING ({KEY})"
    in_use = f"(FROM mention_{kind} SEMI JOIN returned_{kind} USING ({column}))"
    return (
        f"SELECT mention_id, {column} FROM was_{kind} "
        f"UNION ALL (FROM returned_{kind} ANTI JOIN {in_use} USING ({column}))"
    )


def moved(kind: str, placed: str) -> str:
    """Return the query of mentions that have another id than they had, or none: their key, <kind>_id and ``old_id``.

    ``placed`` is a query of the mentions that were looked at, with key and id; what they had is known as by `claims`.
    """
    column = f"{kind}_id"
    return f"""
        SELECT {KEY}, n.{column}, coalesce(w.{column}, r.{column}) AS old_id FROM ({placed}) n
        LEFT JOIN was_{kind} w USING (mention_id) LEFT JOIN returned_{kind} r USING (mention_id)
        WHERE coalesce(w.{column}, r.{column}) IS DISTINCT FROM n.{column}
    """


def remember(db: Engine, kind: str, run_id: str, found: str | None = None) -> None:
    """Add tonight's merges and splits to the history, and keep tonight's ids for the next night.

    Reads ``mention_<kind>`` and what `prepare` made; writes ``<kind>_id_today`` too. ``found`` is the query `moved`,
    where only a few mentions were looked at.
    """
    known, column = _known(kind), f"{kind}_id"
    anybody = f"""
        SELECT {KEY}, n.{column}, k.{column} AS old_id FROM mention
        JOIN mention_{kind} n USING (mention_id) LEFT JOIN {known} k USING ({KEY})
        WHERE k.{column} IS DISTINCT FROM n.{column}
    """
    db.run(f"CREATE OR REPLACE TEMP TABLE known_today AS {found or anybody}")
    db.run(
        f"""
        INSERT INTO {kind}_id_history BY NAME
        WITH alive AS (SELECT m.{column} FROM mention_{kind} m SEMI JOIN known_today t ON t.old_id = m.{column})
        SELECT DISTINCT old_id, {column} AS new_id, ? AS run_id,
               CASE WHEN old_id IN (FROM alive) THEN 'split' ELSE 'merge' END AS reason
        FROM known_today WHERE old_id IS NOT NULL ORDER BY old_id, new_id
        """,
        [run_id],
    )
    gone = "(FROM known_today WHERE old_id IS NOT NULL)"
    db.run(f"DELETE FROM {known} USING {gone} t WHERE {_same(known, 't')}")
    db.run(f"INSERT INTO {known} BY NAME SELECT {KEY}, {column} FROM known_today")
    db.run("DROP TABLE known_today")
    _lead(db, kind)


def _same(one: str, other: str) -> str:
    return " AND ".join(f"{one}.{column} = {other}.{column}" for column in KEY.split(", "))


def _lead(db: Engine, kind: str) -> None:
    """Write ``<kind>_id_today``: where every id that was merged away leads, over all merges since.

    An id that stands for somebody today leads to itself, whatever it was once merged into.
    """
    column = f"{kind}_id"
    db.run(contracts.table(f"{kind}_id_today").ddl())
    db.run(
        f"""
        INSERT INTO {kind}_id_today
        WITH RECURSIVE told AS (SELECT unnest([old_id, new_id]) AS {column} FROM {kind}_id_history),
        alive AS (SELECT DISTINCT {column} AS id FROM mention_{kind} SEMI JOIN told USING ({column})),
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
