"""People and families: who they truly are, before anyone writes them down.

A household is a family in the sense of the Veilig Thuis privacy regulations (domain study, finding 6): people who live
*or have lived* in family ties. So ex-partners at two addresses with their children are one household, and a neighbour
is his own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from linkage.simulate.dice import Dice
from linkage.simulate.names import CHAIN_SHARE, NameBook, Surname, initials_of
from linkage.simulate.places import Address
from linkage.simulate.rates import BORN_ABROAD, SECRET_ADDRESS

COUNTRIES = {
    "dutch": "Nederland",
    "turkish": "Turkije",
    "moroccan": "Marokko",
    "surinamese": "Suriname",
    "polish": "Polen",
    "syrian": "Syrië",
    "eritrean": "Eritrea",
}
UNKNOWN_BIRTHDAY = 0.14  # of people born outside Europe: only the year is known (2.3)
DEFAULT_BSN = ("999999990", "000000000")
PLANTED_BSN = ("999990019", "999990020")  # of the hard cases T11 and T12


class BsnRegister:
    """Hands out the 90,909 test numbers 999xxxxxx that pass the eleven-test, each once, in a scrambled order.

    A very large sample has more people than there are such numbers. Then the share of people who get one falls, evenly
    over the sample, for a number outside the test range might be a living person's.
    """

    def __init__(self, people: int) -> None:
        digits = np.arange(999_000_000, 1_000_000_000)
        total = sum((9 - i) * (digits // 10 ** (8 - i) % 10) for i in range(8)) - digits % 10
        valid = digits[total % 11 == 0]
        self._numbers = [int(n) for n in valid if str(n) not in DEFAULT_BSN + PLANTED_BSN]
        self._share = min(1.0, 0.97 * len(self._numbers) / max(1, people))
        self._given = 0

    def issue(self, dice: Dice) -> str:
        """The next number, or nothing."""
        if not dice.chance(self._share) or self._given >= len(self._numbers):
            return ""
        self._given += 1
        return str(self._numbers[self._given * 7_919 % len(self._numbers)])


@dataclass(slots=True)
class Person:
    """One human being as a perfect register would hold them."""

    number: int
    household: int
    origin: str
    sex: str
    birth: tuple[int, int, int]
    birth_precision: str
    country: str
    surname: Surname
    given: str
    call_name: str
    bsn: str = ""
    v_number: str = ""
    is_chain: bool = False
    partner: Surname | None = None
    partner_sex: str = ""
    partner_from: int = 0
    name_use: str = "E"
    homes: list[tuple[int, Address]] = field(default_factory=list)
    second_home: Address | None = None
    is_secret: bool = False
    phone: str = ""
    died: int = 0
    police_numbers: list[str] = field(default_factory=list)
    client: str = ""

    @property
    def initials(self) -> str:
        """Initials of the official names."""
        return initials_of(self.given)

    def age_at(self, year: int) -> int:
        """Age in whole years at the end of that year, which is all the simulation needs."""
        return year - self.birth[0]

    def home_at(self, day: int) -> Address:
        """The registered home on this day."""
        home = self.homes[0][1]
        for start, address in self.homes[1:]:
            if start <= day:
                home = address
        return home

    def previous_home(self, day: int) -> Address | None:
        """The home before the last move, where a clerk may still look."""
        past = [address for start, address in self.homes if start <= day]
        return past[-2] if len(past) > 1 else None


@dataclass(slots=True)
class Family:
    """A household with its roles: the two adults it turns around, the children, other kin."""

    number: int
    structure: str
    adults: list[Person]
    children: list[Person]
    kin: list[Person]
    landline: str
    is_ashg: bool
    extra_children: list[Person] = field(default_factory=list)  # foster children of another household

    def members(self) -> list[Person]:
        """Everyone of this household."""
        return self.adults + self.children + self.kin


class Registry:
    """Makes people with unique numbers and identifiers."""

    def __init__(self, dice: Dice, names: NameBook, expected_people: int) -> None:
        self.dice = dice
        self.names = names
        self._bsn = BsnRegister(expected_people)
        self._people = 0
        self._police = 0
        self._clients = 0

    def person(self, household: int, origin: str, sex: str, year: int, surname: Surname | None = None) -> Person:
        """A person of this origin, born in this year."""
        dice = self.dice
        self._people += 1
        adult = year < 2007
        abroad = origin != "dutch" and dice.chance(BORN_ABROAD if adult else 0.3)
        month, day = 1 + dice.below(12), 1 + dice.below(28)
        precision = "day"
        if abroad and origin != "polish" and dice.chance(UNKNOWN_BIRTHDAY):
            precision = "year" if dice.chance(0.85) else "month"
        given = self.official_names(origin, sex, year)
        person = Person(
            number=self._people,
            household=household,
            origin=origin,
            sex=sex,
            birth=(year, month, day),
            birth_precision=precision,
            country=COUNTRIES[origin] if abroad else "Nederland",
            surname=surname or self.names.surname(dice, origin),
            given=given,
            call_name=self.names.call_name(dice, given.split()[0]),
            is_chain=origin in ("syrian", "eritrean") and dice.chance(CHAIN_SHARE),
            bsn=self._bsn.issue(dice),
            is_secret=dice.chance(SECRET_ADDRESS),
        )
        if abroad and dice.chance(0.2):
            person.v_number = f"28{dice.below(100_000_000):08d}"
        self._identify(person, adult)
        return person

    def _identify(self, person: Person, adult: bool) -> None:
        """Numbers at the two chains: one human may have several at the police."""
        dice = self.dice
        for _ in range(1 + (dice.random() > 0.85) + (dice.random() > 0.97)):
            person.police_numbers.append(self.police_number())
        person.client = self.client_number()
        if adult:
            person.phone = f"06{10_000_000 + dice.below(89_999_999)}"

    def police_number(self) -> str:
        """A fresh number of a person at the police."""
        self._police += 1
        return f"P{7_000_000 + self._police * 13}"

    def client_number(self) -> str:
        """A fresh client number at Veilig Thuis."""
        self._clients += 1
        return f"C{100_000 + self._clients * 3}"

    def official_names(self, origin: str, sex: str, year: int, avoid: frozenset[str] = frozenset()) -> str:
        """One to three official names: older people and churches use more (2.4)."""
        dice = self.dice
        names = [self.names.given(dice, origin, sex, year, avoid)]
        more = 0.55 if origin == "dutch" and year < 1975 else 0.35 if origin == "dutch" else 0.05
        while len(names) < 3 and dice.chance(more):
            other = self.names.given(dice, origin, sex, min(year, 1955) if origin == "dutch" else year)
            if other not in names:
                names.append(other)
            more /= 2
        return " ".join(names)
