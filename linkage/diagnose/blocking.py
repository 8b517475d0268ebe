"""What each blocking rule finds, what it alone finds, and which blocks were too large to compare."""

from __future__ import annotations

from dataclasses import dataclass

from linkage.diagnose.patterns import Patterns
from linkage.engine.base import Engine
from linkage.pairs import PERSONS
from linkage.pairs.spec import Rule
from linkage.thresholds import Thresholds

SHOWN_BLOCKS = 5


@dataclass(frozen=True)
class RuleCounts:
    """One rule: its pairs, those above the certain threshold, and those that no other rule finds.

    The counts of pairs are None when the night kept none; ``largest_left_out`` are sizes of blocks in mentions.
    """

    rule: str
    why: str
    pairs: int | None
    sure: int | None
    alone: int | None
    sure_alone: int | None
    max_block: int
    dropped_blocks: int
    dropped_mentions: int
    largest_left_out: tuple[int, ...]


def blocking(db: Engine, patterns: Patterns, thresholds: Thresholds) -> list[RuleCounts]:
    """Return the counts of every rule, in the order of the rules; reads ``mention_code`` with all keys."""
    columns = "rule, max_block, dropped_blocks, dropped_mentions"
    kept = {row[0]: row[1:] for row in db.rows(f"SELECT {columns} FROM blocking_rule")}
    told = []
    for number, rule in enumerate(PERSONS.rules):
        limit, blocks, mentions = kept.get(rule.name, (0, 0, 0))
        told.append(
            RuleCounts(
                rule=rule.name,
                why=rule.why,
                pairs=patterns.found(number),
                sure=patterns.found(number, thresholds.sure),
                alone=patterns.found_alone(number),
                sure_alone=patterns.found_alone(number, thresholds.sure),
                max_block=limit,
                dropped_blocks=blocks,
                dropped_mentions=mentions,
                largest_left_out=_largest(db, number, rule, limit) if blocks else (),
            )
        )
    return told


def _largest(db: Engine, number: int, rule: Rule, limit: int) -> tuple[int, ...]:
    """Return the sizes of the largest blocks of a rule that were left out; what they share is not told."""
    keys = rule.key if rule.many else f"SELECT mention_id, key_{number} AS key FROM mention_code"
    rows = db.rows(
        f"SELECT count(DISTINCT mention_id) AS n FROM ({keys}) WHERE key IS NOT NULL GROUP BY key "
        f"HAVING n > ? ORDER BY n DESC LIMIT {SHOWN_BLOCKS}",
        [limit],
    )
    return tuple(int(n) for (n,) in rows)
