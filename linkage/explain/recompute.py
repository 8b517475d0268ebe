"""The agreement patterns of a few pairs anew: for pairs that fell short, and stand in no table any more.

The mentions concerned are copied into an engine in memory and compared by the night's own code. How common a
value is was counted over all mentions, so the shares are taken from the whole table.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from linkage import contracts
from linkage.engine.base import Engine
from linkage.engine.duckdb import DuckDBEngine
from linkage.pairs import PERSONS, context
from linkage.pairs.coding import code, share_sql
from linkage.pairs.compare import Comparer
from linkage.pairs.spec import Frequency, Spec

Pair = tuple[int, int]


@dataclass(frozen=True)
class Compared:
    """A pair's agreement pattern, and the blocking rules under which the two mentions have a key in common."""

    pattern: int
    rules: tuple[str, ...]


def recompute(restricted: Engine, pairs: Iterable[Pair]) -> dict[Pair, Compared]:
    """Return for pairs of mention_ids, the smaller first, how they compare; the two may be one and the same.

    The context is counted over the people that were resolved: the night counted it over near certain links.
    """
    wanted = sorted(set(pairs))
    ids = sorted({mention for pair in wanted for mention in pair})
    if not ids:
        return {}
    place = {mention: number for number, mention in enumerate(ids)}  # typing errors are looked up by position
    with DuckDBEngine() as small:
        _copy(restricted, small, ids, place)
        code(small, _with_shares(restricted, small, ids))
        _register(small, "wanted", [(place[left], place[right]) for left, right in wanted])
        Comparer(small, PERSONS).pairs("wanted", "compared")
        found = {(ids[a], ids[b]): int(pattern) for a, b, pattern in small.rows("FROM compared")}
        rules = _rules(small)
    told = _contexts(restricted, found)
    return {
        pair: Compared(pattern | told.get(pair, 0), rules.get((place[pair[0]], place[pair[1]]), ()))
        for pair, pattern in found.items()
    }


def _copy(restricted: Engine, small: Engine, ids: Sequence[int], place: dict[int, int]) -> None:
    columns = contracts.table("mention").columns
    listed = ", ".join(f'"{c.name}"' for c in columns)
    rows = restricted.rows(f"SELECT {listed} FROM mention WHERE mention_id IN (SELECT unnest(?))", [list(ids)])
    frame = pd.DataFrame(rows, columns=[c.name for c in columns], dtype=object)
    frame["mention_id"] = frame["mention_id"].map(place)
    small.run(contracts.table("mention").ddl())
    small.register("copied", frame)
    casts = ", ".join(f'CAST("{c.name}" AS {c.type}) AS "{c.name}"' for c in columns)
    small.run(f"INSERT INTO mention BY NAME SELECT {casts} FROM copied")


def _with_shares(restricted: Engine, small: Engine, ids: Sequence[int]) -> Spec:
    """Return the spec with the shares of the values concerned as tables from outside."""
    bands = {}
    for name, frequency in PERSONS.bands.items():
        table = f"outside_{name}"
        found = pd.DataFrame(restricted.rows(_share_sql(frequency), [list(ids)]), columns=["value", "share"])
        small.register(table, found.astype({"value": str, "share": float}))
        bands[name] = replace(frequency, table=table)
    return replace(PERSONS, bands=bands)


def _share_sql(frequency: Frequency) -> str:
    """Return the SQL of (value, share) over all mentions for the values of a few of them."""
    few = f"SELECT {frequency.value} FROM mention WHERE mention_id IN (SELECT unnest(?))"
    return f"SELECT value, share FROM ({share_sql(frequency)}) WHERE value IN ({few})"


def _register(db: Engine, name: str, pairs: Sequence[Pair]) -> None:
    db.register(name, pd.DataFrame(pairs, columns=["left_id", "right_id"], dtype="int32"))


def _rules(small: Engine) -> dict[Pair, tuple[str, ...]]:
    """Return the rules under which the wanted pairs have an equal key."""
    found: dict[Pair, tuple[str, ...]] = {}
    for number, rule in enumerate(PERSONS.rules):
        keys = rule.key if rule.many else f"SELECT mention_id, key_{number} AS key FROM mention_code"
        for left, right in small.rows(
            f"""WITH keys AS ({keys}) SELECT DISTINCT w.left_id, w.right_id FROM wanted w
            JOIN keys l ON l.mention_id = w.left_id JOIN keys r ON r.mention_id = w.right_id AND r.key = l.key"""
        ):
            found[left, right] = (*found.get((left, right), ()), rule.name)
    return found


def _contexts(restricted: Engine, compared: dict[Pair, int]) -> dict[Pair, int]:
    """Return the context bits of patterns: how many other people the two records name both."""
    ids = sorted({mention for pair in compared for mention in pair})
    record, own = {}, {}
    for mention, record_no, person in restricted.rows(
        "SELECT mention_id, record_no, person_id FROM mention JOIN mention_person USING (mention_id) "
        "WHERE mention_id IN (SELECT unnest(?))",
        [ids],
    ):
        record[mention], own[mention] = record_no, person
    named: dict[int, set[str]] = {}
    for record_no, person in restricted.rows(
        "SELECT record_no, person_id FROM mention JOIN mention_person USING (mention_id) "
        "WHERE record_no IN (SELECT unnest(?))",
        [sorted(set(record.values()))],
    ):
        named.setdefault(record_no, set()).add(person)
    found = {}
    for (left, right), pattern in compared.items():
        if left in record and right in record:
            both = named[record[left]] & named[record[right]]
            is_taken = own[left] != own[right] and not both.isdisjoint({own[left], own[right]})
            found[left, right] = context.bits(PERSONS, pattern, len(both - {own[left], own[right]}), is_taken=is_taken)
    return found
