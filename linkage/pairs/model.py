"""The learnt numbers as a dated file: level probabilities of three classes of pairs, and how often each occurs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from linkage.errors import ConfigError
from linkage.pairs import together
from linkage.pairs.spec import Comparison, Spec, log_share
from linkage.pairs.together import Together

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CLASSES = ("same", "family", "chance")
"""One person; two members of one household; two people who agree by chance."""

MODELS = Path(__file__).resolve().parents[1] / "models"


@dataclass
class Joint:
    """What a household shares, as one distribution: its ratio to the product of its comparisons, by levels.

    ``cells`` are packed levels (ascending), ``ratio`` log2 of the ratio, ``rest`` the ratio of cells that were never
    seen, by the groups of their levels. Values that are wrong or right together (the parts of an address that
    somebody moved to) are told as one, because a product counts the same agreement twice.
    """

    cells: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    ratio: Floats = field(default_factory=lambda: np.zeros(0))
    rest: dict[int, float] = field(default_factory=dict)

    def of(self, cell: Ints, group: Ints) -> Floats:
        """Return log2 of the ratio of each cell, whose levels are of a group."""
        told = np.array([self.rest.get(int(g), 0.0) for g in np.unique(group)])
        found = told[np.searchsorted(np.unique(group), group)] if len(group) else np.zeros(0)
        if len(self.cells):
            at = np.minimum(np.searchsorted(self.cells, cell), len(self.cells) - 1)
            found = np.where(self.cells[at] == cell, self.ratio[at], found)
        return found


@dataclass
class Table:
    """Level probabilities of one class: by comparison (null at place 0), and of what a household shares."""

    by_name: dict[str, Floats]
    joint: Joint = field(default_factory=Joint)
    bands: dict[str, Floats] = field(default_factory=dict)
    """Distribution of the band (from 1; place 0 holds 1) where a comparison shows near agreement."""
    kinds: tuple[Kind, ...] = ()
    """What the class is a mixture of; without any its comparisons are independent. ``by_name`` is of all kinds."""
    follows: Floats | None = None
    """(`BANDS` + 1, `BANDS` + 1) log2 of how much likelier both of `Spec.follows` agree than independently."""


@dataclass
class Kind:
    """A part of a class within which comparisons are independent: records that were typed with care, or without.

    Errors come together (one report has another surname and initials and a wrong birth date), and so do agreements of
    relatives (father and son of one name share all but the birth date). A product over the whole class counts them as
    if each came alone: a latent class within the class takes that (Winkler 1993; Goodman 1974).
    """

    share: float
    table: Table


@dataclass
class Model:
    """Level probabilities by class, and how many ``same`` and ``family`` pairs a mention has on average.

    ``mentions`` and ``pairs`` are the size of the population that is scored, and how many pairs of it could be one
    person: the more people, the likelier a chance agreement. ``knots``, ``slope`` and ``intercept`` calibrate the log2
    odds. ``together`` is what two outcomes say beyond their sum, in log2: by two comparisons, in the order of the spec,
    a matrix by their levels.
    """

    spec: Spec
    tables: dict[str, Table]
    rates: dict[str, float]
    mentions: int = 0
    pairs: float = 0.0
    name: str = ""
    notes: dict[str, Any] = field(default_factory=dict)
    slope: float = 1.0
    intercept: float = 0.0
    knots: tuple[tuple[float, float], ...] = ()
    together: Together = field(default_factory=dict)

    def of(self, mentions: int, pairs: float | None = None) -> Model:
        """Return the same model for a population of this size (all pairs of ``mentions`` by default)."""
        pairs = mentions * (mentions - 1) / 2 if pairs is None else pairs
        return replace(
            self,
            tables=dict(self.tables),
            rates=dict(self.rates),
            mentions=mentions,
            pairs=pairs,
            notes=dict(self.notes),
        )

    def rate(self, name: str) -> float:
        """Return the prior probability of a class among all pairs of mentions."""
        shares = {c: min(0.3, r * self.mentions / max(self.pairs, 1.0)) for c, r in self.rates.items()}
        return shares[name] if name in shares else 1.0 - sum(shares.values())

    def log_class(self, name: str, pattern: Ints, until: int | None = None) -> Floats:
        """Return log2 of prior times likelihood of a class for each pattern.

        ``until`` counts only the first so many comparisons: the steps of an explanation.
        """
        kinds = self.tables[name].kinds or (Kind(1.0, self.tables[name]),)
        found: Floats = np.logaddexp2.reduce(self.log_kinds(name, kinds, pattern, until))
        return found + float(np.log2(self.rate(name)))

    def log_kinds(self, name: str, kinds: tuple[Kind, ...], pattern: Ints, until: int | None = None) -> Floats:
        """Return log2 of share times likelihood of each kind of a class, (kinds, n)."""
        seen = self.spec.comparisons[:until]
        return np.stack([np.log2(k.share) + self._log_product(name, k.table, pattern, seen) for k in kinds])

    def log_level(self, name: str, c: Comparison, pattern: Ints) -> Floats:
        """Return log2 of the likelihood of one comparison's level; a chance agreement is as likely as its value."""
        return _log_level(name, self.tables[name], c, pattern)

    def _log_product(self, name: str, table: Table, pattern: Ints, seen: tuple[Comparison, ...]) -> Floats:
        total = np.zeros(len(pattern))
        for c in seen:
            total += _log_level(name, table, c, pattern)
        if name != "chance" and set(self.spec.household) <= set(seen):
            total += table.joint.of(*cells(self.spec, pattern))
        if table.follows is not None and self.spec.follows:
            first, second = (self.spec.by_name[one] for one in self.spec.follows)
            if first in seen and second in seen:
                both = (first.level_of(pattern) == 1) & (second.level_of(pattern) == 1)
                total += np.where(both, table.follows[first.band_of(pattern), second.band_of(pattern)], 0.0)
        return total

    def weight(self, pattern: Ints, until: int | None = None) -> Floats:
        """Return the match weight of each pattern: log2 of the odds that the pair is one person."""
        logs = {c: self.log_class(c, pattern, until) for c in CLASSES}
        odds = logs["same"] - np.logaddexp2(logs["family"], logs["chance"])
        return self.calibrated(odds + together.beyond(self.spec, self.together, pattern, until))

    def calibrated(self, odds: Floats) -> Floats:
        """Return the match weight of log2 odds: evidence hangs together, so that it says less than its sum.

        A rising line of straight pieces, which goes on beyond its ends, fitted on pairs with a known truth
        (`linkage.train.calibrate`).
        """
        return self.slope * (bent(odds, self.knots) if self.knots else odds) + self.intercept

    def uncalibrated(self) -> Model:
        """Return the same model, whose weights are the log2 odds as they are summed."""
        return replace(self, slope=1.0, intercept=0.0, knots=(), together={})

    def to_json(self) -> str:
        """Return the model as readable JSON, floats in full, so that loading gives the same numbers."""
        classes = {c: _told(self.spec, t) for c, t in self.tables.items()}
        content: dict[str, Any] = {"name": self.name, "notes": self.notes, "rates": self.rates}
        content["calibration"] = {"knots": self.knots, "slope": self.slope, "intercept": self.intercept}
        content["calibration"]["together"] = together.told(self.spec, self.together)
        content["classes"] = classes
        return _lines(json.dumps(content, indent=1)) + "\n"


