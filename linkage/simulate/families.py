"""How families come about: couples and ex-partners, children, grandparents, movers, new tenants, foster children.

Shares are proposals (domain study 3.1: partner 45 %, ex-partner 22 %, the rest parents, children and other kin); the
false households of 2.6 (new tenants, co-parents, foster homes, blocks of flats) occur at rates high enough to be met.
"""

from __future__ import annotations

from linkage.simulate.dice import Dice, Weighted
from linkage.simulate.names import Surname
from linkage.simulate.people import Family, Person, Registry
from linkage.simulate.places import Address, Atlas, Municipality

STRUCTURES = Weighted(["couple", "ex", "single", "parent_child"], [52, 24, 10, 14])
ORIGINS = Weighted(
    ["dutch", "turkish", "moroccan", "surinamese", "polish", "syrian", "eritrean"], [66, 7, 6, 5, 8, 6, 2]
)
CHILDREN = Weighted([0, 1, 2, 3, 4, 5], [20, 20, 35, 16, 6, 3])
MIXED_COUPLES = 0.14
TWINS = 0.03
JUNIORS = 0.07
SAME_INITIAL = 0.08
STEP_CHILDREN = 0.12
MARRIED = 0.45
MOVERS = 0.22
NEW_TENANTS = 0.04
FOSTER = 0.02


