"""Police incidents of a family: when, where, who is named, and in which role.

Rates: domain study 3.2 (persons, children), 3.1 (forms, sex of victims, complaints), 1.1 (roles, MK codes). `E_RUZIE`
is a placeholder of ours, since the code of a mere quarrel could not be found.
"""

from __future__ import annotations

from datetime import date

from linkage.simulate import rates
from linkage.simulate.dice import Dice, Weighted
from linkage.simulate.families import FamilyMaker
from linkage.simulate.people import Family, Person
from linkage.simulate.places import Address
from linkage.simulate.records import MINUTES, CareReport, Incident, Party, day_text, stamp
from linkage.simulate.region import Desk, Region

OFFENCES = Weighted(
    [
        ("E_RUZIE", "ruzie / huiselijke twist"),
        ("F550", "eenvoudige mishandeling"),
        ("F551", "zware mishandeling"),
        ("F530", "bedreiging"),
        ("F533", "stalking"),
        ("C40", "vernieling overige objecten"),
        ("F15", "huisvredebreuk"),
        ("F95", "overtreding huisverbod"),
        ("F531", "overige misdrijven persoonlijke vrijheid"),
        ("F521", "verkrachting"),
    ],
    [46, 26, 3, 11, 4, 5, 2, 1, 1, 1],
)
FORMS = Weighted(["geestelijk", "lichamelijk", "bedreiging", "seksueel", "belaging"], [47, 36, 11, 3, 3])
HOURS = Weighted(list(range(24)), [4, 3, 3, 2, 1, 1, 1, 2, 2, 3, 3, 3, 4, 4, 4, 5, 6, 7, 8, 8, 9, 9, 8, 6])
REPORTER_SHARE = 0.15
WITNESS_SHARE = 0.08
SHARE_WITH_MINORS = 0.60  # of incidents, measured: the families among which the 45 % must fall
RELATIONS = {"couple": "partner", "ex": "ex-partner", "single": "onbekend", "parent_child": "kind-ouder"}


