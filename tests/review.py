"""A small published night with something to decide: people who may be one, a secret address, names that are scripts."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from linkage import pipeline
from linkage.config import Config
from tests.month import FROZEN
from tests.nights import Night
from tests.spec.intake import inbox
from tests.spec.intake.inbox import number

__all__ = ["number"]

CAREFUL = Config(linkage={"model_file": FROZEN.linkage.model_file, "sure": 0.97}, review={"second_share": 1})
"""The shipped model, with which surname and day of birth alone are not enough; all decisions are judged twice."""
SCRIPT = "<script>document.title=1</script>"
"""A name that somebody typed to run something."""

HOME = {
    "straat": "Kerkstraat",
    "huisnummer": "12",
    "postcode": "9401AB",
    "woonplaats": "Assen",
    "gemeentecode": "GM0106",
}
AWAY = {
    "straat": "Geheimpad",
    "huisnummer": "99",
    "postcode": "7811ZZ",
    "woonplaats": "Emmen",
    "gemeentecode": "GM0114",
}


def home(number: int, postcode: str = "9401AB", city: str = "Assen") -> dict[str, str]:
    """Return a home of its own."""
    return {"straat": "Kerkstraat", "huisnummer": str(number), "postcode": postcode, "woonplaats": city}


WHERE = {"pleeg_gemeentecode": "GM0106", "gemeentecode": "GM0106", "indicatie_hg": "J"}


def person(surname: str, given: str, born: str, sex: str = "V", **more: Any) -> dict[str, Any]:
    """Return the columns of a person that both chains have."""
    return {"geslachtsnaam": surname, "voornamen": given, "geboortedatum": born, "geslacht": sex} | more


def publish(folder: Path, config: Config = CAREFUL) -> Night:
    """Deliver and run one night; incident 1 hangs on a decision, incident 2 on none."""
    made = Night(folder)
    deliver(made.inbox)
    again(made, config)
    return made


def again(night: Night, config: Config = CAREFUL) -> None:
    """Run the next night."""
    pipeline.run(config, night.inbox, night.out, None, lambda _: None)


def deliver(where: Path) -> None:
    """Write the deliveries of both chains."""
    incidents, people, reports, members = [], [], [], []

    def incident(n: int, *persons: dict[str, Any]) -> None:
        incidents.append(inbox.incident(n, **WHERE))
        people.extend(inbox.person(n, seq, **p) for seq, p in enumerate(persons, 1))

    def case(n: int, persons: Iterable[dict[str, Any]], **values: Any) -> None:
        told = {"gemeentecode": "GM0106", "organisatie_melder": "politie"} | values
        reports.append(inbox.report(f"M{n}", f"C{n}", **told))
        members.extend(inbox.member(f"C{n}", seq, rol_in_gezin="slachtoffer", **p) for seq, p in enumerate(persons, 1))

    # Surname and day of birth agree, another town, no given name: possible, and a secret address on one side.
    incident(1, person("Vermeulen", "Annelies", "19850312", **HOME))
    case(1, [person("Vermeulen", "", "19850312", geheim_adres="J", **AWAY)], gemeentecode="GM0114")
    # The same with a child, and a name that is a script.
    incident(2, person("Hoogland", SCRIPT, "20120704", **home(31)))
    case(2, [person("Hoogland", "", "20120704", **home(77, "7901AC", "Hoogeveen"))])
    # One person for sure, named twice.
    incident(3, person("Zuiderveld", "Roelof", "19700101", "M", **home(41)))
    case(3, [person("Zuiderveld", "Roelof", "19700101", "M", **home(41))])
    incident(4, person("Brandsma", "Petra", "19610914", **home(51)))
    inbox.police(where, 14, incidents, people)
    inbox.steunpunt(where, 14, reports, members)
