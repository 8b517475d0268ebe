"""Strangers behind one front door: how often two people live in one building, at two additions.

Too rare for a sample of random pairs (one in a million), and by far too many in a large region to be taken for rarer:
a model that thinks so takes neighbours for people who moved next door.
"""

from __future__ import annotations

from linkage.engine.base import Engine
from linkage.pairs.spec import Spec

LEVEL = "equal_other_addition"


def neighbours(db: Engine, spec: Spec) -> dict[tuple[str, int], float]:
    """Return the share of pairs of mentions with an address that have one building and two additions.

    By comparison and level, as `estimate.Samples.counted` has it; empty where no two mentions have an address.
    """
    [(apart,)] = db.rows(
        """
        WITH home AS (
            SELECT postcode, house_number, house_suffix, CAST(count(*) AS DOUBLE) AS n
            FROM mention WHERE postcode IS NOT NULL AND house_number IS NOT NULL GROUP BY ALL
        )
        SELECT sum(apart) / 2
        FROM (SELECT sum(n) * sum(n) - sum(n * n) AS apart FROM home GROUP BY postcode, house_number)
        """
    )
    [(people,)] = db.rows("SELECT count(*) FROM mention WHERE postcode IS NOT NULL OR city IS NOT NULL")
    if not apart or people < 2:
        return {}
    return {("address", spec.by_name["address"].number(LEVEL)): float(apart) / (people * (people - 1) / 2)}