class IncidentMaker:
    """Draws the incidents of families."""

    def __init__(self, dice: Dice, families: FamilyMaker, first_day: int, last_day: int, region: Region) -> None:
        self.dice = dice
        self.region = region
        self.families = families
        self.first_day = first_day
        self.last_day = last_day
        self._known_outsiders: dict[int, Person] = {}
        self._care_reports = 0

    def of_family(self, family: Family) -> list[Incident]:
        """All incidents of a family over the years, and the double registrations among them."""
        dice = self.dice
        years = dice.sample((0, 1, 2), dice.draw(rates.ACTIVE_YEARS))
        days: set[int] = set()
        for year in years:
            for _ in range(dice.draw(rates.INCIDENTS_A_YEAR)):
                days.add(min(self.last_day, self.first_day + year * 365 + dice.below(365)))
        incidents: list[Incident] = []
        for day in sorted(days):
            incident = self.incident(family, day * MINUTES + dice.draw(HOURS) * 60 + dice.below(60))
            incidents.append(incident)
            if incident.parties and dice.chance(rates.TECHNICAL_DUPLICATE):
                incidents.append(self._twin(incident))
        return incidents

    def incident(self, family: Family, at: int) -> Incident:
        """One incident of this family at this moment."""
        dice = self.dice
        parties = self._adults(family, at)
        minors = self._minors(family, at) if dice.chance(rates.CHILDREN_PRESENT / SHARE_WITH_MINORS) else []
        parties += minors
        victim = next((p for p in parties if p.role in ("slachtoffer", "aangever")), parties[0])
        home = victim.person.home_at(at // MINUTES)
        if dice.chance(rates.COLLECTIVE_ADDRESS):
            shelter = self.families.atlas.shelter(dice)
            for party in (victim, *minors):
                party.lodged = shelter
        place = home if dice.chance(0.88) else self.families.atlas.neighbour(dice, home)
        self._outsiders(parties, family, home)
        desk = self.region.police_of(place.municipality, at // MINUTES)
        facts = self._facts(family, parties, at, len(minors), desk)
        incident = Incident(at, family, parties, facts, place, source=desk.source, minors=len(minors))
        incident.is_dv = not dice.chance(rates.NOT_DV)
        if dice.chance(rates.NO_PERSONS):
            incident.parties = []
        self._care(incident)
        return incident

    def _adults(self, family: Family, at: int) -> list[Party]:
        dice = self.dice
        count = dice.draw(rates.ADULTS)
        quarrel = dice.chance(0.15)
        day = at // MINUTES
        kin = [p for p in family.kin if not (p.died and p.died <= day)]
        suspect, victim = self._sides(family, kin)
        roles = ("betrokkene", "betrokkene") if quarrel else ("verdachte", "slachtoffer")
        relation = RELATIONS[family.structure]
        parties = [Party(suspect, roles[0], "suspect", family.number)]
        if victim is not None:
            parties.append(Party(victim, roles[1], "adult", family.number, relation if dice.chance(0.7) else ""))
            if not quarrel and dice.chance(rates.COMPLAINT_FILED * 0.6):
                parties[1].role = dice.pick(("aangever", "aangever", "benadeelde"))
        if count == 1:
            return [dice.pick(parties)]
        others = [p for p in kin if p is not suspect and p is not victim]
        if count == 3 and others:
            role = dice.pick(("betrokkene", "getuige", "melder", "slachtoffer"))
            parties.append(Party(dice.pick(others), role, "adult", family.number, "familie"))
        return parties

    def _sides(self, family: Family, kin: list[Person]) -> tuple[Person, Person | None]:
        """Suspect and victim: 82 % of victims are women; a grown child against a parent; a single and her kin."""
        dice = self.dice
        if len(family.adults) < 2:
            return (dice.pick(kin), family.adults[0]) if kin else (family.adults[0], None)
        first, second = family.adults
        if family.structure == "parent_child":
            return second, first
        return (first, second) if dice.chance(rates.VICTIM_FEMALE) else (second, first)

    def _minors(self, family: Family, at: int) -> list[Party]:
        dice = self.dice
        year = date.fromordinal(at // MINUTES).year
        born = [c for c in family.children if 0 < c.age_at(year) < 18 or (c.age_at(year) == 0 and c.birth[1] == 1)]
        count = len(born) if dice.chance(0.75) else dice.draw(rates.CHILDREN_PRESENT_COUNT)
        chosen = dice.sample(born, count)
        parties = [self._minor(child, family.number) for child in chosen]
        parties += [self._minor(child, child.household) for child in family.extra_children]
        return parties

    def _minor(self, child: Person, household: int) -> Party:
        role = self.dice.pick(("betrokkene", "betrokkene", "betrokkene", "getuige", "getuige", "slachtoffer"))
        return Party(child, role, "child", household, "kind" if self.dice.chance(0.6) else "")

    def _outsiders(self, parties: list[Party], family: Family, home: Address) -> None:
        """Neighbours who call or saw it; one who called before often calls again."""
        dice = self.dice
        for role, share in (("melder", REPORTER_SHARE), ("getuige", WITNESS_SHARE)):
            if not dice.chance(share):
                continue
            known = self._known_outsiders.get(family.number)
            if known is None or dice.chance(0.5) or any(p.person is known for p in parties):
                known = self.families.outsider(home)
                self._known_outsiders[family.number] = known
            parties.append(Party(known, role, "outsider", known.household))

    def _facts(self, family: Family, parties: list[Party], at: int, minors: int, desk: Desk) -> dict[str, str]:
        dice = self.dice
        code, description = dice.draw(OFFENCES)
        order = dice.chance(0.05)
        began = at - dice.between(5, 240)
        day = at // MINUTES
        complaint = any(p.role in ("aangever", "benadeelde") for p in parties) or dice.chance(0.15)
        return {
            "eenheid": dice.draw(desk.units),
            "pleegdatum_van": stamp(began) if dice.chance(0.9) else day_text(began // MINUTES),
            "pleegdatum_tot": stamp(began + 4) if dice.chance(0.7) else "",
            "mk_code": code,
            "mk_omschrijving": description,
            "aard_hg": dice.draw(FORMS) if dice.chance(0.9) else "",
            "relatie": RELATIONS[family.structure] if dice.chance(0.85) else "onbekend",
            "wijze_kennisname": "aangifte" if complaint else "melding" if dice.chance(0.8) else "ambtshalve",
            "aangifte": "J" if complaint else "N",
            "aanhouding": "J" if dice.chance(0.22) else "N",
            "huisverbod": "J" if order else "N",
            "huisverbod_van": day_text(day) if order else "",
            "huisverbod_tot": day_text(day + dice.pick((10, 10, 28))) if order else "",
            "risico_rihg": dice.pick(("laag", "midden", "hoog")) if order or dice.chance(0.08) else "",
            "kinderen_aanwezig": "J" if minors else "N" if dice.chance(0.85) else "onbekend",
            "aantal_kinderen": str(minors) if minors else "",
            "middelen": dice.pick(("J", "N", "N", "onbekend")),
            "wapen": "J" if dice.chance(0.06) else "N",
        }

    def _care(self, incident: Incident) -> None:
        """A care report where a minor is involved; not of every such incident, as the Amsterdam study saw (1.1)."""
        dice = self.dice
        incident.has_care = bool(incident.minors and incident.parties and incident.is_dv and dice.chance(0.93))
        if not incident.has_care:
            return
        for _ in range(2 if dice.chance(0.03) else 1):
            self._care_reports += 1
            year = date.fromordinal(incident.at // MINUTES).year
            incident.cares.append(
                CareReport(
                    number=f"ZOF{year}-{self._care_reports:07d}",
                    sent=incident.at + dice.between(120, 3_000),
                    channel="corv" if dice.chance(0.94) else "overig",
                    recipient=self.region.recipient(incident.place.municipality, incident.at // MINUTES),
                    delivery_status="afgeleverd" if dice.chance(0.96) else dice.pick(("mislukt", "onbekend")),
                )
            )

    def _twin(self, first: Incident) -> Incident:
        """A second number for the same night: same address, at least one same person, within six hours."""
        dice = self.dice
        parties = [Party(p.person, p.role, p.standing, p.household, p.relation, p.lodged) for p in first.parties]
        kept = parties[: 1 + dice.below(len(parties))]
        facts = {**first.facts, "wijze_kennisname": "ambtshalve"}
        minors = sum(p.standing == "child" for p in kept)
        facts["kinderen_aanwezig"], facts["aantal_kinderen"] = ("J", str(minors)) if minors else ("N", "")
        at = first.at + dice.between(10, 340)
        twin = Incident(at, first.family, kept, facts, first.place, source=first.source, minors=minors)
        twin.original, twin.is_dv = first, first.is_dv
        return twin