def _log_level(name: str, table: Table, c: Comparison, pattern: Ints) -> Floats:
    found: Floats = np.log2(table.by_name[c.name])[c.level_of(pattern)]
    if c.band is None:
        return found
    band, is_equal = c.band_of(pattern), c.level_of(pattern) == 1
    if name == "chance":
        found = np.where((band > 0) & is_equal, log_share(band), found)
    if c.name in table.bands:
        found = found + np.where(is_equal, 0.0, np.log2(table.bands[c.name])[band])
    return found


def bent(odds: Floats, knots: tuple[tuple[float, float], ...]) -> Floats:
    """Return the heights of a line of straight pieces through two or more knots, which goes on beyond its ends."""
    x, y = np.array(knots).T
    slope = np.diff(y) / np.diff(x)
    piece = np.clip(np.searchsorted(x, odds, side="right") - 1, 0, len(slope) - 1)
    found: Floats = y[piece] + slope[piece] * (odds - x[piece])
    return found


def cells(spec: Spec, pattern: Ints) -> tuple[Ints, Ints]:
    """Return for each pattern the packed levels of what a household shares, and the number of their groups."""
    mask = sum(c.mask for c in spec.household)
    group = np.zeros(len(pattern), dtype=np.int64)
    for c in spec.household:
        group = group * (int(c.groups.max()) + 2) + c.groups[c.level_of(pattern)] + 1
    return pattern & mask, group


