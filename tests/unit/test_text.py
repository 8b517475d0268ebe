"""What people typed, and what is compared: names, dates and addresses in tables."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from linkage.intake.text import address, dates, fold, given, surname
from linkage.intake.text.sound import sound


def parsed(text: str, prefix: str = "", partner: str = "", use: str = "", has_given: bool = True):
    return surname.parse(text, prefix, partner, use, has_given)


SURNAMES = [
    # typed, prefix field, core, second core, class of prefix
    ("Berg", "van der", "berg", "", "van+"),
    ("v.d. Berg", "", "berg", "", "van+"),
    ("van den Berg", "", "berg", "", "van+"),
    ("Berg, v.d.", "", "berg", "", "van+"),
    ("Berg, van der", "", "berg", "", "van+"),
    ("Berg v.d.", "", "berg", "", "van+"),
    ("vd Berg", "", "berg", "", "van+"),
    ("BERG-DE VRIES, VAN DER", "", "berg", "vries", "van+"),
    ("Jansen-de Vries", "", "jansen", "vries", ""),
    ("in 't Veld", "", "veld", "", "in+"),
    ("'t Hart", "", "hart", "", "de+"),
    ("v't Hof", "", "hof", "", "van+"),
    ("el Ouali", "", "ouali", "", "el+"),
    ("Al-Hassan", "", "hassan", "", "el+"),
    ("El Al", "", "el al", "", ""),
    ("KÃ¤ster", "", "kaster", "", ""),
    ("Yılmaz", "", "yilmaz", "", ""),
    ("Çelik", "", "celik", "", ""),
    ("Şahin", "", "sahin", "", ""),
    ("Łukasz", "", "lukasz", "", ""),
    (".", "", "", "", ""),
    ("onbekend", "", "", "", ""),
    ("-", "", "", "", ""),
    ("Ben", "", "ben", "", ""),
]


@pytest.mark.parametrize(("typed", "prefix", "core", "second", "found"), SURNAMES, ids=[s[0] for s in SURNAMES])
def test_surname(typed: str, prefix: str, core: str, second: str, found: str) -> None:
    name = parsed(typed, prefix)
    assert (name.surname, name.surname_2, name.prefix) == (core, second, found)


def test_the_renderings_of_a_married_name_share_both_names() -> None:
    own_first = parsed("Jansen-de Vries", use="N")
    partner_first = parsed("de Vries-Jansen", use="V")
    in_fields = parsed("Jansen", partner="de Vries", use="E")
    for name in (own_first, partner_first, in_fields):
        assert {name.surname, name.surname_2} == {"jansen", "vries"}


def test_written_together_or_apart_is_one_name() -> None:
    assert parsed("el Ouali").joined == parsed("Elouali").joined
    assert parsed("el Ouali").sound == parsed("Elouali").sound


def test_a_chain_of_names_is_not_split() -> None:
    chain = parsed("Ali bin Mohammed", has_given=False)
    assert chain.is_chain
    assert chain.tokens == ("ali", "bin", "mohammed")
    assert not parsed("van den Berg", has_given=False).is_chain
    assert not parsed("Ali Mohammed", has_given=True).is_chain


ALIKE = [
    ("bruijn", "bruin"),
    ("bruijn", "bruyn"),
    ("meijer", "meyer"),
    ("meijer", "meier"),
    ("visser", "visscher"),
    ("jansen", "janssen"),
    ("schmidt", "smit"),
    ("dekker", "decker"),
    ("hendriks", "hendrix"),
    ("jong", "jongh"),
    ("kowalski", "kowalska"),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_sounds_alike(one: str, other: str) -> None:
    assert sound(one) == sound(other)


@pytest.mark.parametrize(
    ("one", "other"), [("vos", "bos"), ("berg", "burg"), ("smit", "smid" + "ers"), ("mulder", "bakker")]
)
def test_sounds_different(one: str, other: str) -> None:
    assert sound(one) != sound(other)


INITIALS = [
    ("J.C.", "jc"),
    ("j.c.", "jc"),
    ("JC", "jc"),
    ("J C", "jc"),
    ("Th.J.", "tj"),
    ("ThJ", "tj"),
    ("Ph.", "p"),
    ("Ch.", "c"),
    ("IJ.", "i"),
    ("Jan", "j"),
    ("", ""),
    ("onbekend", ""),
]


@pytest.mark.parametrize(("typed", "letters"), INITIALS, ids=[i[0] or "nothing" for i in INITIALS])
def test_initials(typed: str, letters: str) -> None:
    assert given.parse_initials(typed) == letters


GIVEN = [
    # given names, call name, initials; first given name, initials
    (("Johannes Cornelis", "Hans", ""), "johannes", "jc"),
    (("Theodora Maria", "", ""), "theodora", "tm"),
    (("", "Kees", ""), "kees", "k"),
    (("J.", "", ""), "", "j"),
    (("Anne-Marie", "", ""), "annemarie", "a"),
    (("", "", "Th.J."), "", "tj"),
    ((".", "", ""), "", ""),
]


@pytest.mark.parametrize(("typed", "first", "letters"), GIVEN, ids=[" ".join(g[0]) for g in GIVEN])
def test_given(typed: tuple[str, str, str], first: str, letters: str) -> None:
    found = given.parse(*typed)
    assert (found.given_name, found.initials) == (first, letters)


VARIANTS = [
    ("johannes", "hans", True),
    ("johannes", "jan", True),
    ("albertus", "bert", True),
    ("lambertus", "bert", True),
    ("albertus", "lambertus", False),
    ("mohamed", "mohammed", True),
    ("mehmet", "muhammad", True),
    ("fatima", "fatimah", True),
    ("jan", "piet", False),
]


@pytest.mark.parametrize(("one", "other", "expected"), VARIANTS)
def test_variants_are_many_to_many_and_never_chained(one: str, other: str, expected: bool) -> None:
    assert bool(set(given.variants(one)) & set(given.variants(other))) is expected


BIRTHS = [
    ("19840302", False, date(1984, 3, 2), date(1984, 3, 2), "day"),
    ("02-03-1984", False, date(1984, 3, 2), date(1984, 3, 2), "day"),
    ("19720000", False, date(1972, 1, 1), date(1972, 12, 31), "year"),
    ("19720500", False, date(1972, 5, 1), date(1972, 5, 31), "month"),
    ("19720101", True, date(1972, 1, 1), date(1972, 12, 31), "year"),
    ("19720701", True, date(1972, 1, 1), date(1972, 12, 31), "year"),
    ("19720101", False, date(1972, 1, 1), date(1972, 1, 1), "day"),
    ("20240229", False, date(2024, 2, 29), date(2024, 2, 29), "day"),
    ("20230229", False, None, None, "none"),
    ("19801331", False, None, None, "none"),
    ("800402", False, None, None, "none"),
    ("00000000", False, None, None, "none"),
    ("", False, None, None, "none"),
]


@pytest.mark.parametrize(("raw", "abroad", "first", "last", "precision"), BIRTHS)
def test_birth(raw: str, abroad: bool, first: date | None, last: date | None, precision: str) -> None:
    assert dates.parse(raw, abroad) == (first, last, precision)


ADDRESSES = [
    # number, letter, addition; house number, suffix
    (("12-a", "", ""), 12, "a"),
    (("12 A", "", ""), 12, "a"),
    (("12", "A", ""), 12, "a"),
    (("12", "", "a"), 12, "a"),
    (("12-1", "", ""), 12, "1"),
    (("12/1", "", ""), 12, "1"),
    (("12 bis", "", ""), 12, "bis"),
    (("9hs", "", ""), 9, "hs"),
    (("9 huis", "", ""), 9, "hs"),
    (("9", "", "II"), 9, "ii"),
    (("0", "", ""), None, ""),
    (("t/o 4", "", ""), None, ""),
    (("", "", ""), None, ""),
]


@pytest.mark.parametrize(("typed", "number", "suffix"), ADDRESSES, ids=[" ".join(a[0]) for a in ADDRESSES])
def test_house_number(typed: tuple[str, str, str], number: int | None, suffix: str) -> None:
    found = address.parse("", *typed, "", "")
    assert (found.house_number, found.house_suffix) == (number, suffix)


@pytest.mark.parametrize(("one", "other"), [("Dorpsstr.", "Dorpsstraat"), ("Laan v.d. Vrede", "Laan van de Vrede")])
def test_street(one: str, other: str) -> None:
    assert address.parse_street(one) == address.parse_street(other)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("7901 ab", "7901AB"), ("7901AB", "7901AB"), ("7901SS", ""), ("0901AB", ""), ("7901", ""), ("", "")],
)
def test_postcode(typed: str, expected: str) -> None:
    assert address.parse_postcode(typed) == expected


@drawn(st.text(max_size=60))
def test_all_that_is_compared_is_ascii(text: str) -> None:
    name, other = parsed(text, text, text, "V", False), given.parse(text, text, text)
    lived = address.parse(text, text, text, text, text, text)
    told = [*name[:6], *name.tokens, *other[:3], *other.variants, other.initials, lived.postcode, *lived[2:]]
    assert all(value.isascii() and value == value.strip() for value in told)
    assert fold.words(fold.words(text)) == fold.words(text)
