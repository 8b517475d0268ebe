"""Three classes of pairs and their level probabilities, learnt without labels.

Fellegi & Sunter (1969) know two classes: the same person, and two people who agree by chance. In records of
families that fails: relatives share surname, address and phone, and a model that multiplies those as
independent links brothers. So there is a third class, two members of one family, and what its members share
(surname with address) is one joint distribution. The records give labelled examples for it: people named
in different rows of one record are different people.

* u (``chance``): from random pairs of the whole population;
* h (``family``): from pairs within a record, then from pairs of which the structure proves that they differ;
* m (``same``) and the shares of the classes: by expectation maximisation (Dempster, Laird & Rubin 1977) on
  counted agreement patterns, started from pairs whose identifiers are equal, with the shipped model as prior.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linkage.pairs.levels import BY_NAME, COMPARISONS, Comparison
from linkage.pairs.model import CLASSES, JOINT, Model, Table

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

PRIOR_PAIRS = 200.0
"""Weight of the prior model in pairs: enough to carry a night of a hundred incidents, gone in a region's."""
ROUNDS, TOLERANCE = 60, 1e-6
LEAST = {"same": 1e-3, "family": 1e-4, "chance": 1e-7}
"""No level is rarer than this in a class, whatever the data of one region did not show: people do get a wrong
prefix or two BSNs, and a mother's BSN is typed for her child."""


@dataclass(frozen=True)
class Counts:
    """Distinct agreement patterns with the number of pairs that show each."""

    pattern: Ints
    pairs: Floats

    def __add__(self, other: Counts) -> Counts:
        """Return both samples as one."""
        return Counts(np.concatenate([self.pattern, other.pattern]), np.concatenate([self.pairs, other.pairs]))

    def levels(self, comparison: str) -> Ints:
        """Return each pattern's level of one comparison."""
        c = BY_NAME[comparison]
        return (self.pattern >> c.shift) & ((1 << c.bits) - 1)


def estimate(prior: Model, candidates: Counts, chance: Counts, family: Counts, same: Counts) -> Model:
    """Return the model of these pairs.

    ``candidates`` are all candidate pairs, ``chance`` random pairs, ``family`` pairs that are known to be two
    people of one record or family, ``same`` pairs with equal identifiers. ``prior.mentions`` must be set.
    """
    model = prior.copy()
    model.tables["chance"] = _fit(chance, chance.pairs, prior, "chance")
    model.tables["family"] = _fit(family, family.pairs, prior, "family")
    model.tables["same"] = _fit(same, same.pairs, prior, "same", skip=("identifier",))
    for _ in range(ROUNDS):
        before = model.tables["same"].flat()
        parts = responsibilities(model, candidates)
        model.rates = {
            c: max(float((parts[c] * candidates.pairs).sum()), 1.0) / model.mentions for c in ("same", "family")
        }
        model.tables["same"] = _fit(candidates, candidates.pairs * parts["same"], prior, "same")
        _fit_identifiers(model, candidates, parts)
        if np.abs(model.tables["same"].flat() - before).max() < TOLERANCE:
            break
    return model


def responsibilities(model: Model, counts: Counts) -> dict[str, Floats]:
    """Return for each pattern the probability of each class."""
    logs = {c: model.log_class(c, counts.pattern) for c in CLASSES}
    top = np.maximum.reduce(list(logs.values()))
    weights = {c: np.exp2(log - top) for c, log in logs.items()}
    whole = sum(weights.values())
    return {c: w / whole for c, w in weights.items()}


def _fit_identifiers(model: Model, counts: Counts, parts: dict[str, Floats]) -> None:
    """Context and identifiers of the family class come from the candidates: within a record there are none."""
    known = model.tables["family"].by_name
    for name in ("context", "identifier", "source_person"):
        c = BY_NAME[name]
        known[name] = _share(c, counts.levels(name), counts.pairs * parts["family"], known[name], LEAST["family"])


def _fit(counts: Counts, pairs: Floats, prior: Model, name: str, skip: tuple[str, ...] = ()) -> Table:
    """Return the level probabilities of a class from weighted patterns, smoothed by the prior model."""
    known = prior.tables[name]
    kept = skip if counts.levels("context").any() else (*skip, "context")
    by_name = {
        c.name: known.by_name[c.name]
        if c.name in kept
        else _share(c, counts.levels(c.name), pairs, known.by_name[c.name], LEAST[name])
        for c in COMPARISONS
    }
    return Table(by_name, _joint_share(counts, pairs, by_name, known))


def _share(c: Comparison, levels: Ints, pairs: Floats, prior: Floats, least: float) -> Floats:
    seen = np.bincount(levels, weights=pairs, minlength=c.size)[: c.size]
    fitted = np.ones(c.size)
    groups = np.array([-1] + [item.group for item in c.levels])
    for group in set(groups.tolist()) - {-1}:
        inside = groups == group
        mixed = seen[inside] + PRIOR_PAIRS * prior[inside] / prior[inside].sum()
        bounded = np.maximum(mixed / mixed.sum(), least)
        fitted[inside] = bounded / bounded.sum()
    return fitted


def _joint_share(counts: Counts, pairs: Floats, by_name: dict[str, Floats], prior: Table) -> Floats:
    """Joint distribution of what a household shares, as a ratio to the product of its parts.

    Cells that the pairs hardly show fall back to the prior's ratio.
    """
    one, other = (BY_NAME[n] for n in JOINT)
    index = counts.levels(one.name) * other.size + counts.levels(other.name)
    seen = np.bincount(index, weights=pairs, minlength=one.size * other.size).reshape(one.size, other.size)
    ratio = np.ones((one.size, other.size))
    group_one = np.array([-1] + [item.group for item in one.levels])
    group_other = np.array([-1] + [item.group for item in other.levels])
    for g in set(group_one.tolist()) - {-1}:
        for h in set(group_other.tolist()) - {-1}:
            cells = np.ix_(group_one == g, group_other == h)
            product = np.outer(by_name[one.name][group_one == g], by_name[other.name][group_other == h])
            mixed = seen[cells] + PRIOR_PAIRS * product * prior.joint[cells]
            ratio[cells] = (mixed / mixed.sum()) / product
    return ratio
