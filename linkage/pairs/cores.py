"""Cores: a first idea of who is who, over which relations are counted.

A core is a component of the pairs that are near certain without their context; it has the number of its first mention.
It relates the records that it stands on, unless these are too many to be compared with one another.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from linkage.components import components
from linkage.engine.base import Engine
from linkage.pairs.spec import Spec

Chance = Callable[[npt.NDArray[np.int64]], npt.NDArray[np.float64]]
"""Gives the probability that a pair is one person for patterns without their context."""
CORE = 0.995
"""Match probability from which two mentions count as one when their records are related."""


def make(db: Engine, spec: Spec, chance: Chance, pairs: str, budget: int) -> None:
    """Write ``mention_core`` and ``record_core`` (record_no, core: those that relate records) from a table of pairs."""
    _label(db, "mention", _sure(db, spec, chance, pairs))
    db.run("CREATE OR REPLACE TEMP TABLE record_core AS SELECT DISTINCT record_no, core FROM first_core")
    db.run(
        """
        CREATE OR REPLACE TEMP TABLE core_count AS
        SELECT core, count(*) AS records, CAST(sum(size) AS BIGINT) AS named
        FROM (SELECT core, count(*) OVER (PARTITION BY record_no) AS size FROM record_core) GROUP BY core
        """
    )
    relates = f"records BETWEEN 2 AND {_most_records(db, 'core_count', budget)}"
    db.run("DELETE FROM mention_core")
    db.run(
        f"INSERT INTO mention_core SELECT mention_id, record_no, core, {relates}, records, named "
        "FROM first_core JOIN core_count USING (core)"
    )
    db.run(f"DELETE FROM record_core WHERE core IN (SELECT core FROM core_count WHERE NOT ({relates}))")
    for name in ("core_pattern", "first_core", "core_count"):
        db.run(f"DROP TABLE {name}")


def open_up(db: Engine, spec: Spec, chance: Chance) -> None:
    """Write which cores may be others tonight: ``core_was``, their rows of the night before, and ``core_member``
    (mention_id, record_no), who is of them or new; and ``lost_member``, who is left of those that lost somebody.

    Reads ``moved_mention``, ``now_mention`` and ``in_pair``, the pairs of rules compared tonight: all others are what
    they were. Writes ``core_edge`` (left_id, right_id): what holds together who is of one core.
    """
    db.run(f"CREATE OR REPLACE TEMP TABLE core_edge AS {_sure(db, spec, chance, 'in_pair')}")
    db.run(
        """
        CREATE OR REPLACE TEMP TABLE core_was AS
        WITH opened AS (SELECT DISTINCT core FROM mention_core
                        SEMI JOIN (FROM moved_mention UNION ALL SELECT unnest([left_id, right_id]) FROM core_edge)
                        USING (mention_id))
        FROM mention_core SEMI JOIN opened USING (core)
        """
    )
    db.run(
        "CREATE OR REPLACE TEMP TABLE core_member AS SELECT mention_id, record_no FROM core_was "
        "ANTI JOIN moved_mention USING (mention_id) UNION ALL SELECT mention_id, record_no FROM now_mention"
    )
    lost = "(SELECT core FROM core_was SEMI JOIN moved_mention USING (mention_id))"
    db.run(
        f"CREATE OR REPLACE TEMP TABLE lost_member AS SELECT mention_id FROM core_was SEMI JOIN {lost} USING (core) "
        "ANTI JOIN moved_mention USING (mention_id)"
    )
    # A core that lost nobody is still one, whatever held it together: its number is that of its first mention.
    db.run(f"INSERT INTO core_edge SELECT core, mention_id FROM core_was ANTI JOIN {lost} USING (core)")
    db.run("DROP TABLE core_pattern")


def renew(db: Engine, spec: Spec, chance: Chance, budget: int) -> None:
    """Bring ``mention_core`` up to tonight; write ``touched_record``: records whose mentions or cores changed.

    Reads what `open_up` wrote, and in ``still_pair`` the pairs of ``lost_member`` with one another.
    """
    kept = f"FROM core_edge UNION ALL {_sure(db, spec, chance, 'still_pair')}"
    _label(db, "core_member", kept)
    db.run("DELETE FROM mention_core WHERE mention_id IN (SELECT mention_id FROM core_was)")
    db.run("INSERT INTO mention_core SELECT mention_id, record_no, core, false, 0, 0 FROM first_core")
    _count(db)
    judged = f"records BETWEEN 2 AND {_most_records(db, 'mention_core WHERE mention_id = core', budget)}"
    db.run(
        "CREATE OR REPLACE TEMP TABLE turned_core AS SELECT mention_id, record_no, core FROM mention_core "
        f"ANTI JOIN first_core USING (mention_id) WHERE relates_records <> ({judged})"
    )
    db.run(f"UPDATE mention_core SET relates_records = NOT relates_records WHERE relates_records <> ({judged})")
    db.run(
        """
        CREATE OR REPLACE TEMP TABLE touched_record AS
        SELECT record_no FROM turned_core
        UNION SELECT record_no FROM mention_core SEMI JOIN first_core USING (mention_id)
            ANTI JOIN core_was USING (mention_id, core, relates_records)
        UNION SELECT record_no FROM now_mention UNION SELECT record_no FROM was_mention
        """
    )
    for name in ("core_pattern", "core_edge", "core_member", "lost_member"):
        db.run(f"DROP TABLE {name}")


def kin(db: Engine) -> None:
    """Write ``kin_mention`` and ``kin_was`` (mention_id, record_no, core, relates_records): tonight, and the night
    before, who is named on a touched record or on one that shares somebody with it.

    Reads ``touched_record`` and what else `renew` left.
    """
    db.run(
        """
        CREATE OR REPLACE TEMP TABLE kin_record AS
        WITH relating AS (
            SELECT core FROM mention_core SEMI JOIN touched_record USING (record_no) WHERE relates_records
            UNION SELECT core FROM core_was WHERE relates_records UNION SELECT core FROM turned_core)
        SELECT record_no FROM mention_core SEMI JOIN relating USING (core)
        UNION SELECT record_no FROM core_was SEMI JOIN relating USING (core)
        """
    )
    db.run(
        "CREATE OR REPLACE TEMP TABLE kin_mention AS SELECT mention_id, record_no, core, relates_records "
        "FROM mention_core SEMI JOIN kin_record USING (record_no)"
    )
    db.run(
        """
        CREATE OR REPLACE TEMP TABLE kin_was AS
        SELECT mention_id, record_no, core, relates_records <> (mention_id IN (SELECT mention_id FROM turned_core))
                   AS relates_records
        FROM kin_mention ANTI JOIN first_core USING (mention_id)
        UNION ALL SELECT mention_id, record_no, core, relates_records
        FROM core_was SEMI JOIN kin_record USING (record_no)
        """
    )
    for name in ("first_core", "core_was", "turned_core", "kin_record"):
        db.run(f"DROP TABLE {name}")


def _count(db: Engine) -> None:
    """Count anew, in ``mention_core``, the cores of ``first_core`` and all that stand beside one that changed."""
    db.run(
        """
        CREATE OR REPLACE TEMP TABLE core_near AS
        WITH beside AS (SELECT record_no FROM first_core ANTI JOIN core_was USING (mention_id, core)
                        UNION SELECT record_no FROM was_mention)
        SELECT core FROM mention_core SEMI JOIN beside USING (record_no) UNION SELECT core FROM first_core
        """
    )
    db.run(
        """
        CREATE OR REPLACE TEMP TABLE core_count AS
        WITH stands AS (SELECT DISTINCT record_no, core FROM mention_core SEMI JOIN core_near USING (core)),
        sized AS (SELECT record_no, count(DISTINCT core) AS size
                  FROM mention_core SEMI JOIN stands USING (record_no) GROUP BY record_no)
        SELECT core, count(*) AS records, CAST(sum(size) AS BIGINT) AS named FROM stands JOIN sized USING (record_no)
        GROUP BY core
        """
    )
    db.run(
        "UPDATE mention_core SET records = c.records, named = c.named FROM core_count c "
        "WHERE mention_core.core = c.core AND (mention_core.records <> c.records OR mention_core.named <> c.named)"
    )
    for name in ("core_near", "core_count"):
        db.run(f"DROP TABLE {name}")


def _most_records(db: Engine, source: str, budget: int) -> int:
    """Return on how many records a person may be named to relate them all to one another within the budget.

    ``source`` has a row a core with its ``records`` and ``named``, how many cores stand on these together: so many
    pairs do its records make as the square of the average size says. Whole numbers are summed, in any order the same.
    """
    kept, most = 0.0, 2
    for records, squares in db.rows(
        f"SELECT records, sum(named * named) FROM (FROM {source}) WHERE records > 1 GROUP BY records ORDER BY records"
    ):
        kept += (records - 1) / (2 * records) * int(squares)
        if kept > budget:
            break
        most = records
    return int(most)


def _sure(db: Engine, spec: Spec, chance: Chance, pairs: str) -> str:
    """Return the query of the pairs (left_id, right_id) of rules that are near certain; writes ``core_pattern``."""
    base = f"pattern & ~CAST({spec.by_name['context'].mask} AS BIGINT)"
    told = db.arrays(f"SELECT DISTINCT {base} AS pattern FROM {pairs} WHERE rules <> 0")["pattern"]
    patterns = np.asarray(told, dtype=np.int64)
    db.register("core_pattern", pd.DataFrame({"pattern": patterns[chance(patterns) >= CORE]}))
    return f"SELECT left_id, right_id FROM {pairs} WHERE rules <> 0 AND {base} IN (FROM core_pattern)"


def _label(db: Engine, mentions: str, edges: str) -> None:
    """Write ``first_core`` (mention_id, record_no, core): the components that a query of pairs makes of the mentions of
    a table."""
    pairs = db.unordered(edges)
    named = db.unordered(f"SELECT mention_id, record_no FROM {mentions}")
    order = np.argsort(np.asarray(named["mention_id"]))
    ids, records = (np.asarray(named[name])[order] for name in ("mention_id", "record_no"))
    left, right = (np.searchsorted(ids, np.asarray(pairs[side])) for side in ("left_id", "right_id"))
    labels = components(len(ids), left, right)
    _, first = np.unique(labels, return_index=True)
    db.register("first_core", pd.DataFrame({"mention_id": ids, "record_no": records, "core": ids[first[labels]]}))
