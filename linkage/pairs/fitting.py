"""Level probabilities of one class from weighted agreement patterns, smoothed by a prior model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linkage.pairs.model import Joint, Model, Table, cells
from linkage.pairs.spec import BANDS, Comparison, Spec

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

PRIOR_PAIRS = 200.0
"""Weight of the prior model in pairs: enough to carry a night of a hundred incidents, gone in a region's."""
LEAST = {"same": 1e-3, "family": 1e-4, "chance": 1e-7}
"""No level is rarer than this in a class, whatever the data of one region did not show: people do get a wrong
prefix or two BSNs, and a mother's BSN is typed for her child."""
LEAST_NAMESAKE, MOST_NAMESAKE = 0.005, 0.03
"""Share of relatives who agree on a value that relatives do not share, beyond chance: father and son of one name,
twins. With more than that the class of relatives would take in one person's records that hold an error."""


@dataclass(frozen=True)
class Counts:
    """Distinct agreement patterns with the number of pairs that show each."""

    pattern: Ints
    pairs: Floats

    def __add__(self, other: Counts) -> Counts:
        """Return both samples as one."""
        return Counts(np.concatenate([self.pattern, other.pattern]), np.concatenate([self.pairs, other.pairs]))

    def scaled(self, by: Floats) -> Counts:
        """Return the same patterns with their pairs weighted."""
        return Counts(self.pattern, self.pairs * by)


def fit(
    prior: Model,
    name: str,
    counts: Counts,
    common: Mapping[str, Floats],
    keep: tuple[str, ...] = (),
    unlike: Table | None = None,
    least: Mapping[str, float] | None = None,
) -> Table:
    """Return the level probabilities of a class from weighted patterns, smoothed by the prior model.

    Relatives (``unlike`` is the class of chance) hardly agree more than by chance on what they do not share.
    """
    known = prior.tables[name]
    by_name = {
        c.name: known.by_name[c.name] if c.name in keep else share_of(c, counts, known.by_name[c.name], name, least)
        for c in prior.spec.comparisons
    }
    if unlike is not None:
        for c in prior.spec.comparisons:
            if not c.household:
                by_name[c.name] = _as_relatives(c, by_name[c.name], unlike.by_name[c.name])
    joint = _joint(prior.spec, counts, by_name, known.joint)
    return Table(by_name, joint, near_bands(prior.spec, counts, common))


def share_of(
    c: Comparison, counts: Counts, prior: Floats, name: str, lowest: Mapping[str, float] | None = None
) -> Floats:
    """Return the probabilities of a comparison's levels in a class, no rarer than ``lowest`` (`LEAST`)."""
    seen = np.bincount(c.level_of(counts.pattern), weights=counts.pairs, minlength=c.size)[: c.size]
    least = np.full(c.size, (lowest or LEAST)[name])
    fitted = np.ones(c.size)
    for group in set(c.groups.tolist()) - {-1}:
        inside = c.groups == group
        mixed = seen[inside] + PRIOR_PAIRS * prior[inside] / prior[inside].sum()
        bounded = np.maximum(mixed / mixed.sum(), least[inside])
        fitted[inside] = bounded / bounded.sum()
    return fitted


def near_bands(spec: Spec, counts: Counts, common: Mapping[str, Floats] | None = None) -> dict[str, Floats]:
    """Return the distribution of the bands where comparisons show near agreement, smoothed by that of all pairs.

    A typing error makes a common name resemble a rare one as often as it is common; by chance it is the names with many
    neighbours that resemble one another. Where a class shows few such pairs, the band says nothing.
    """
    found = {}
    for c in spec.comparisons:
        if c.band is None or c.near < 2:
            continue
        level, band = c.level_of(counts.pattern), c.band_of(counts.pattern)
        is_near = (level > 1) & (level <= c.near) & (band > 0)
        seen = np.bincount(band[is_near], weights=counts.pairs[is_near], minlength=BANDS + 1)[1 : BANDS + 1]
        prior = np.full(BANDS, 1 / BANDS) if common is None else common[c.name][1:]
        found[c.name] = np.r_[1.0, (seen + PRIOR_PAIRS * prior) / (seen.sum() + PRIOR_PAIRS)]
    return found


def normal(c: Comparison, values: Floats) -> Floats:
    """Return the values as probabilities within each group, 1 for null."""
    found = np.ones(c.size)
    for group in set(c.groups.tolist()) - {-1}:
        inside = c.groups == group
        found[inside] = values[inside] / values[inside].sum()
    return found


def _as_relatives(c: Comparison, fitted: Floats, chance: Floats) -> Floats:
    agree = np.flatnonzero(
        [False] + [item.group == after.group for item, after in zip(c.levels, c.levels[1:], strict=False)] + [False]
    )
    found = fitted.copy()
    found[agree] = np.minimum(found[agree], chance[agree] + MOST_NAMESAKE)
    found[1] = max(found[1], min(chance[1] + LEAST_NAMESAKE, 0.5))
    last = ~np.isin(np.arange(c.size), agree) & (np.arange(c.size) > 0)
    for group in set(c.groups.tolist()) - {-1}:
        inside = c.groups == group
        told = inside & ~last
        found[inside & last] *= (1 - found[told].sum()) / max(found[inside & last].sum(), 1e-12)
    return found


def _joint(spec: Spec, counts: Counts, by_name: dict[str, Floats], prior: Joint) -> Joint:
    """What a household shares as one distribution; cells that few pairs show fall back to the product.

    Each combination of groups (what could be compared at all) is a distribution of its own, so that a missing
    value is no evidence.
    """
    if len(spec.household) < 2:
        return Joint()
    cell, group = cells(spec, counts.pattern)
    known, first, at = np.unique(cell, return_index=True, return_inverse=True)
    seen = np.bincount(at, weights=counts.pairs, minlength=len(known))
    product = np.ones(len(known))
    for c in spec.household:
        product *= by_name[c.name][c.level_of(known)]
    product *= np.exp2(prior.of(known, group[first]))
    total = np.bincount(group, weights=counts.pairs, minlength=int(group.max()) + 1 if len(group) else 1)
    rest = PRIOR_PAIRS / (total + PRIOR_PAIRS)
    plain = product / np.exp2(prior.of(known, group[first]))
    ratio = (seen + PRIOR_PAIRS * product) / (total[group[first]] + PRIOR_PAIRS) / plain
    return Joint(known, np.log2(ratio), {int(g): float(np.log2(rest[g])) for g in np.unique(group)})
