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

from linkage.pairs.fitting import Counts, fit, near_bands, normal, share_of
from linkage.pairs.kinds import TOLERANCE as TOLERANCE_OF_KINDS
from linkage.pairs.kinds import known_kinds, next_kinds
from linkage.pairs.model import CLASSES, Kind, Model, Table
from linkage.pairs.spec import Comparison, Spec

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

ROUNDS, TOLERANCE = 200, 1e-5
LEAST_PART = 1e-300
"""No class is impossible, so that a pair of which people know better has one left."""


@dataclass(frozen=True)
class Decided:
    """Candidates of which people said that they are one person, or two: of a household or not, they did not say."""

    same: Counts
    different: Counts


@dataclass(frozen=True)
class Samples:
    """What the estimate learns from, beside the candidates.

    ``chance`` are random pairs; ``equal`` the exact probability that a random pair agrees on the first level, by
    comparison, where it follows from value counts, and ``counted`` the same of rarer levels, by comparison and level.
    ``family`` are pairs that are known to be two people of one
    record or family, ``same`` pairs that are known to be one person; without them both come from the candidates.
    ``follows`` is how much likelier strangers share both of `Spec.follows` than independently (`strangers`).
    ``unseen`` names the comparisons of a class that the known pairs cannot show. ``decided`` are candidates whose class
    people know.
    """

    chance: Counts
    equal: Mapping[str, float] = field(default_factory=dict)
    counted: Mapping[tuple[str, int], float] = field(default_factory=dict)
    family: Counts | None = None
    same: Counts | None = None
    unseen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    follows: Floats | None = None
    decided: Decided | None = None


def estimate(prior: Model, candidates: Counts, samples: Samples) -> Model:
    """Return the model of these pairs; ``prior`` is the start, the anchor, and the size of the population."""
    spec, model = prior.spec, prior.of(prior.mentions, prior.pairs)
    common = near_bands(spec, candidates + samples.chance)
    model.tables["chance"] = _chance(prior, samples, common, None)
    for name, known in (("family", samples.family), ("same", samples.same)):
        if known is not None:
            unseen = samples.unseen.get(name, ())
            found = fit(prior, name, known, common, keep=unseen)
            model.tables[name] = replace(found, kinds=known_kinds(prior, name, known, common, unseen))
    candidates, barred = _with_verdicts(candidates, samples.decided)
    for number in range(ROUNDS):
        before, kinds = _flat(model), model.tables["same"].kinds
        parts = _expected(model, candidates, barred)
        model.rates = {
            c: float(max((parts[c] * candidates.pairs).sum(), 1.0)) / model.mentions for c in parts if c != "chance"
        }
        guess = candidates.scaled(parts["same"])
        found = fit(prior, "same", guess, common)
        model.tables["same"] = replace(
            found, kinds=next_kinds(prior, model.tables["same"].kinds, "same", guess, common)
        )
        guess = candidates.scaled(parts["family"])
        if samples.family is None:
            model.tables["family"] = fit(prior, "family", guess, common, unlike=model.tables["chance"])
        else:
            for name in samples.unseen.get("family", ()):
                c = spec.by_name[name]
                told = share_of(c, guess, model.tables["family"].by_name[name], "family")
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
    chance = {c.name: normal(c, np.where(np.arange(c.size) == c.size - 1, 0.9, 0.1)) for c in spec.comparisons}
    family = {
        c.name: same[c.name] if c.household else normal(c, 0.1 * same[c.name] + 0.9 * chance[c.name])
        for c in spec.comparisons
    }
    tables = {"same": Table(same), "family": Table(family), "chance": Table(chance)}
    return Model(spec, tables, {"same": 0.25, "family": 0.5}, mentions, pairs, "untrained")


def _start(c: Comparison) -> Floats:
    first = np.array(
        [0.0] + [float(all(c.levels[i].group != c.levels[j].group for j in range(i))) for i in range(len(c.levels))]
    )
    return normal(c, np.where(first > 0, 0.9, 0.1 / max(len(c.levels) - 1, 1)))


def _moved(kinds: tuple[Kind, ...], model: Model) -> float:
    return max((abs(a.share - b.share) for a, b in zip(kinds, model.tables["same"].kinds, strict=True)), default=0.0)


def _flat(model: Model) -> Floats:
    return np.concatenate([np.concatenate(list(model.tables[c].by_name.values())) for c in ("same", "family")])


def _chance(prior: Model, samples: Samples, common: Mapping[str, Floats], model: Model | None) -> Table:
    """Chance agreement: random pairs less those that are one person or household after all.

    In a small file, or one in which everybody stands often, they are no longer few.
    """
    counts, equal, counted = samples.chance, dict(samples.equal), dict(samples.counted)
    if model is not None:
        parts = responsibilities(model, counts)
        counts = counts.scaled(parts["chance"])
        equal = {name: _unrelated(model, name, 1, told) for name, told in equal.items()}
        counted = {(name, level): _unrelated(model, name, level, told) for (name, level), told in counted.items()}
    by_name = {}
    for c in prior.spec.comparisons:
        found = share_of(c, counts, prior.tables["chance"].by_name[c.name], "chance")
        if c.name in equal:
            rest = found[2:] / found[2:].sum()
            found = np.r_[1.0, equal[c.name], (1 - equal[c.name]) * rest]
        by_name[c.name] = found
    for (name, level), told in counted.items():
        groups, found = prior.spec.by_name[name].groups, by_name[name]
        others = (groups == groups[level]) & (np.arange(len(found)) != level)
        found[others] *= (1 - told) / found[others].sum()
        found[level] = told
    return Table(by_name, bands=near_bands(prior.spec, counts, common), follows=samples.follows)


def _unrelated(model: Model, name: str, level: int, told: float) -> float:
    """Return what is left of a chance when the pairs of one person or household are taken out of it."""
    related = sum(model.rate(c) * model.tables[c].by_name[name][level] for c in ("same", "family"))
    return float(max(told - related, 0.1 * told))
