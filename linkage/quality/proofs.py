"""Cheaper ways to see that nothing breaks a check: the rows are looked up, doubled and compared as hashes.

A check of a million rows groups or joins strings to find the wrong ones, and nearly always there are none. A proof
tells so without finding them; where it does not hold, the check is measured in full, so that every count is of its own
query. What a proof rests on: as many different hashes as rows is exact, there is no double. A key that is not there
passes for one that is if their 64 bits are the same, for a million keys a chance of 5e-14 for each missing one; two
tables whose hashes sum to the same (in 128 bits) hold other rows with a chance of 5e-20.

Where the night before found nothing wrong, the rows of tonight may prove that nothing is: keys that were each of one
row still are when no row of tonight has the key of another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from linkage.errors import ContractError

if TYPE_CHECKING:
    from linkage.quality.suite import Check

FIRST = r"\$first\.(\w+)"


@dataclass(frozen=True)
class Proof:
    """A query of one row with a boolean for each check of ``of``: true only when no row at all breaks it."""

    of: tuple[str, ...]
    holds: str
    tonight: str = ""
    """The same where nothing broke these checks the night before; ``$first.table`` is where rows of tonight begin."""


@dataclass(frozen=True)
class Since:
    """What is known of the night before: the checks that nothing broke, and where rows of tonight begin in a table.

    A table is in ``first`` when its other rows are those that the night before checked, less what is deleted.
    """

    right: frozenset[str]
    first: dict[str, int]


NOTHING = Since(frozenset(), {})


def explicit(raw: dict[str, Any], checks: Sequence[Check], where: str) -> tuple[Proof, ...]:
    """Read the ``[[proofs]]`` of a suite; raises `ContractError` when one is malformed."""
    asked = {c.id for c in checks if c.kind in ("unique", "rows")}
    proofs = []
    for spec in raw.get("proofs", ()):
        unknown = set(spec.get("of", ())) - asked
        if set(spec) - {"tonight"} != {"of", "holds"} or unknown:
            raise ContractError(f"{where}: a proof has of and holds, and is of checks with rows; not {sorted(unknown)}")
        proofs.append(Proof(tuple(spec["of"]), spec["holds"], spec.get("tonight", "")))
    return tuple(proofs)


def of(checks: Sequence[Check], told: Sequence[Proof], since: Since = NOTHING) -> list[Proof]:
    """Return the proofs of some checks: those of a suite, and of the keys and references that it says nothing of.

    What the rows of tonight may prove comes first.
    """
    here = {c.id for c in checks}
    proofs = [proof for proof in told if here & set(proof.of)]
    rest = [c for c in checks if c.id not in {name for proof in proofs for name in proof.of}]
    proofs += [*map(_unique, (c for c in rest if c.kind == "unique")), *_references(rest)]
    return [*filter(None, (_tonight(proof, since) for proof in proofs)), *proofs]


def _tonight(proof: Proof, since: Since) -> Proof | None:
    """Return the proof by the rows of tonight, None where one cannot rest on the night before."""
    tables = set(re.findall(FIRST, proof.tonight))
    if not proof.tonight or not since.right.issuperset(proof.of) or not since.first.keys() >= tables:
        return None
    return Proof(proof.of, re.sub(FIRST, lambda match: str(since.first[match[1]]), proof.tonight))


def _unique(check: Check) -> Proof:
    names = ", ".join(f'"{name}"' for name in check.columns)
    filled = " OR ".join(f'"{name}" IS NOT NULL' for name in check.columns)
    hashed = f'SELECT hash({names}) AS h FROM "{check.table}" WHERE ({filled})'
    came = f"SELECT h FROM ({hashed} AND rowid >= $first.{check.table})"
    return Proof(
        (check.id,),
        f"SELECT count(*) = count(DISTINCT h) FROM ({hashed})",
        f"SELECT count(*) = count(DISTINCT h) FROM ({hashed}) WHERE h IN ({came})",
    )


def _references(checks: Sequence[Check]) -> Iterator[Proof]:
    """Yield one proof for all columns that lead to the same key, so that it is read once."""
    by_key: dict[str, list[Check]] = {}
    for check in checks:
        if check.refers:
            by_key.setdefault(check.refers, []).append(check)
    for refers, leading in by_key.items():
        table, key = refers.split(".")
        told = ", ".join(f"count(*) FILTER (n = {n}) = 0" for n in range(len(leading)))
        hashed = " UNION ALL ".join(
            f'SELECT {n} AS n, hash("{c.column}") AS h FROM "{c.table}" WHERE "{c.column}" IS NOT NULL'
            for n, c in enumerate(leading)
        )
        there = f'SELECT hash("{key}") AS h FROM "{table}"'
        yield Proof(tuple(c.id for c in leading), f"SELECT {told} FROM ({hashed}) ANTI JOIN ({there}) USING (h)")
