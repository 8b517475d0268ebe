"""A mention: one person written down once, by somebody in a hurry.

Every call draws its errors anew, so that two mentions of one person, and the mentions of people of one household, err
independently. The columns are those that both chains share, in the order of the contract.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from linkage.simulate import typing_errors as err
from linkage.simulate.dice import Dice
from linkage.simulate.names import NameBook, Surname, initials_of
from linkage.simulate.people import DEFAULT_BSN, Person
from linkage.simulate.places import Address
from linkage.simulate.rates import BSN_POLICE, BSN_VT, INITIALS_ONLY, MISSING_BIRTH_DATE_FACTOR, Noise

Written = list[str]
FOLDS_DIACRITICS = {"police": 0.6, "vt": 0.3, "ashg": 0.7}
CALL_NAME_FILLED = {"police": 0.35, "vt": 0.5, "ashg": 0.0}
PARTNER_FILLED = {"police": 0.6, "vt": 0.8, "ashg": 0.7}
ADDRESS_MISSING_FACTOR = {"suspect": 1.0, "adult": 0.8, "child": 1.5, "outsider": 4.0}


@dataclass(slots=True)
class _Name:
    """The name columns while they are being written."""

    surname: str
    prefix: str
    partner: str = ""
    partner_prefix: str = ""
    use: str = ""
    initials: str = ""
    given: str = ""
    call: str = ""


def joined(prefix: str, core: str) -> str:
    """A surname with its particle before it."""
    return f"{prefix} {core}" if prefix else core


class Clerk:
    """Writes people down with the errors of one noise level."""

    def __init__(
        self, dice: Dice, names: NameBook, noise: Noise, code_on: Callable[[str, int], str] = lambda code, _day: code
    ) -> None:
        self.dice = dice
        self.code_on = code_on  # which code a municipality has on a day
        self.names = names
        self.noise = noise

    def write(self, person: Person, day: int, chain: str, standing: str, *, lodged: Address | None = None) -> Written:
        """The shared columns of a mention of `person` in a record of `day`; `lodged` overrides the registered home."""
        name = self._name(person, day, chain, standing)
        return [
            name.surname,
            name.prefix,
            name.partner,
            name.partner_prefix,
            name.use,
            name.initials,
            name.given,
            name.call,
            self._sex(person),
            self._birth_date(person, standing),
            person.country if self.dice.chance(0.7) else "",
            self._bsn(person, chain, standing),
            person.v_number if self.dice.chance(0.6) else "",
            *self._address(person, day, standing, lodged),
        ]

    def _name(self, person: Person, day: int, chain: str, standing: str) -> _Name:
        dice, noise = self.dice, self.noise
        name = _Name(person.surname.of(person.sex), person.surname.prefix)
        self._partner(name, person, day, chain)
        self._given(name, person, day, chain, standing)
        if person.is_chain and dice.chance(0.75):
            name.surname = joined(person.given, joined(name.prefix, name.surname))
            name.prefix, name.initials, name.call = "", "", ""
            name.given = "." if dice.chance(0.3) else ""
        if person.origin != "dutch" and dice.chance(noise.transliteration):
            self._transliterate(name, person)
        if dice.chance(noise.surname_typo):
            name.surname = err.typo(dice, name.surname)
        if name.prefix:
            self._prefix(name)
        self._character_set(name, chain)
        if dice.chance(noise.capitals):
            name.surname = name.surname.upper()
        if standing in ("outsider", "suspect") and dice.chance(noise.name_unknown * 2):
            name.surname, name.prefix, name.given = dice.pick((".", "Onbekend", "NN")), "", ""
        return name

    def _partner(self, name: _Name, person: Person, day: int, chain: str) -> None:
        """Name use E, P, V or N, and the ways in which it is written otherwise (2.1)."""
        dice, partner = self.dice, person.partner
        if partner is None or day < person.partner_from:
            return
        partner_core = partner.of(person.partner_sex)
        if dice.chance(self.noise.partner_rendering):
            self._partner_otherwise(name, person, partner, partner_core)
        elif dice.chance(PARTNER_FILLED[chain] if person.name_use != "E" else 0.25):
            name.partner, name.partner_prefix, name.use = partner_core, partner.prefix, person.name_use

    def _partner_otherwise(self, name: _Name, person: Person, partner: Surname, core: str) -> None:
        kind = self.dice.below(4)
        own, other = joined(name.prefix, name.surname), joined(partner.prefix, core)
        if kind == 0:
            name.surname, name.prefix = core, partner.prefix
        elif kind == 1:
            name.surname, name.prefix = f"{name.surname}-{other}", name.prefix
        elif kind == 2:
            name.surname, name.prefix = f"{core}-{own}", partner.prefix
        else:
            name.partner, name.partner_prefix = core, partner.prefix
            name.use = self.dice.pick([u for u in "EPVN" if u != person.name_use])

    def _given(self, name: _Name, person: Person, day: int, chain: str, standing: str) -> None:
        dice, noise = self.dice, self.noise
        given, call = person.given, person.call_name
        if dice.chance(noise.transliteration) and person.origin != "dutch":
            first, _, rest = given.partition(" ")
            options = self.names.variants.get(first)
            given = f"{dice.pick(options)} {rest}".strip() if options else given
        name.initials = self._initials(given)
        over_50 = date.fromordinal(day).year - person.birth[0] >= 50
        if dice.chance(noise.call_name_over_50 if over_50 else noise.call_name):
            given = call
            if dice.chance(0.5):
                name.initials = self._initials(call)
        elif " " in given and dice.chance(0.3):
            given = given.partition(" ")[0]
        if dice.chance(noise.given_name_typo):
            given = err.typo(dice, given)
        if dice.chance(CALL_NAME_FILLED[chain]):
            name.call = call
        if dice.chance(INITIALS_ONLY[standing]):
            given = ""
            if dice.chance(0.8):
                name.call = ""
        elif dice.chance(0.1):
            name.initials = ""
        name.given = given

    def _initials(self, given: str) -> str:
        text = initials_of(given)
        kind = self.dice.random()
        if kind < 0.80:
            return text
        if kind < 0.90:
            return text.replace(".", "")
        return text[:2] if kind < 0.97 else text.replace(".", ". ").strip()

    def _transliterate(self, name: _Name, person: Person) -> None:
        """One name in another spelling of the same sounds (2.3)."""
        core = name.surname
        if person.origin == "polish" and core.endswith(("ski", "ska")):
            name.surname = core[:-1] + ("a" if core[-1] == "i" else "i")
        elif name.prefix in ("el", "al"):
            glue = self.dice.pick(("", "-", " "))
            name.surname = f"{name.prefix.capitalize()}{glue}{core if glue else core.lower()}"
            name.prefix = ""
        elif person.origin == "turkish":
            name.surname = err.umlauts_out(core)
        elif person.origin == "surinamese" and core.startswith(("Ram", "Jag", "Raghoe")):
            name.surname = f"{core[:3]} {core[3:].capitalize()}"
        else:
            for old, new in (("ou", "u"), ("kh", "ch"), ("ie", "i"), ("ss", "s"), ("ei", "ey"), ("h", ""), ("ae", "a")):
                if old in core[1:]:
                    name.surname = core[0] + core[1:].replace(old, new, 1)
                    return

    def _prefix(self, name: _Name) -> None:
        dice, noise = self.dice, self.noise
        if dice.chance(noise.prefix_abbreviated):
            name.prefix = dice.pick(err.PREFIX_SHORT.get(name.prefix, (name.prefix.upper(),)))
        if dice.chance(noise.prefix_dropped):
            name.prefix = ""
        elif dice.chance(noise.prefix_in_surname):
            before = dice.chance(0.65)
            name.surname = f"{name.prefix} {name.surname}" if before else f"{name.surname}, {name.prefix}"
            name.prefix = ""

    def _character_set(self, name: _Name, chain: str) -> None:
        if name.surname.isascii() and name.given.isascii() and name.partner.isascii() and name.call.isascii():
            return
        dice = self.dice
        if dice.chance(FOLDS_DIACRITICS[chain]):
            change = err.fold
        elif dice.chance(self.noise.mojibake):
            change = err.mojibake
        else:
            return
        name.surname, name.given = change(name.surname), change(name.given)
        name.partner, name.call, name.initials = change(name.partner), change(name.call), change(name.initials)

    def _sex(self, person: Person) -> str:
        if self.dice.chance(self.noise.sex_unknown):
            return "onbekend"
        if self.dice.chance(self.noise.sex_wrong):
            return "V" if person.sex == "M" else "M"
        return person.sex

    def _birth_date(self, person: Person, standing: str) -> str:
        dice, noise = self.dice, self.noise
        year, month, day = person.birth
        if dice.chance(noise.missing_birth_date * MISSING_BIRTH_DATE_FACTOR[standing]):
            return "" if dice.chance(0.85) else "00000000"
        if person.birth_precision != "day":
            kind = dice.random()
            if kind < 0.55:
                return f"{year:04d}{month if person.birth_precision == 'month' else 0:02d}00"
            return f"{year:04d}0101" if kind < 0.83 else f"{year:04d}0701"
        if dice.chance(noise.birth_date_error):
            return err.wrong_date(dice, year, month, day)
        return f"{year:04d}{month:02d}{day:02d}"

    def _bsn(self, person: Person, chain: str, standing: str) -> str:
        dice, noise = self.dice, self.noise
        if chain == "ashg":
            return ""
        if dice.chance(noise.bsn_default):
            return dice.pick(DEFAULT_BSN)
        rates = BSN_POLICE if chain == "police" else BSN_VT
        if not person.bsn or not dice.chance(rates[standing]):
            return ""
        return err.wrong_digit(dice, person.bsn) if dice.chance(noise.bsn_digit) else person.bsn

    def _address(self, person: Person, day: int, standing: str, lodged: Address | None) -> Written:
        dice, noise = self.dice, self.noise
        secret = "J" if person.is_secret else "N"
        if lodged is None and dice.chance(noise.address_missing * ADDRESS_MISSING_FACTOR[standing]):
            return ["", "", "", "", "", "", "", "", secret]
        home = lodged or person.home_at(day)
        if lodged is None and person.second_home is not None and dice.chance(0.25):
            home = person.second_home
        elif lodged is None and dice.chance(noise.old_address):
            home = person.previous_home(day) or home
        columns = self.address_columns(home)
        columns[6] = columns[6] and self.code_on(columns[6], day)
        return [*columns, self._kind(home, person), secret]

    def _kind(self, home: Address, person: Person) -> str:
        if home.kind != "woon":
            return home.kind
        kind = self.dice.random()
        if person.is_secret and kind < 0.5:
            return "brief"
        return "woon" if kind < 0.97 else "verblijf" if kind < 0.99 else ""

    def address_columns(self, home: Address) -> Written:
        """Street, number, letter, addition, postcode, town and municipality code, as typed."""
        dice, noise = self.dice, self.noise
        street = err.short_street(home.street) if dice.chance(noise.street_abbreviated) else home.street
        number, letter, addition = str(home.number), home.letter, home.addition
        if (letter or addition) and dice.chance(noise.addition_dropped):
            letter, addition = "", ""
        elif addition and dice.chance(noise.addition_dropped):
            number, addition = f"{number}{'-' if addition[0].isdigit() else ' '}{addition}", ""
        elif letter and dice.chance(noise.addition_dropped):
            letter, addition = "", letter
        postcode = home.postcode
        if dice.chance(noise.postcode_error):
            postcode = err.wrong_postcode(dice, postcode)
        elif dice.chance(0.15):
            postcode = f"{postcode[:4]} {postcode[4:]}"
        city = home.city.upper() if dice.chance(0.05) else home.city
        return [street, number, letter, addition, postcode, city, home.municipality if dice.chance(0.9) else ""]
