"""Cheaper ways to see that nothing breaks a check: the rows are looked up, doubled and compared as hashes.

A check of a million rows groups or joins strings to find the wrong ones, and nearly always there are none. A proof
tells so without finding them; where it does not hold, the check is measured in full, so that every count is of its own
query. What a proof rests on: as many different hashes as rows is exact, there is no double. A key that is not there
passes for one that is if their 64 bits are the same, for a million keys a chance of 5e-14 for each missing one; two
tables whose hashes sum to the same (in 128 bits) hold other rows with a chance of 5e-20.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from linkage.errors import ContractError

if TYPE_CHECKING:
    from linkage.quality.suite import Check


@dataclass(frozen=True)
class Proof:
    """A query of one row with a boolean for each check of ``of``: true only when no row at all breaks it."""

    of: tuple[str, ...]
    holds: str


def explicit(raw: dict[str, Any], checks: Sequence[Check], where: str) -> tuple[Proof, ...]:
    """Read the ``[[proofs]]`` of a suite; raises `ContractError` when one is malformed."""
    asked = {c.id for c in checks if c.kind in ("unique", "rows")}
    proofs = []
    for spec in raw.get("proofs", ()):
        unknown = set(spec.get("of", ())) - asked
        if set(spec) != {"of", "holds"} or unknown:
            raise ContractError(f"{where}: a proof has of and holds, and is of checks with rows; not {sorted(unknown)}")
        proofs.append(Proof(tuple(spec["of"]), spec["holds"]))
    return tuple(proofs)


def of(checks: Sequence[Check], told: Sequence[Proof]) -> list[Proof]:
    """Return the proofs of some checks: those of a suite, and of the keys and references that it says nothing of."""
    here = {c.id for c in checks}
    proofs = [proof for proof in told if here & set(proof.of)]
    rest = [c for c in checks if c.id not in {name for proof in proofs for name in proof.of}]
    return [*proofs, *map(_unique, (c for c in rest if c.kind == "unique")), *_references(rest)]


def _unique(check: Check) -> Proof:
    names = ", ".join(f'"{name}"' for name in check.columns)
    filled = " OR ".join(f'"{name}" IS NOT NULL' for name in check.columns)
    hashed = f'SELECT hash({names}) AS h FROM "{check.table}" WHERE {filled}'
    return Proof((check.id,), f"SELECT count(*) = count(DISTINCT h) FROM ({hashed})")


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
