"""Candidate pairs: named equi-join rules, counted against a budget before a pair is made.

A rule is a query of (mention_id, key): two mentions of different records with equal keys are a candidate
pair. Keys are counted first; a key that more mentions share than fits the budget is left to the narrower
rules and counted in ``blocking_rule``, so that a shelter or a default value can never explode the night.
"""

from __future__ import annotations

from dataclasses import dataclass

from linkage import contracts
from linkage.config import Config
from linkage.engine.base import Engine
from linkage.errors import StoreError

SOUND = """(
    SELECT mention_id, surname_sound AS sound FROM mention WHERE surname_sound IS NOT NULL
    UNION SELECT mention_id, surname_2_sound FROM mention WHERE surname_2_sound IS NOT NULL
)"""


@dataclass(frozen=True)
class Rule:
    """One blocking rule: its name, why it is there, and the query of its keys; a null key blocks nothing."""

    name: str
    why: str
    keys: str


RULES: tuple[Rule, ...] = (
    Rule("bsn", "the same BSN", "SELECT mention_id, bsn_hmac FROM mention"),
    Rule("v_number", "the same v_number", "SELECT mention_id, v_number_hmac FROM mention"),
    Rule(
        "source_person",
        "the source's own person number",
        "SELECT mention_id, source_id || ' ' || source_person_id FROM mention",
    ),
    Rule("phone", "the same phone", "SELECT mention_id, phone_hmac FROM mention"),
    Rule(
        "birth_initial",
        "born on the same day, same first initial",
        "SELECT mention_id, birth_date || substr(initials, 1, 1) FROM mention",
    ),
    Rule(
        "birth_sound",
        "born on the same day, surname sounds alike: finds call names with another initial",
        f"SELECT mention_id, birth_date || sound FROM mention JOIN {SOUND} USING (mention_id)",
    ),
    Rule(
        "birth_postcode",
        "born on the same day, same quarter: finds people whose surname changed",
        "SELECT mention_id, birth_date || substr(postcode, 1, 4) FROM mention",
    ),
    Rule(
        "sound_postcode",
        "surname sounds alike, same postcode: finds wrong birth dates",
        f"SELECT mention_id, sound || postcode FROM mention JOIN {SOUND} USING (mention_id)",
    ),
    Rule(
        "address",
        "same postcode and number: finds changed surnames",
        "SELECT mention_id, postcode || ' ' || house_number FROM mention",
    ),
    Rule(
        "sound_given_year",
        "surname and given name alike, born in the same year: finds typing errors in day and month after a move",
        f"""SELECT mention_id, sound || ' ' || given || ' ' || birth_year FROM mention JOIN {SOUND} USING (mention_id),
            unnest(given_variants) AS variant(given)""",
    ),
    Rule(
        "sound_given_place",
        "surname and given name alike in one municipality: finds missing birth dates",
        f"""SELECT mention_id, sound || ' ' || given || ' ' || coalesce(city, municipality_code) FROM mention
            JOIN {SOUND} USING (mention_id), unnest(given_variants) AS variant(given)""",
    ),
    Rule(
        "words",
        "the same words in the whole name: finds chains of names that are split differently",
        """SELECT mention_id, array_to_string(name_tokens, ' ') FROM mention WHERE len(name_tokens) >= 2""",
    ),
    Rule(
        "given_year_street",
        "given name, year and house in a street: finds errors in surname and postcode together",
        """SELECT mention_id, given || ' ' || birth_year || ' ' || house_number || ' ' || street FROM mention,
            unnest(given_variants) AS variant(given)""",
    ),
)


def block(db: Engine, config: Config) -> int:
    """Write ``candidate_pair`` (left_id < right_id, rules as bits) and ``blocking_rule``; return the pairs' number.

    Raises `StoreError` when even blocks of two do not fit the budget.
    """
    budget = pair_budget(db, config)
    db.run(contracts.table("blocking_rule").ddl())
    db.run("CREATE OR REPLACE TEMP TABLE block_key (rule INTEGER, block UBIGINT, mention_id INTEGER, size INTEGER)")
    left = budget
    for number, rule in enumerate(RULES):
        left -= _count(db, number, rule, config.linkage.max_block, left)
    db.run(
        """
        CREATE OR REPLACE TEMP TABLE candidate_pair AS
        SELECT l.mention_id AS left_id, r.mention_id AS right_id, CAST(bit_or(1 << l.rule) AS INTEGER) AS rules
        FROM block_key l
        JOIN block_key r ON l.rule = r.rule AND l.block = r.block AND l.mention_id < r.mention_id
        JOIN mention_code lm ON lm.mention_id = l.mention_id
        JOIN mention_code rm ON rm.mention_id = r.mention_id AND rm.record_no <> lm.record_no
        GROUP BY ALL
        """
    )
    db.run("DROP TABLE block_key")
    return int(db.rows("SELECT count(*) FROM candidate_pair")[0][0])


def pair_budget(db: Engine, config: Config) -> int:
    """Return how many pairs one pass may make: in proportion to the mentions, never quadratic."""
    mentions = int(db.rows("SELECT count(*) FROM mention")[0][0])
    return max(10_000, int(config.linkage.pair_budget_per_mention * mentions))


def _count(db: Engine, number: int, rule: Rule, max_block: int, budget: int) -> int:
    """Keep the blocks of one rule that fit the budget; return the pairs that they will make at most."""
    db.run(
        "CREATE OR REPLACE TEMP TABLE rule_key AS SELECT DISTINCT mention_id, hash(key) AS block "
        f"FROM ({rule.keys}) AS k(mention_id, key) WHERE key IS NOT NULL"
    )
    db.run(
        "CREATE OR REPLACE TEMP TABLE rule_block AS "
        "SELECT block, count(*) AS n FROM rule_key GROUP BY block HAVING n > 1"
    )
    sizes = db.rows("SELECT n, count(*), sum(n * (n - 1) // 2) FROM rule_block GROUP BY n ORDER BY n")
    kept, limit = 0, 0
    for n, _, pairs in sizes:
        if n > max_block or kept + int(pairs) > budget:
            break
        kept, limit = kept + int(pairs), int(n)
    if sizes and not limit and sizes[0][0] <= max_block:
        raise StoreError(
            f"blocking rule {rule.name} does not fit the pair budget: raise linkage.pair_budget_per_mention"
        )
    db.run(
        "INSERT INTO block_key SELECT ?, block, mention_id, n FROM rule_key JOIN rule_block USING (block) WHERE n <= ?",
        [number, limit],
    )
    dropped = db.rows("SELECT count(*), coalesce(sum(n), 0) FROM rule_block WHERE n > ?", [limit])[0]
    db.run(
        "INSERT INTO blocking_rule VALUES (?, ?, ?, ?, ?, ?)",
        [rule.name, rule.why, limit, int(dropped[0]), int(dropped[1]), kept],
    )
    db.run("DROP TABLE rule_key")
    db.run("DROP TABLE rule_block")
    return kept
