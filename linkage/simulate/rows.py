"""Records as rows of the inbox files."""

from __future__ import annotations

from linkage.simulate import typing_errors as err
from linkage.simulate.clerk import Clerk
from linkage.simulate.layout import DATED, INCIDENTS, PERSON, REPORTS
from linkage.simulate.places import Address
from linkage.simulate.records import MINUTES, Case, Incident, Party, Report, day_text, stamp

ROLES_2010 = {"slachtoffer": "SO", "pleger": "PL", "beide": "SO/PL", "getuige_kind": "kind", "ouder": "ouder"}
HARSH_MISTAKES = 2  # in a dossier that nobody recognises: errors in the surname, and one in the date
Row = list[str]


class RowWriter:
    """Turns records into rows; person rows pass through the clerk, who errs."""

    def __init__(self, clerk: Clerk) -> None:
        self.clerk = clerk
        self.dice = clerk.dice

    def incident(self, incident: Incident, status: str, day: int) -> Row:
        """A row of `incidenten.csv` as delivered on `day`."""
        facts = incident.facts
        changed = min(incident.at + 700, (day + 1) * MINUTES - 60) if status == "nieuw" else (day + 1) * MINUTES - 400
        place = self._place(incident.place, incident.at // MINUTES)
        own = {
            "registratienummer": incident.number,
            "kennisname": stamp(incident.at),
            "mutatiedatum": stamp(max(changed, incident.at)),
            "indicatie_hg": "J" if incident.is_dv else "N",
            "zorgmelding": "J" if incident.cares else "N",
            "status": status,
            **dict(zip(INCIDENTS[23:30], place, strict=True)),
        }
        return [own[h] if h in own else facts.get(h, "") for h in INCIDENTS]

    def _place(self, place: Address, day: int) -> Row:
        columns = self.clerk.address_columns(place)
        # Where it happened decides who is responsible: always filled.
        columns[6] = self.clerk.code_on(place.municipality, day)
        return columns

    def police_persons(self, incident: Incident) -> list[Row]:
        """The rows of `personen.csv` of one incident, numbered from 1."""
        day = incident.at // MINUTES
        return [
            [incident.number, str(seq), *self._police_number(party), party.role, *self._columns(party, day, "police"),
             party.relation, self._phone(party, incident)]
            for seq, party in enumerate(incident.parties, 1)
        ]  # fmt: skip

    def care_reports(self, incident: Incident) -> list[Row]:
        """The rows of `zorgmeldingen.csv` of one incident."""
        return [
            [incident.number, c.number, stamp(c.sent), c.channel, c.recipient, c.delivery_status]
            for c in incident.cares
        ]

    def report(self, report: Report, status: str, day: int) -> Row:
        """A row of `meldingen.csv` with what was known on `day`."""
        facts = dict(report.facts)
        if report.case is not None:
            facts["casusnummer"] = report.case.case_id
            facts["gesloten_op"] = day_text(report.case.closed // MINUTES)
        known = day_text(day)
        for column, hanging in DATED.items():
            if facts.get(column, "") > known or not facts.get(column):
                for name in hanging:
                    facts[name] = ""
        facts["meldingsnummer"], facts["status"] = report.report_id, status
        facts["gemeentecode"] = self.clerk.code_on(report.municipality, report.received // MINUTES)
        facts["ontvangen_op"], facts["geregistreerd_op"] = stamp(report.received), stamp(report.registered)
        return [facts.get(h, "") for h in REPORTS]

    def case_persons(self, case: Case) -> list[Row]:
        """The rows of `betrokkenen.csv` of one case, numbered from 1."""
        dice = self.dice
        since = day_text(case.opened // MINUTES)
        rows = []
        for seq, party in enumerate(case.parties, 1):
            client = (
                party.person.client
                if party.fixed is None or "client_id" not in party.fixed
                else party.fixed["client_id"]
            )
            if party.fixed is None and dice.chance(0.05):
                client = f"{client}{dice.pick('AB')}"  # registered a second time under a number of its own
            guardian = "J" if party.role == "ouder" or dice.chance(0.3) else dice.pick(("N", ""))
            columns = self._columns(party, case.opened // MINUTES, "vt", is_harsh=case.is_harsh)
            rows.append([case.case_id, str(seq), client, party.role, *columns, party.relation, guardian, since, ""])
        return rows

    def ashg_rows(self, report: Report) -> list[Row]:
        """The rows of `clienten.csv` of one dossier, without the closing date that each export adds."""
        case = report.case
        head = [report.report_id, _dutch_date(day_text(report.received // MINUTES)), report.facts.get("melder", "")]
        if case is None:
            return []
        rows = []
        for party in case.parties:
            columns = self._columns(party, case.opened // MINUTES, "ashg", is_harsh=case.is_harsh)
            person = dict(zip(PERSON, columns, strict=True))
            role = ROLES_2010.get(party.role, "overig")
            rows.append([*head, report.municipality, role, *self._ashg_person(person), "melding"])
        return rows

    def _ashg_person(self, person: dict[str, str]) -> Row:
        dice = self.dice
        street = f"{person['street']} {person['house_number']}".strip()
        extra = person["house_letter"] + person["addition"]
        if extra:
            street += dice.pick(("-", " ", "")) + extra.lower()
        sex = (
            {"M": "m", "V": "v"}.get(person["sex"], "?") if dice.chance(0.2) else person["sex"].replace("onbekend", "")
        )
        initials = person["initials"] or person["given_names"]
        name = _name_2010(dice.random(), person)
        birth = _dutch_birth_date(person["birth_date_raw"])
        return [name, initials, birth, sex, street, person["postcode"], person["city"]]

    def _columns(self, party: Party, day: int, chain: str, *, is_harsh: bool = False) -> Row:
        if party.fixed is not None:
            return [party.fixed.get(column, "") for column in PERSON]
        columns = self.clerk.write(party.person, day, chain, party.standing, lodged=party.lodged)
        return self._made_unrecognisable(columns, party) if is_harsh else columns

    def _made_unrecognisable(self, columns: Row, party: Party) -> Row:
        for _ in range(HARSH_MISTAKES):
            columns[0] = err.typo(self.dice, columns[0])
        columns[9] = err.wrong_date(self.dice, *party.person.birth) if columns[9] else ""
        columns[11] = ""
        return columns

    def _police_number(self, party: Party) -> Row:
        if party.fixed is not None:
            return [party.fixed.get("source_person_id", "")]
        numbers = party.person.police_numbers
        if self.dice.chance(0.10):
            return [""]
        return [numbers[0] if self.dice.chance(0.85) else self.dice.pick(numbers)]

    def _phone(self, party: Party, incident: Incident) -> str:
        """A mobile number for adults, or the family's: children often carry a parent's."""
        if party.fixed is not None:
            return party.fixed.get("phone", "")
        dice = self.dice
        kind = dice.random()
        number = party.person.phone if kind < 0.45 else incident.family.landline if kind < 0.62 else ""
        if party.standing == "child":
            number = incident.family.adults[-1].phone if kind < 0.2 else incident.family.landline if kind < 0.35 else ""
        if party.standing == "outsider" and kind >= 0.45:
            number = ""
        form = dice.random()
        if not number or form < 0.5:
            return number
        return f"{number[:2]}-{number[2:]}" if form < 0.8 else f"+31{number[1:]}"


def _dutch_date(iso: str) -> str:
    return f"{iso[8:10]}-{iso[5:7]}-{iso[:4]}" if iso else ""


def _dutch_birth_date(raw: str) -> str:
    return f"{raw[6:8]}-{raw[4:6]}-{raw[:4]}" if len(raw) == 8 else ""


def closing_date(report: Report, day: int) -> str:
    """The last column of `clienten.csv` in the export of `day`."""
    closed = report.case.closed // MINUTES if report.case else 0
    return _dutch_date(day_text(closed)) if 0 < closed <= day else ""


def _name_2010(u: float, person: dict[str, str]) -> str:
    """Surname, particle and partner name in one field, in the ways of the time."""
    core, prefix = person["surname"], person["surname_prefix"]
    partner, partner_prefix = person["partner_surname"], person["partner_prefix"]
    use = person["name_use"]
    if partner and use in ("P", "V", "N"):
        own = f"{prefix} {core}".strip()
        other = f"{partner_prefix} {partner}".strip()
        if use == "P":
            core, prefix = partner, partner_prefix
        elif use == "V":
            core, prefix = f"{partner}-{own}", partner_prefix
        else:
            core = f"{core}-{other}"
    if not prefix:
        return core.upper() if u > 0.92 else core
    short = prefix.replace("van der", "v.d.").replace("van den", "v.d.").replace("van de", "v.d.")
    if u < 0.45:
        return f"{core}, {prefix}"
    if u < 0.70:
        return f"{core}, {short}"
    return f"{prefix} {core}" if u < 0.92 else f"{core.upper()}, {prefix.upper()}"
