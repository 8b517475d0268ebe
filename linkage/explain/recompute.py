"""The agreement patterns of a few pairs anew: for pairs that fell short, and stand in no table any more.

The mentions concerned are copied into an engine in memory and compared by the night's own code. How common a
value is was counted over all mentions, so its band is copied too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from linkage import contracts
from linkage.engine.base import Engine
from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import UsageError
from linkage.pairs import PERSONS, relations
from linkage.pairs.coding import code
from linkage.pairs.compare import Comparer

Pair = tuple[int, int]


@dataclass(frozen=True)
class Compared:
    """A pair's agreement pattern, and the blocking rules under which the two mentions have a key in common."""

    pattern: int
    rules: tuple[str, ...]


def recompute(restricted: Engine, pairs: Iterable[Pair]) -> dict[Pair, Compared]:
    """Return for pairs of mention_ids, the smaller first, how they compare; the two may be one and the same."""
    wanted = sorted(set(pairs))
    ids = sorted({mention for pair in wanted for mention in pair})
    if not ids:
        return {}
    place = {mention: number for number, mention in enumerate(ids)}  # typing errors are looked up by position
    with DuckDBEngine() as small:
        _copy(restricted, small, ids, place)
        _copy_bands(restricted, small, ids)
        code(small, PERSONS, known_bands=True)
        _register(small, "wanted", [(place[left], place[right]) for left, right in wanted])
        Comparer(small, PERSONS).pairs("wanted", "compared")
        if _copy_cores(restricted, small, ids, place):
            relations.relate(small)
            relations.in_context(small, PERSONS, "(SELECT *, 0 AS rules FROM compared)", "compared")
        rules = _rules(small)
        return {
            (ids[a], ids[b]): Compared(int(pattern), rules.get((a, b), ()))
            for a, b, pattern in small.rows("SELECT left_id, right_id, pattern FROM compared")
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


def _copy_bands(restricted: Engine, small: Engine, ids: Sequence[int]) -> None:
    """Copy the bands of the values concerned, and the rarest of each column, which a value that was not counted has."""
    if not restricted.has("value_band"):
        raise UsageError("the published night was made by an earlier version: run a night, then ask again")
    small.run(contracts.table("value_band").ddl())
    found = restricted.rows("SELECT column_name, 0, max(band) FROM value_band GROUP BY column_name")
    for name, frequency in PERSONS.bands.items():
        few = f"SELECT hash({frequency.value}) FROM mention WHERE mention_id IN (SELECT unnest(?))"
        wanted = f"FROM value_band WHERE column_name = '{name}' AND value_hash IN ({few})"
        found += restricted.rows(wanted, [list(ids)])
    columns = ["column_name", "value_hash", "band"]
    small.append("value_band", pd.DataFrame(found, columns=columns).astype({"value_hash": "uint64"}))


def _register(db: Engine, name: str, pairs: Sequence[Pair]) -> None:
    db.register(name, pd.DataFrame(pairs, columns=["left_id", "right_id"], dtype="int64"))


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


def _copy_cores(restricted: Engine, small: Engine, ids: Sequence[int], place: dict[int, int]) -> bool:
    """Copy the cores of the mentions, and of all that stand beside them; False when the night counted no context."""
    if not restricted.has("mention_core") or not restricted.rows("SELECT 1 FROM mention_core LIMIT 1"):
        return False
    own = restricted.rows(
        "SELECT mention_id, mention.record_no, core FROM mention JOIN mention_core USING (mention_id) "
        "WHERE mention_id IN (SELECT unnest(?))",
        [ids],
    )
    columns = ["mention_id", "record_no", "core"]
    small.register("mention_core", pd.DataFrame([(place[m], *told) for m, *told in own], columns=columns))
    records = restricted.rows(
        """
        SELECT DISTINCT mention.record_no, core FROM mention JOIN mention_core USING (mention_id) WHERE relates_records
        AND mention.record_no IN (SELECT record_no FROM mention WHERE mention_id IN (SELECT unnest(?)))
        """,
        [ids],
    )
    small.register("record_core", pd.DataFrame(records, columns=["record_no", "core"], dtype="int64"))
    return True