class FamilyMaker:
    """Draws whole families, and remembers homes that fell vacant for the next tenants."""

    def __init__(
        self, dice: Dice, registry: Registry, atlas: Atlas, first_day: int, last_day: int, old: frozenset[str]
    ) -> None:
        self.dice = dice
        self.registry = registry
        self.atlas = atlas
        self.first_day = first_day
        self.last_day = last_day
        self._old = old  # municipalities whose steunpunt is of 2010
        self._vacant: list[tuple[int, Address]] = []
        self._families = 0

    def next_number(self) -> int:
        """The number of a new household."""
        self._families += 1
        return self._families

    def family(self) -> Family:
        """One family, settled at its addresses through the years of the sample."""
        dice = self.dice
        number = self.next_number()
        place = self.atlas.draw(dice)
        structure = dice.draw(STRUCTURES)
        adults = self._adults(number, structure)
        family = Family(number, structure, adults, [], [], self._landline(), place.code in self._old)
        self._settle(family, place)
        if structure == "parent_child":
            self._grown_child(family)
        else:
            self._children(family)
            if structure in ("couple", "ex") and dice.chance(MARRIED):
                self._marry(family)
        self._kin(family, place)
        if dice.chance(FOSTER):
            self._foster(family)
        return family

    def outsider(self, home: Address) -> Person:
        """A neighbour or passer-by: his own household."""
        dice = self.dice
        person = self.registry.person(self.next_number(), dice.draw(ORIGINS), dice.pick("MV"), 1945 + dice.below(58))
        person.homes = [(0, self.atlas.neighbour(dice, home))]
        return person

    def relative(self, family: Family) -> Person:
        """One more member of a family, under whom a report may be booked: a brother or sister of an adult."""
        anchor = self.dice.pick(family.adults)
        relative = self.registry.person(
            family.number, anchor.origin, self.dice.pick("MV"), anchor.birth[0] + 3, anchor.surname
        )
        relative.homes = [anchor.homes[0]]
        family.kin.append(relative)
        return relative

    def _landline(self) -> str:
        return f"05{self.dice.pick(('28', '91', '92', '24'))}{200_000 + self.dice.below(700_000)}"

    def _adults(self, number: int, structure: str) -> list[Person]:
        dice, registry = self.dice, self.registry
        origin = dice.draw(ORIGINS)
        year = 1958 + dice.below(23) + dice.below(23)
        first = registry.person(number, origin, "M", year)
        if structure == "single":
            return [registry.person(number, origin, "V", year)]
        if structure == "parent_child":
            return [first] if dice.chance(0.35) else [registry.person(number, origin, "V", year - dice.below(12))]
        other = dice.draw(ORIGINS) if dice.chance(MIXED_COUPLES) else origin
        sex = "M" if dice.chance(0.03) else "V"
        return [first, registry.person(number, other, sex, min(2005, year + dice.between(-4, 9)))]

    def _settle(self, family: Family, place: Municipality) -> None:
        """Homes of the adults: shared, or two addresses after a separation; some move within the window."""
        dice = self.dice
        home = self._vacant_home() or self.atlas.house(dice, place)
        for adult in family.adults:
            adult.homes = [(0, home)]
        if family.structure == "ex":
            where = place if dice.chance(0.75) else dice.pick(self.atlas.inside)
            parted = self.first_day - 400 + dice.below(1_000)
            family.adults[0].homes.append((parted, self.atlas.house(dice, where)))
        if dice.chance(MOVERS):
            moved = self.first_day + dice.below(self.last_day - self.first_day)
            new = self.atlas.house(dice, place if dice.chance(0.8) else dice.pick(self.atlas.inside))
            stays = family.adults[-1:] if family.structure == "ex" else family.adults
            for adult in stays:
                adult.homes.append((moved, new))
            self._vacant.append((moved, home))

    def _vacant_home(self) -> Address | None:
        """A home that another family of this sample left: the new tenants of case T14."""
        if not self._vacant or not self.dice.chance(NEW_TENANTS / MOVERS):
            return None
        return self._vacant.pop(self.dice.below(len(self._vacant)))[1]

    def _children(self, family: Family) -> None:
        dice = self.dice
        count = dice.draw(CHILDREN)
        if not count:
            return
        mother = family.adults[-1]
        father = family.adults[0]
        year = max(2004, min(2022, mother.birth[0] + 20 + dice.below(14)))
        step = self.registry.names.surname(dice, mother.origin) if dice.chance(STEP_CHILDREN) else None
        taken: frozenset[str] = frozenset()
        while len(family.children) < count:
            surname = step if step and not family.children else father.surname if dice.chance(0.87) else mother.surname
            child = self._child(family, surname, year, taken)
            taken |= {child.given.split()[0]}
            family.children.append(child)
            if dice.chance(TWINS) and len(family.children) < count + 1:
                twin = self._child(family, surname, year, taken)
                twin.birth, twin.birth_precision = child.birth, child.birth_precision
                taken |= {twin.given.split()[0]}
                family.children.append(twin)
            year = min(2024, year + dice.pick((1, 2, 2, 3, 4)))

    def _child(self, family: Family, surname: Surname, year: int, taken: frozenset[str]) -> Person:
        dice, father, mother = self.dice, family.adults[0], family.adults[-1]
        origin = father.origin if surname == father.surname else mother.origin
        sex = dice.pick("MV")
        child = self.registry.person(family.number, origin, sex, year, surname)
        child.given = self.registry.official_names(origin, sex, year, taken)
        if family.children and dice.chance(SAME_INITIAL):
            self._share_initial(child, family.children[-1], taken)
        if sex == "M" and father.sex == "M" and dice.chance(JUNIORS) and father.given.split()[0] not in taken:
            child.given = father.given
        child.call_name = self.registry.names.call_name(dice, child.given.split()[0])
        child.homes = list(mother.homes)
        child.is_secret = mother.is_secret
        if family.structure == "ex" and dice.chance(0.5):
            child.second_home = father.homes[-1][1]
        return child

    def _share_initial(self, child: Person, sibling: Person, taken: frozenset[str]) -> None:
        """Sem and Sara: initials alone do not tell siblings apart."""
        for _ in range(40):
            given = self.registry.official_names(child.origin, child.sex, child.birth[0], taken)
            if given[0] == sibling.given[0]:
                child.given = given
                return

    def _grown_child(self, family: Family) -> None:
        """A parent and a violent (grown-up) child at one address, often with a brother or sister."""
        dice, parent = self.dice, family.adults[0]
        for _ in range(1 + dice.chance(0.5)):
            year = max(1980, min(2010, parent.birth[0] + 22 + dice.below(12)))
            child = self._child(family, parent.surname, year, frozenset())
            target = family.adults if len(family.adults) < 2 else family.children
            target.append(child)

    def _marry(self, family: Family) -> None:
        """Marriage, with the name use that goes with it; some marry, and change names, within the window."""
        dice = self.dice
        first, second = family.adults
        since = self.first_day + dice.below(1_000) if dice.chance(0.08) else 1
        for person, other in ((first, second), (second, first)):
            person.partner, person.partner_sex, person.partner_from = other.surname, other.sex, since
        second.name_use = dice.draw(Weighted(["E", "P", "V", "N"], [35, 22, 38, 5]))
        first.name_use = "E" if dice.chance(0.96) else "N"

    def _kin(self, family: Family, place: Municipality) -> None:
        """Grandparents, a brother or sister, an adult child elsewhere, a new partner."""
        dice, number = self.dice, family.number
        anchor = dice.pick(family.adults)
        year = anchor.birth[0]
        if dice.chance(0.16):
            for sex in ("M", "V")[: 1 + dice.chance(0.4)]:
                elder = self.registry.person(number, anchor.origin, sex, max(1934, year - 27), anchor.surname)
                elder.homes = [(0, anchor.homes[0][1] if dice.chance(0.3) else self.atlas.house(dice, place))]
                if dice.chance(0.08):
                    elder.died = self.first_day + dice.below(1_000)
                family.kin.append(elder)
        if dice.chance(0.08):
            brother = self.registry.person(number, anchor.origin, dice.pick("MV"), year + 2, anchor.surname)
            brother.homes = [(0, self.atlas.house(dice, place))]
            family.kin.append(brother)
        if family.structure in ("ex", "single") and dice.chance(0.15):
            lover = self.registry.person(number, dice.draw(ORIGINS), "M", year + dice.between(-6, 6))
            lover.homes = [(0, family.adults[-1].homes[-1][1])]
            family.kin.append(lover)

    def _foster(self, family: Family) -> None:
        """A foster child: other surname, this address, and a household of its own (T16)."""
        child = self.registry.person(self.next_number(), self.dice.draw(ORIGINS), self.dice.pick("MV"), 2012)
        child.homes = [(0, family.adults[-1].homes[-1][1])]
        family.extra_children.append(child)
