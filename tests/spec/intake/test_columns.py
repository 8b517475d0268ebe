"""Columns that are renamed, missing or new are named, with the nearest known name; a record is never quoted."""

from __future__ import annotations

import pytest

from linkage.errors import DeliveryRefused
from linkage.intake import profile

SPEC = profile.load("politie_bvh").files["personen.csv"]
HEADER = [column.header for column in SPEC.columns]


def renamed(**names: str) -> list[str]:
    """Return the header with other names."""
    return [names.get(header, header) for header in HEADER]


def message(header: list[str]) -> str:
    """Return why a header is refused."""
    with pytest.raises(DeliveryRefused) as caught:
        profile.match_header(SPEC, header)
    assert caught.value.reason == "header"
    return str(caught.value)


@pytest.mark.parametrize(
    ("header", "told"),
    [
        (renamed(telefoon="telefoonnummer"), "missing column telefoon (renamed to telefoonnummer?)"),
        (renamed(bsn="burgerservicenummer_bsn"), "missing column bsn (renamed to burgerservicenummer_bsn?)"),
        (renamed(rol="functie"), "missing column rol; unknown column functie:"),
        ([h for h in HEADER if h != "rol"], "personen.csv: missing column rol: send the header of the contract"),
        (
            renamed(straat="straatnaam", huisnummer="huisnr"),
            "missing column straat (renamed to straatnaam?), huisnummer (renamed to huisnr?)",
        ),
        ([h.upper() for h in HEADER][:3] + HEADER[3:], "registratienummer (renamed to REGISTRATIENUMMER?)"),
        ([h.upper() for h in HEADER], "missing column registratienummer (renamed to REGISTRATIENUMMER?)"),
        ([*HEADER, "rol"], "columns stand twice in the header: rol"),
        ([*HEADER, "Jansen", "Jansen"], "columns stand twice in the header: unknown ones"),
    ],
)
def test_a_header_that_is_not_that_of_the_contract_is_told(header: list[str], told: str) -> None:
    assert told in message(header)


def test_each_unknown_column_is_offered_once() -> None:
    told = message(renamed(huisletter="huis", huisnummer="huis_"))
    assert "huisnummer (renamed to" in told and "huisletter (renamed to" in told
    assert told.count("huis?") <= 1


def test_a_first_line_that_is_a_record_is_not_quoted() -> None:
    record = ["PL0100-2025000001", "1", "", "slachtoffer", "Jansen-straat", *["Dorpsstraat"] * (len(HEADER) - 5)]
    for line in (record[:5], [*record[:5], *(f"bsn {n} Jansen" for n in range(len(HEADER) - 5))], ["a,b,c"]):
        told = message(line)
        assert "the first line has 0 of the 28 columns" in told
        assert not any(value in told for value in line if value not in ("", "1"))


@pytest.mark.parametrize(
    ("new", "told"),
    [("toelichting", "toelichting"), ("telefoon2", "telefoon2 (like telefoon)"), ("Rol", "Rol (like rol)"),
     ("x\ny" * 40, ("x?y" * 40)[:40])],
)  # fmt: skip
def test_a_new_column_is_ignored_and_told_with_the_nearest_known_name(new: str, told: str) -> None:
    positions, extra = profile.match_header(SPEC, [*HEADER, new])
    assert extra == [told]
    assert sorted(positions) == sorted(HEADER)
