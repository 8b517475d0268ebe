"""Three classes of pairs and their level probabilities, learnt without labels.

Fellegi & Sunter (1969) know two classes: the same person, and two people who agree by chance. In records of
families that fails: relatives share surname, address and phone, and a model that multiplies those as
independent links brothers. So there is a third class, two members of one household, and what its members share is
one joint distribution, in that class as in the class of one person. Given names, birth date and sex decide
within a household.

* u (``chance``): from random pairs of the whole population, and from value counts where level 1 is equality;
* h (``family``): from pairs whose records prove that they are two people, or else by expectation maximisation
  from a start in which members of a household share an address as one person does, and nothing else;
* m (``same``) and the shares of the classes: by expectation maximisation (Dempster, Laird & Rubin 1977) on
  counted agreement patterns. Nothing is estimated from blocked pairs that the model did not first weigh.

Where the prior model divides a class into kinds (`with_kinds`: careless records, namesakes, twins), these are learnt
too: those of ``family`` from the pairs that are known to be two people, those of ``same`` along with the class.

Pairs that people decided are candidates like any other, counted once, of which the E step knows the class (Nigam,
McCallum, Thrun & Mitchell 2000). People look at doubtful pairs, so decided ones are no sample of a class: as a sample,
or weighted up, they would make near agreement look usual. Among all other candidates they are no bias: whether somebody
looks at a pair depends on its pattern, which the likelihood has, and not on the answer (Rubin 1976, missing at random).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from linkage.pairs.model import CLASSES, Joint, Kind, Model, Table, cells
from linkage.pairs.spec import BANDS, Comparison, Spec

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

PRIOR_PAIRS = 200.0
"""Weight of the prior model in pairs: enough to carry a night of a hundred incidents, gone in a region's."""
ROUNDS, TOLERANCE = 200, 1e-5
ROUNDS_OF_KINDS, TOLERANCE_OF_KINDS = 50, 1e-4
LEAST = {"same": 1e-3, "family": 1e-4, "chance": 1e-7}
"""No level is rarer than this in a class, whatever the data of one region did not show: people do get a wrong
prefix or two BSNs, and a mother's BSN is typed for her child."""
LEAST_PART = 1e-300
"""No class is impossible, so that a pair of which people know better has one left."""
LEAST_OF_KIND = {"same": 1e-4, "family": 1e-5}
"""The same within one kind of a class: another kind holds what is rare in this one."""
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


@dataclass(frozen=True)
class Decided:
    """Candidates of which people said that they are one person, or two: of a household or not, they did not say."""

    same: Counts
    different: Counts


@dataclass(frozen=True)
class Samples:
    """What the estimate learns from, beside the candidates.

    ``chance`` are random pairs; ``equal`` the exact probability that a random pair agrees on the first level, by
    comparison, where it follows from value counts. ``family`` are pairs that are known to be two people of one
    record or family, ``same`` pairs that are known to be one person; without them both come from the candidates.
    ``follows`` is how much likelier strangers share both of `Spec.follows` than independently (`strangers`).
    ``unseen`` names the comparisons of a class that the known pairs cannot show. ``decided`` are candidates whose class
    people know.
    """

    chance: Counts
    equal: Mapping[str, float] = field(default_factory=dict)
    family: Counts | None = None
    same: Counts | None = None
    unseen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    follows: Floats | None = None
    decided: Decided | None = None


def estimate(prior: Model, candidates: Counts, samples: Samples) -> Model:
    """Return the model of these pairs; ``prior`` is the start, the anchor, and the size of the population."""
    spec, model = prior.spec, prior.of(prior.mentions, prior.pairs)
    common = _near_bands(spec, candidates + samples.chance)
    model.tables["chance"] = _chance(prior, samples, common, None)
    for name, known in (("family", samples.family), ("same", samples.same)):
        if known is not None:
            unseen = samples.unseen.get(name, ())
            found = _fit(prior, name, known, common, keep=unseen)
            model.tables[name] = replace(found, kinds=_kinds(prior, name, known, common, unseen))
    candidates, barred = _with_verdicts(candidates, samples.decided)
    for number in range(ROUNDS):
        before, kinds = _flat(model), model.tables["same"].kinds
        parts = _expected(model, candidates, barred)
        model.rates = {
            c: float(max((parts[c] * candidates.pairs).sum(), 1.0)) / model.mentions for c in parts if c != "chance"
        }
        guess = candidates.scaled(parts["same"])
        found = _fit(prior, "same", guess, common)
        model.tables["same"] = replace(found, kinds=_step(prior, model.tables["same"].kinds, "same", guess, common))
        guess = candidates.scaled(parts["family"])
        if samples.family is None:
            model.tables["family"] = _fit(prior, "family", guess, common, unlike=model.tables["chance"])
        else:
            for name in samples.unseen.get("family", ()):
                c = spec.by_name[name]
                told = _share(c, guess, model.tables["family"].by_name[name], "family")
                for table in (model.tables["family"], *(k.table for k in model.tables["family"].kinds)):
                    table.by_name[name] = told
        if number % 5 == 0:
            model.tables["chance"] = _chance(prior, samples, common, model)
        if np.abs(_flat(model) - before).max() < TOLERANCE and _moved(kinds, model) < TOLERANCE_OF_KINDS:
            break
    return model


