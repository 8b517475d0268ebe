"""Kinds within the classes of pairs: records typed with less care, namesakes and twins of a family.

Errors come together, and so do agreements of relatives; a class that is a mixture of kinds says so (Winkler 1993).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from linkage.pairs.fitting import PRIOR_PAIRS, Counts, fit, normal
from linkage.pairs.model import Kind, Model

Floats = npt.NDArray[np.float64]

ROUNDS, TOLERANCE = 50, 1e-4
LEAST_OF_KIND = {"same": 1e-4, "family": 1e-5}
"""No level is rarer than this within one kind of a class: another kind holds what is rare in this one."""


def with_kinds(model: Model) -> Model:
    """Return a model whose classes start as mixtures: records typed with less care; namesakes and twins of a family."""
    same, family = (replace(model.tables[name], kinds=()) for name in ("same", "family"))
    careless = {c.name: normal(c, np.sqrt(same.by_name[c.name])) for c in model.spec.comparisons}
    alike = [
        replace(family, by_name=family.by_name | {name: same.by_name[name] for name in names})
        for names in (("given", "initials", "sex"), ("birth",))
    ]
    kinds = {
        "same": (Kind(0.85, same), Kind(0.15, replace(same, by_name=careless))),
        "family": (Kind(0.93, family), Kind(0.04, alike[0]), Kind(0.03, alike[1])),
    }
    return replace(model, tables={c: replace(t, kinds=kinds.get(c, ())) for c, t in model.tables.items()})


def known_kinds(
    prior: Model, name: str, known: Counts, common: Mapping[str, Floats], unseen: tuple[str, ...]
) -> tuple[Kind, ...]:
    """Return the kinds of a class from pairs that are known to be of it; what those cannot show is alike in all."""
    kinds = prior.tables[name].kinds
    if not kinds:
        return ()
    hidden = sum(prior.spec.by_name[c].mask for c in unseen)
    pattern, at = np.unique(known.pattern & ~np.int64(hidden), return_inverse=True)
    counts = Counts(pattern, np.bincount(at, weights=known.pairs).astype(np.float64))
    for _ in range(ROUNDS):
        before, kinds = kinds, next_kinds(prior, kinds, name, counts, common)
        if max(abs(a.share - b.share) for a, b in zip(before, kinds, strict=True)) < TOLERANCE:
            break
    for kind in kinds:
        kind.table.by_name.update({c: prior.tables[name].by_name[c] for c in unseen})
    return kinds


def next_kinds(
    prior: Model, kinds: tuple[Kind, ...], name: str, counts: Counts, common: Mapping[str, Floats]
) -> tuple[Kind, ...]:
    """Return the kinds of a class after one step of expectation maximisation on pairs of that class."""
    if not kinds:
        return ()
    logs = prior.log_kinds(name, kinds, counts.pattern)
    parts = np.exp2(logs - np.logaddexp2.reduce(logs))
    total, found = counts.pairs.sum() + PRIOR_PAIRS, []
    for part, old in zip(parts, prior.tables[name].kinds, strict=True):
        share = float(((part * counts.pairs).sum() + PRIOR_PAIRS * old.share) / total)
        anchor = replace(prior, tables=prior.tables | {name: old.table})
        found.append(Kind(share, fit(anchor, name, counts.scaled(part), common, least=LEAST_OF_KIND)))
    return tuple(found)
