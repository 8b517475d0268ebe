"""Ids that stay from night to night, of persons and of households: who keeps one, and where an old one leads.

``mention_<kind>`` tells which mentions had which id the night before, and a table of those that are gone the last one
that they had. A night may look at a few mentions; the ids that the rest has are told by `others`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pandas as pd

from linkage import contracts
from linkage.engine.base import Engine
from linkage.numbers import MENTION_ID

KEY = "source_id, record_kind, record_id, person_seq"
Mint = Callable[[str, str], str]


def prepare(db: Engine, kind: str) -> None:
    """Create what is kept from night to night of a kind (``person`` or ``household``), where it does not exist yet.

    An earlier version kept the id of every mention, by key.
    """
    known, history = contracts.table(_known(kind)), contracts.table(f"{kind}_id_history")
    if not db.has(history.name):
        db.run(history.ddl())
    if known.is_in(db):
        return
    is_by_key = db.has(known.name)
    if is_by_key:
        by_number = f"SELECT {MENTION_ID} AS mention_id, {kind}_id FROM {known.name}"
        db.run(f"CREATE OR REPLACE TEMP TABLE known_by_key AS {by_number}")
        db.run(f"DROP TABLE IF EXISTS mention_{kind}")
    db.run(known.ddl())
    if is_by_key:
        db.run(f"INSERT INTO {known.name} BY NAME FROM known_by_key")
        db.run("DROP TABLE known_by_key")


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


def others(kind: str, of: str, *, only_changed: bool) -> str:
    """Return the query of those among the ids (``id``) of a query ``of`` that mentions have which are not looked at.

    The night before left a table of all ids, and those of mentions that are looked at are known.
    """
    if not only_changed:
        return f"SELECT id FROM ({of}) WHERE false"
    known, looked_at = _IDS[kind]
    return (
        f"SELECT id FROM ({of}) SEMI JOIN (SELECT {kind}_id AS id FROM {known}) USING (id) "
        f"ANTI JOIN (SELECT {kind}_id AS id FROM {looked_at}) USING (id)"
    )


_IDS = {"person": ("person_base", "moved_person"), "household": ("household", "touched_household")}


def among(db: Engine, kind: str, wanted: list[str], *, only_changed: bool) -> set[str]:
    """Return which of some ids are those of `others`."""
    db.register("wanted_id", pd.DataFrame({"id": pd.Series(wanted, dtype="string")}))
    found = {str(row[0]) for row in db.rows(others(kind, "FROM wanted_id", only_changed=only_changed))}
    db.run("DROP TABLE wanted_id")
    return found


def find_was(db: Engine, kind: str, which: str) -> None:
    """Write ``was_<kind>``: the rows of ``mention_<kind>`` that are to leave it, with their ``place`` there."""
    db.run(f"CREATE OR REPLACE TEMP TABLE was_{kind} AS SELECT rowid AS place, * FROM mention_{kind} {which}")


def make_room(db: Engine, kind: str, *, only_changed: bool) -> None:
    """Take the rows of ``was_<kind>`` out of ``mention_<kind>``; without ``only_changed`` these are all."""
    if only_changed:
        db.run(f"DELETE FROM mention_{kind} WHERE rowid IN (SELECT place FROM was_{kind})")
        return
    declared = contracts.table(f"mention_{kind}")
    if not declared.is_in(db):
        db.run(declared.ddl())
    find_was(db, kind, "")
    db.run(declared.ddl())


def find_returned(db: Engine, kind: str, mentions: str) -> None:
    """Write ``returned_<kind>`` (mention_id, <kind>_id): those of a table of mentions that had an id, and were gone."""
    db.run(
        f"CREATE OR REPLACE TEMP TABLE returned_{kind} AS FROM {_known(kind)} SEMI JOIN {mentions} USING (mention_id)"
    )


def claims(kind: str, *, only_changed: bool) -> str:
    """Return the query of mentions with the ids that they had (mention_id, <kind>_id): `make_room`, `find_returned`.

    The id of who is back is given only if it is none of `others`.
    """
    column = f"{kind}_id"
    back = f"SELECT {column} AS id FROM returned_{kind}"
    in_use = others(kind, back, only_changed=only_changed)
    return (
        f"SELECT mention_id, {column} FROM was_{kind} "
        f"UNION ALL (FROM returned_{kind} ANTI JOIN (SELECT id AS {column} FROM ({in_use})) USING ({column}))"
    )


def remember(db: Engine, kind: str, run_id: str, placed: str, *, only_changed: bool) -> None:
    """Add tonight's merges and splits to the history, and keep the ids of mentions that are gone.

    ``placed`` is a table of the mentions that were looked at, with their ids. Writes ``<kind>_id_today`` too.
    """
    known, column = _known(kind), f"{kind}_id"
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE other_id AS
        SELECT DISTINCT w.{column} AS old_id, n.{column} AS new_id FROM {placed} n
        JOIN (SELECT mention_id, {column} FROM was_{kind} UNION ALL FROM returned_{kind}) w USING (mention_id)
        WHERE w.{column} <> n.{column}
        """
    )
    db.run(
        f"""
        INSERT INTO {kind}_id_history BY NAME
        WITH alive AS ({_alive(kind, placed, "SELECT old_id AS id FROM other_id", only_changed=only_changed)})
        SELECT old_id, new_id, ? AS run_id, CASE WHEN old_id IN (FROM alive) THEN 'split' ELSE 'merge' END AS reason
        FROM other_id ORDER BY old_id, new_id
        """,
        [run_id],
    )
    db.run("DROP TABLE other_id")
    # Written anew: few are gone, and an earlier version leaves all others here.
    db.run(
        f"CREATE OR REPLACE TEMP TABLE gone_id AS FROM (FROM {known} UNION ALL SELECT mention_id, {column} "
        f"FROM was_{kind}) ANTI JOIN {placed} USING (mention_id)"
    )
    db.run(contracts.table(known).ddl())
    db.run(f"INSERT INTO {known} BY NAME FROM gone_id")
    db.run("DROP TABLE gone_id")
    _lead(db, kind, placed, only_changed=only_changed)


def _lead(db: Engine, kind: str, placed: str, *, only_changed: bool) -> None:
    """Write ``<kind>_id_today``: where every id that was merged away leads, over all merges since.

    An id that stands for somebody today leads to itself, whatever it was once merged into.
    """
    told = f"SELECT unnest([old_id, new_id]) AS id FROM {kind}_id_history"
    db.run(contracts.table(f"{kind}_id_today").ddl())
    db.run(
        f"""
        INSERT INTO {kind}_id_today
        WITH RECURSIVE alive AS MATERIALIZED ({_alive(kind, placed, told, only_changed=only_changed)}),
        led AS (
            SELECT DISTINCT old_id, new_id FROM {kind}_id_history WHERE old_id NOT IN (SELECT id FROM alive)
            UNION
            SELECT led.old_id, h.new_id FROM led JOIN {kind}_id_history h ON h.old_id = led.new_id
            WHERE led.new_id NOT IN (SELECT id FROM alive)
        )
        SELECT DISTINCT old_id, new_id FROM led JOIN alive ON id = new_id ORDER BY ALL
        """
    )


def _alive(kind: str, placed: str, of: str, *, only_changed: bool) -> str:
    """Return the query of those among the ids of a query that stand for somebody tonight."""
    return (
        f"SELECT id FROM ({of}) SEMI JOIN (SELECT {kind}_id AS id FROM {placed}) USING (id) "
        f"UNION {others(kind, of, only_changed=only_changed)}"
    )


def _known(kind: str) -> str:
    return {"person": "known_mention", "household": "known_household"}[kind]