def _with_verdicts(candidates: Counts, decided: Decided | None) -> tuple[Counts, dict[str, Bools]]:
    """Take decided pairs out of the candidates and put them back, barred from the classes that they are not."""
    if decided is None:
        return candidates, {}
    known = decided.same + decided.different
    is_same = np.zeros(len(candidates.pattern) + 2 * len(known.pattern), dtype=np.bool_)
    is_different = is_same.copy()
    is_same[len(is_same) - len(known.pattern) :][: len(decided.same.pattern)] = True
    is_different[len(is_same) - len(decided.different.pattern) :] = True
    taken_out = known.scaled(np.full(len(known.pattern), -1.0))
    return candidates + taken_out + known, {"same": is_different, "family": is_same, "chance": is_same}


def _expected(model: Model, counts: Counts, barred: Mapping[str, Bools]) -> dict[str, Floats]:
    """Return the E step: the probability of each class that a pattern may belong to."""
    parts = responsibilities(model, counts)
    if not barred:
        return parts
    parts = {c: np.where(barred[c], 0.0, np.maximum(part, LEAST_PART)) for c, part in parts.items()}
    whole = sum(parts.values())
    return {c: part / whole for c, part in parts.items()}


def responsibilities(model: Model, counts: Counts) -> dict[str, Floats]:
    """Return for each pattern the probability of each class."""
    logs = {c: model.log_class(c, counts.pattern) for c in CLASSES}
    top = np.maximum.reduce(list(logs.values()))
    weights = {c: np.exp2(log - top) for c, log in logs.items()}
    whole = sum(weights.values())
    return {c: w / whole for c, w in weights.items()}


def untrained(spec: Spec, mentions: int, pairs: float) -> Model:
    """Return the model that knows nothing but what comparisons are: most same people agree, and so do
    members of a household on what a household shares.
    """
    same = {c.name: _start(c) for c in spec.comparisons}
    chance = {c.name: _normal(c, np.where(np.arange(c.size) == c.size - 1, 0.9, 0.1)) for c in spec.comparisons}
    family = {
        c.name: same[c.name] if c.household else _normal(c, 0.1 * same[c.name] + 0.9 * chance[c.name])
        for c in spec.comparisons
    }
    tables = {"same": Table(same), "family": Table(family), "chance": Table(chance)}
    return Model(spec, tables, {"same": 0.25, "family": 0.5}, mentions, pairs, "untrained")


def with_kinds(model: Model) -> Model:
    """Return a model whose classes start as mixtures: records typed with less care; namesakes and twins of a family."""
    same, family = (replace(model.tables[name], kinds=()) for name in ("same", "family"))
    careless = {c.name: _normal(c, np.sqrt(same.by_name[c.name])) for c in model.spec.comparisons}
    alike = [
        replace(family, by_name=family.by_name | {name: same.by_name[name] for name in names})
        for names in (("given", "initials", "sex"), ("birth",))
    ]
    kinds = {
        "same": (Kind(0.85, same), Kind(0.15, replace(same, by_name=careless))),
        "family": (Kind(0.93, family), Kind(0.04, alike[0]), Kind(0.03, alike[1])),
    }
    return replace(model, tables={c: replace(t, kinds=kinds.get(c, ())) for c, t in model.tables.items()})


def _start(c: Comparison) -> Floats:
    first = np.array(
        [0.0] + [float(all(c.levels[i].group != c.levels[j].group for j in range(i))) for i in range(len(c.levels))]
    )
    return _normal(c, np.where(first > 0, 0.9, 0.1 / max(len(c.levels) - 1, 1)))