def _told(spec: Spec, t: Table) -> dict[str, Any]:
    told: dict[str, Any] = {
        "levels": {x.name: _named(x, t.by_name[x.name]) for x in spec.comparisons},
        "bands": {n: v[1:].tolist() for n, v in t.bands.items()},
        "household": {
            "of": [x.name for x in spec.household],
            "cells": [[*_levels(spec, int(k)), float(r)] for k, r in zip(t.joint.cells, t.joint.ratio, strict=True)],
            "rest": {str(g): float(r) for g, r in sorted(t.joint.rest.items())},
        },
    }
    if t.follows is not None:
        told["follows"] = t.follows[1:, 1:].tolist()
    if t.kinds:
        told["kinds"] = [{"share": k.share, **_told(spec, k.table)} for k in t.kinds]
    return told


def _levels(spec: Spec, cell: int) -> list[int]:
    return [(cell & c.mask) >> c.shift for c in spec.household]


def _named(c: Comparison, values: Floats) -> dict[str, float]:
    return {item.name: float(v) for item, v in zip(c.levels, values[1:], strict=True)}


def _lines(text: str) -> str:
    """Put each cell on one line: a file of a hundred cells stays readable."""
    import re

    return re.sub(r"\[\s+((?:-?[\d.e+-]+,?\s*)+)\]", lambda m: "[" + " ".join(m[1].split()) + "]", text)


def parse(spec: Spec, raw: Mapping[str, Any]) -> Model:
    """Return the model of a parsed file; raises ``KeyError`` or ``ValueError`` when it does not fit the levels."""
    tables = {c: _table(spec, raw["classes"][c]) for c in CLASSES}
    told = raw.get("calibration", {})
    slope, intercept = float(told.get("slope", 1.0)), float(told.get("intercept", 0.0))
    knots = tuple((float(x), float(y)) for x, y in told.get("knots", ()))
    rises = all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(knots))
    if slope <= 0 or len(knots) == 1 or not rises:
        raise ValueError("the calibration does not rise")
    shifts = together.read(spec, told.get("together", {}))
    rates, notes = dict(raw["rates"]), dict(raw["notes"])
    return Model(spec, tables, rates, 0, 0.0, raw["name"], notes, slope, intercept, knots, shifts)


def _table(spec: Spec, raw: Mapping[str, Any]) -> Table:
    by_name = {
        x.name: np.array([1.0] + [raw["levels"][x.name][item.name] for item in x.levels]) for x in spec.comparisons
    }
    told = raw["household"]
    if told["of"] != [c.name for c in spec.household]:
        raise ValueError(f"what a household shares is {told['of']}")
    packed = [sum(int(v) << c.shift for v, c in zip(row, spec.household, strict=False)) for row in told["cells"]]
    order = np.argsort(np.array(packed, dtype=np.int64))
    ratio = np.array([row[-1] for row in told["cells"]], dtype=np.float64)
    joint = Joint(np.array(packed, dtype=np.int64)[order], ratio[order], {int(g): r for g, r in told["rest"].items()})
    bands = {n: np.array([1.0, *v]) for n, v in raw.get("bands", {}).items()}
    kinds = tuple(Kind(float(one["share"]), _table(spec, one)) for one in raw.get("kinds", ()))
    follows = np.pad(np.array(raw["follows"], dtype=np.float64), (1, 0)) if "follows" in raw else None
    return Table(by_name, joint, bands, kinds, follows)


def load(spec: Spec, path: Path | None = None) -> Model:
    """Load a model file, the newest shipped one by default; raises `ConfigError` when it does not fit the levels."""
    path = path or max(MODELS.glob("model_*.json"))
    try:
        return parse(spec, json.loads(path.read_text(encoding="utf-8")))
    except (OSError, KeyError, ValueError) as error:
        raise ConfigError(f"model file {path.name} cannot be used: {type(error).__name__} {error}") from None
