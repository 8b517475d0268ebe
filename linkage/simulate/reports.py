"""Reports at the steunpunt: which incidents arrive, when, in whose dossier, and what becomes of the others.

Arrival, delay and the causes of a miss: domain study 3.2. A family has one dossier at a time (finding 7); reports while
it is open are follow-ups, after it re-reports (finding 8). A third of reports comes from others than the police (3.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from linkage.simulate import rates
from linkage.simulate.dice import Dice, Weighted
from linkage.simulate.families import FamilyMaker
from linkage.simulate.people import Family, Person
from linkage.simulate.records import MINUTES, Case, Incident, Party, Report, day_text
from linkage.simulate.region import Desk, Region

OTHER_REPORTERS = Weighted(
    [
        ("gezondheidszorg", "huisarts"),
        ("onderwijs", "intern begeleider"),
        ("jeugdhulp", "gezinsvoogd"),
        ("kinderopvang", "pedagogisch medewerker"),
        ("maatschappelijk_werk", "maatschappelijk werker"),
        ("justitie", "officier van justitie"),
        ("burger", "familielid"),
        ("anders", ""),
        ("onbekend", ""),
    ],
    [30, 22, 12, 4, 8, 6, 12, 4, 2],
)
ASHG_REPORTERS = ("huisarts", "zelf", "buurvrouw", "school", "AMW", "thuiszorg")
NATURES = {
    "couple": "ex_partnergeweld",
    "ex": "ex_partnergeweld",
    "single": "huiselijk_geweld_overig",
    "parent_child": "geweld_tegen_ouders",
}
DECISIONS = Weighted(
    [
        "overdracht lokaal team",
        "lopende hulp",
        "onderzoek",
        "voorwaarden en vervolg",
        "einde",
        "RvdK",
        "MDT",
        "betrokkenen",
    ],
    [42, 18, 12, 12, 8, 2, 3, 3],
)
OUTCOMES = Weighted(["structureel_onveilig", "acuut_onveilig", "overig", "veilig"], [35, 5, 40, 20])


@dataclass(slots=True)
class _Arrival:
    received: int
    incident: Incident | None
    cause: str  # other_member and name_error open a dossier of their own
    is_twin: bool = False


class ReportMaker:
    """Draws the reports and cases of families, and the advice in between."""

    def __init__(self, dice: Dice, families: FamilyMaker, last_day: int, region: Region) -> None:
        self.dice = dice
        self.region = region
        self.families = families
        self.last_day = last_day
        self.last_moment = (last_day + 1) * MINUTES - 1
        self.reports: list[Report] = []
        self.cases: list[Case] = []

    def of_family(self, family: Family, incidents: list[Incident], others: list[int]) -> None:
        """All reports about a family: of its incidents, and by other reporters at the given moments."""
        arrivals = [_Arrival(moment, None, "") for moment in others]
        for incident in incidents:
            arrivals += self._fate(family, incident)
        current: dict[str, Case] = {}
        for arrival in sorted(arrivals, key=lambda a: a.received):
            if arrival.received <= self.last_moment:
                self._register(family, arrival, current)
            elif arrival.incident is not None:
                young = self.last_day - arrival.incident.at // MINUTES < 42
                arrival.incident.why = "pending" if young else "beyond_extract"
        for incident in incidents:
            if incident.why == "never_sent" and self._has_open_case(current, incident):
                incident.why = "covered_open_case"

    def advice(self, received: int, municipality: str, cause_text: str = "") -> None:
        """A request for advice: no persons; sometimes a name slips into the reference (T25)."""
        facts = self._reporter_facts(self.dice.draw(OTHER_REPORTERS), cause_text)
        facts["soort_contact"] = self.dice.pick(("advies", "advies", "advies", "advies_ondersteuning"))
        facts["aard_geweld"] = self.dice.pick(("kindermishandeling", "ex_partnergeweld", "onbekend"))
        desk = self.region.advice_of(municipality, received // MINUTES)
        registered = received + self.dice.between(1, 900)
        self.reports.append(Report(received, registered, municipality, facts, source=desk.source))

    def _fate(self, family: Family, incident: Incident) -> list[_Arrival]:
        """The report that an incident leads to, or the reason why it leads to none."""
        dice = self.dice
        if not incident.is_dv or incident.original is not None or not incident.parties:
            incident.why = (
                "not_dv" if not incident.is_dv else "technical_duplicate" if incident.original else "no_persons"
            )
            return []
        arrives = rates.ARRIVES_CORV if incident.has_care else rates.ARRIVES_DV
        if family.is_ashg:
            arrives = rates.ARRIVES_2010
        received = incident.at + max(30, int(dice.value(rates.DELAY_DAYS) * MINUTES))
        incident.why = "matched"
        if dice.chance(arrives):
            twin = dice.chance(0.03) or len(incident.cares) > 1
            both = [_Arrival(received, incident, "")]
            return both + ([_Arrival(received + dice.between(60, 4_000), incident, "", True)] if twin else [])
        incident.why = dice.draw(rates.GAP_CAUSES)
        if incident.why in ("other_member", "name_error"):
            return [_Arrival(received, incident, incident.why)]
        if incident.why == "booked_as_advice" and received <= self.last_moment:
            self.advice(received, incident.place.municipality)
        return []

    def _register(self, family: Family, arrival: _Arrival, current: dict[str, Case]) -> None:
        dice = self.dice
        day = arrival.received // MINUTES
        home = family.adults[-1].home_at(day)
        desk = self.region.steunpunt_of(dice, family.is_ashg, home.municipality, day)
        incident = arrival.incident
        if arrival.cause:
            case = self._separate_case(family, arrival, desk)
        else:
            open_case = current.get(desk.source)
            if open_case is None or (open_case.closed < arrival.received and dice.chance(0.5)) or desk.is_old:
                open_case = self._case(family, arrival, desk)
            case = open_case
            self._extend(case, arrival)
            current[desk.source] = case
        report = self._report(family, arrival, case)
        report.facts["eerdere_betrokkenheid"] = self._prior(case, report, current)
        if incident is not None and not arrival.is_twin:
            incident.report = report
        self.reports.append(report)

    def _case(self, family: Family, arrival: _Arrival, desk: Desk) -> Case:
        """A dossier of the whole family: adults nearly always, children mostly, other kin sometimes."""
        dice = self.dice
        parties = [self._case_party(p, family, arrival.incident, "adult") for p in family.adults]
        year = date.fromordinal(arrival.received // MINUTES).year
        children_known = 0.5 if desk.is_old else 0.92
        born = [c for c in family.children if c.age_at(year) > 0 and dice.chance(children_known)]
        parties += [self._case_party(child, family, arrival.incident, "child") for child in born]
        parties += [self._case_party(k, family, None, "adult") for k in family.kin if dice.chance(0.3)]
        parties += [
            Party(c, "overig", "child", c.household, "pleegkind") for c in family.extra_children if dice.chance(0.6)
        ]
        self.cases.append(Case(desk.source, family, parties, arrival.received, 0, is_old=desk.is_old))
        return self.cases[-1]

    def _case_party(self, person: Person, family: Family, incident: Incident | None, standing: str) -> Party:
        """Role in the family; the two sides of an incident are sometimes told the other way round (T27)."""
        dice = self.dice
        named = next((p for p in incident.parties if p.person is person), None) if incident else None
        if standing == "child":
            role = dice.pick(("getuige_kind", "getuige_kind", "getuige_kind", "slachtoffer", "onbekend"))
        elif named is None or named.role in ("betrokkene", "melder", "getuige"):
            role = dice.pick(("ouder", "beide", "overig", "onbekend"))
        else:
            is_suspect = (named.role == "verdachte") != dice.chance(0.05)
            role = "pleger" if is_suspect else "slachtoffer"
        relation = "kind" if standing == "child" else dice.pick(("partner", "ex-partner", "ouder", ""))
        shelter = named.lodged if named and dice.chance(0.5) else None
        return Party(person, role, "child" if standing == "child" else "adult", family.number, relation, shelter)

    def _separate_case(self, family: Family, arrival: _Arrival, desk: Desk) -> Case:
        """Booked under another member, or with names and dates so wrong that nobody recognises the family."""
        incident = arrival.incident
        named = [p.person for p in incident.parties] if incident else []
        others = [p for p in family.kin + family.children if p not in named]
        if arrival.cause == "other_member":
            other = self.dice.pick(others) if others else self.families.relative(family)
            parties = [Party(other, "onbekend", "adult", family.number)]
            case = Case(desk.source, family, parties, arrival.received, 0, is_old=desk.is_old)
        else:
            parties = [self._case_party(p, family, incident, "adult") for p in family.adults]
            case = Case(desk.source, family, parties, arrival.received, 0, is_old=desk.is_old, is_harsh=True)
        case.closed = arrival.received + int(self.dice.value(rates.CASE_OPEN_DAYS) * MINUTES)
        self.cases.append(case)
        return case

    def _extend(self, case: Case, arrival: _Arrival) -> None:
        """A new report keeps the dossier open, and brings members who were not in it yet."""
        case.closed = max(case.closed, arrival.received + int(self.dice.value(rates.CASE_OPEN_DAYS) * MINUTES))
        if arrival.incident is None or case.is_old:
            return
        known = {p.person.number for p in case.parties}
        for party in arrival.incident.parties:
            if (
                party.standing != "outsider"
                and party.person.number not in known
                and party.household == case.family.number
            ):
                standing = "child" if party.standing == "child" else "adult"
                case.parties.append(self._case_party(party.person, case.family, arrival.incident, standing))

    def _has_open_case(self, current: dict[str, Case], incident: Incident) -> bool:
        return any(c.opened <= incident.at < c.closed for c in current.values())

    def _prior(self, case: Case, report: Report, current: dict[str, Case]) -> str:
        if self.dice.chance(0.014):
            return "niet_ingedeeld"
        if case.opened < report.received:
            return "vervolgmelding"
        earlier = any(c.opened < report.received for c in current.values()) or self.dice.chance(0.4)
        return "hermelding" if earlier else "eerste"

    def _report(self, family: Family, arrival: _Arrival, case: Case) -> Report:
        dice, incident = self.dice, arrival.incident
        if incident is None:
            facts = self._reporter_facts(dice.draw(OTHER_REPORTERS), "")
        else:
            facts = self._reporter_facts(("politie", "wijkagent" if dice.chance(0.3) else "politie"), "")
            facts["kanaal"] = "CORV" if incident.has_care else dice.pick(("mail", "mail", "formulier", "telefoon"))
        if case.is_old:
            facts["melder"] = dice.pick(self.region.old_reporters if incident else ASHG_REPORTERS)
        registered = min(self.last_moment, arrival.received + dice.between(5, 2_200))
        home = family.adults[-1].home_at(arrival.received // MINUTES)
        report = Report(arrival.received, registered, home.municipality, facts, case, incident, source=case.source)
        facts["soort_contact"] = "melding"
        self._violence(facts, family)
        end = self._handling(facts, registered // MINUTES)
        case.closed = max(case.closed, (end + 1) * MINUTES)
        return report

    def _reporter_facts(self, reporter: tuple[str, str], reference: str) -> dict[str, str]:
        channel = self.dice.pick(("telefoon", "telefoon", "mail", "formulier"))
        return {
            "organisatie_melder": reporter[0],
            "rol_melder": reporter[1],
            "kenmerk_melder": reference,
            "kanaal": channel,
        }

    def _violence(self, facts: dict[str, str], family: Family) -> None:
        dice = self.dice
        nature = [NATURES[family.structure]]
        if family.children and dice.chance(0.7):
            nature.insert(0, "kindermishandeling")
        if dice.chance(0.2):
            nature.append("andere_problematiek")
        extra = [
            x
            for x in ("complexe_scheiding", "middelen", "ggz", "lvb", "stalking", "eergerelateerd")
            if dice.chance(0.09)
        ]
        facts["aard_geweld"] = "|".join(nature)
        facts["aanvullende_informatie"] = "|".join(extra)
        facts["duur_geweld"] = dice.pick(("eenmalig", "korter dan een jaar", "een tot vijf jaar", "onbekend"))

    def _handling(self, facts: dict[str, str], start: int) -> int:
        """Assessment, decision, service, hand-over, shown by the writer once they have passed; answers the last day."""
        dice = self.dice
        end = start + max(1, int(dice.value(rates.ASSESSMENT_DAYS)))
        decision = dice.draw(DECISIONS)
        service = decision in ("onderzoek", "voorwaarden en vervolg")
        handed = decision in ("overdracht lokaal team", "lopende hulp")
        facts["beoordeling_start"], facts["beoordeling_einde"] = day_text(start), day_text(end)
        facts["veiligheidstaxatie"], facts["vervolgbesluit"] = dice.draw(OUTCOMES), decision
        last = end
        if service:
            last = end + dice.between(30, 100)
            facts["dienst_start"], facts["dienst_einde"] = day_text(end + 1), day_text(last)
        if handed:
            last = end + dice.between(0, 14)
            facts["overdracht_op"], facts["overgedragen_aan"] = day_text(last), dice.pick(self.region.transfers)
        if handed and dice.chance(0.35):
            facts["monitoring_start"] = day_text(end + 15)
            facts["monitoring_einde"] = day_text(end + 15 + dice.between(60, 370))
        facts["geinformeerd_op"] = day_text(start + dice.between(3, 42)) if dice.chance(0.8) else ""
        facts["terugkoppeling_op"] = day_text(end + dice.between(0, 10)) if dice.chance(0.6) else ""
        facts["reden_sluiting"] = dice.pick(("overgedragen", "onderzoek afgerond", "geen vervolg", "verhuisd"))
        return last
