"""The learnt numbers as a dated file: level probabilities of three classes of pairs, and how often each occurs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from linkage.errors import ConfigError
from linkage.pairs.levels import BY_NAME, COMPARISONS

Floats = npt.NDArray[np.float64]

CLASSES = ("same", "family", "chance")
JOINT = ("surname", "address")
"""What a household shares: told as one joint distribution, because it is wrong or right together."""

MODELS = Path(__file__).resolve().parents[1] / "models"


@dataclass
class Table:
    """Level probabilities of one class: by comparison, and the joint ratio of what a household shares."""

    by_name: dict[str, Floats]
    joint: Floats

    def flat(self) -> Floats:
        """Return all numbers as one vector, to see whether they still change."""
        return np.concatenate([*self.by_name.values(), self.joint.ravel()])


@dataclass
class Model:
    """Level probabilities by class, and how many ``same`` and ``family`` pairs a mention has on average.

    ``mentions`` is the size of the population that is scored: the more people, the likelier a chance agreement.
    """

    tables: dict[str, Table]
    rates: dict[str, float]
    mentions: int = 0
    name: str = ""
    notes: dict[str, Any] = field(default_factory=dict)

    def copy(self) -> Model:
        """Return a model that can be changed without changing this one."""
        tables = {c: Table({n: v.copy() for n, v in t.by_name.items()}, t.joint.copy()) for c, t in self.tables.items()}
        return Model(tables, dict(self.rates), self.mentions, self.name, dict(self.notes))

    def rate(self, name: str) -> float:
        """Return the prior probability of a class among all pairs of mentions."""
        shares = {c: min(0.3, 2 * r / max(self.mentions - 1, 1)) for c, r in self.rates.items()}
        return shares[name] if name in shares else 1.0 - sum(shares.values())

    def log_class(self, name: str, pattern: npt.NDArray[np.int64], until: int | None = None) -> Floats:
        """Return log2 of prior times likelihood of a class for each pattern.

        ``until`` counts only the first so many comparisons: the steps of an explanation.
        """
        total = np.full(len(pattern), np.log2(self.rate(name)))
        table, seen = self.tables[name], COMPARISONS[:until]
        for c in seen:
            total += np.log2(table.by_name[c.name])[_level(c.name, pattern)]
        if all(BY_NAME[n] in seen for n in JOINT):
            one, other = (_level(n, pattern) for n in JOINT)
            total += np.log2(table.joint)[one, other]
        return total

    def to_json(self) -> str:
        """Return the model as readable JSON, floats in full, so that loading gives the same numbers."""
        content = {
            "name": self.name,
            "notes": self.notes,
            "rates": self.rates,
            "classes": {
                c: {
                    "levels": {n: _named(n, v) for n, v in t.by_name.items()},
                    "joint": {"of": list(JOINT), "ratio": t.joint.tolist()},
                }
                for c, t in self.tables.items()
            },
        }
        return json.dumps(content, indent=1) + "\n"


def _level(name: str, pattern: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    c = BY_NAME[name]
    return (pattern >> c.shift) & ((1 << c.bits) - 1)


def _named(name: str, values: Floats) -> dict[str, float]:
    return {item.name: float(v) for item, v in zip(BY_NAME[name].levels, values[1:], strict=True)}


def load(path: Path | None = None) -> Model:
    """Load a model file, the newest shipped one by default; raises `ConfigError` when it does not fit the levels."""
    path = path or max(MODELS.glob("model_*.json"))
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        tables = {
            c: Table(
                {
                    x.name: np.array([1.0] + [spec["levels"][x.name][item.name] for item in x.levels])
                    for x in COMPARISONS
                },
                np.array(spec["joint"]["ratio"], dtype=np.float64),
            )
            for c, spec in ((c, raw["classes"][c]) for c in CLASSES)
        }
        return Model(tables, dict(raw["rates"]), 0, raw["name"], raw["notes"])
    except (OSError, KeyError, ValueError) as error:
        raise ConfigError(f"model file {path.name} cannot be used: {type(error).__name__} {error}") from None