def _normal(c: Comparison, values: Floats) -> Floats:
    """Return the values as probabilities within each group, 1 for null."""
    found = np.ones(c.size)
    for group in set(c.groups.tolist()) - {-1}:
        inside = c.groups == group
        found[inside] = values[inside] / values[inside].sum()
    return found


def _moved(kinds: tuple[Kind, ...], model: Model) -> float:
    return max((abs(a.share - b.share) for a, b in zip(kinds, model.tables["same"].kinds, strict=True)), default=0.0)


def _flat(model: Model) -> Floats:
    return np.concatenate([np.concatenate(list(model.tables[c].by_name.values())) for c in ("same", "family")])


def _chance(prior: Model, samples: Samples, common: Mapping[str, Floats], model: Model | None) -> Table:
    """Chance agreement: random pairs less those that are one person or household after all.

    In a small file, or one in which everybody stands often, they are no longer few.
    """
    counts, equal = samples.chance, dict(samples.equal)
    if model is not None:
        parts = responsibilities(model, counts)
        counts = counts.scaled(parts["chance"])
        for name in equal:
            related = sum(model.rate(c) * model.tables[c].by_name[name][1] for c in ("same", "family"))
            equal[name] = max(equal[name] - related, 0.1 * equal[name])
    by_name = {}
    for c in prior.spec.comparisons:
        found = _share(c, counts, prior.tables["chance"].by_name[c.name], "chance")
        if c.name in equal:
            rest = found[2:] / found[2:].sum()
            found = np.r_[1.0, equal[c.name], (1 - equal[c.name]) * rest]
        by_name[c.name] = found
    return Table(by_name, bands=_near_bands(prior.spec, counts, common), follows=samples.follows)


def _fit(
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
        c.name: known.by_name[c.name] if c.name in keep else _share(c, counts, known.by_name[c.name], name, least)
        for c in prior.spec.comparisons
    }
    if unlike is not None:
        for c in prior.spec.comparisons:
            if not c.household:
                by_name[c.name] = _as_relatives(c, by_name[c.name], unlike.by_name[c.name])
    joint = _joint(prior.spec, counts, by_name, known.joint)
    return Table(by_name, joint, _near_bands(prior.spec, counts, common))


def _kinds(
    prior: Model, name: str, known: Counts, common: Mapping[str, Floats], unseen: tuple[str, ...]
) -> tuple[Kind, ...]:
    """Return the kinds of a class from pairs that are known to be of it; what those cannot show is alike in all."""
    kinds = prior.tables[name].kinds
    if not kinds:
        return ()
    hidden = sum(prior.spec.by_name[c].mask for c in unseen)
    pattern, at = np.unique(known.pattern & ~np.int64(hidden), return_inverse=True)
    counts = Counts(pattern, np.bincount(at, weights=known.pairs).astype(np.float64))
    for _ in range(ROUNDS_OF_KINDS):
        before, kinds = kinds, _step(prior, kinds, name, counts, common)
        if max(abs(a.share - b.share) for a, b in zip(before, kinds, strict=True)) < TOLERANCE_OF_KINDS:
            break
    for kind in kinds:
        kind.table.by_name.update({c: prior.tables[name].by_name[c] for c in unseen})
    return kinds


def _step(
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
        found.append(Kind(share, _fit(anchor, name, counts.scaled(part), common, least=LEAST_OF_KIND)))
    return tuple(found)


def _share(
    c: Comparison, counts: Counts, prior: Floats, name: str, lowest: Mapping[str, float] | None = None
) -> Floats:
    seen = np.bincount(c.level_of(counts.pattern), weights=counts.pairs, minlength=c.size)[: c.size]
    least = np.full(c.size, (lowest or LEAST)[name])
    fitted = np.ones(c.size)
    for group in set(c.groups.tolist()) - {-1}:
        inside = c.groups == group
        mixed = seen[inside] + PRIOR_PAIRS * prior[inside] / prior[inside].sum()
        bounded = np.maximum(mixed / mixed.sum(), least[inside])
        fitted[inside] = bounded / bounded.sum()
    return fitted


def _near_bands(spec: Spec, counts: Counts, common: Mapping[str, Floats] | None = None) -> dict[str, Floats]:
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
