"""What goes wrong between a name on a card and a name in a computer: small functions on text.

Kinds of error and spelling pairs follow the domain study, 2.1 to 2.3 and 2.6.
"""

from __future__ import annotations

from collections.abc import Callable

from anyascii import anyascii

from linkage.simulate.dice import Dice

SPELLING_PAIRS = (
    ("ij", "y"),
    ("y", "ij"),
    ("ck", "k"),
    ("k", "c"),
    ("c", "k"),
    ("dt", "d"),
    ("d", "dt"),
    ("z", "s"),
    ("s", "z"),
    ("ae", "aa"),
    ("aa", "ae"),
    ("v", "f"),
    ("ch", "g"),
    ("ouw", "ou"),
    ("ui", "uy"),
    ("ei", "ij"),
    ("ss", "s"),
    ("n", "nn"),
)
SCAN_PAIRS = (
    ("rn", "m"),
    ("m", "rn"),
    ("l", "i"),
    ("i", "l"),
    ("e", "c"),
    ("h", "b"),
    ("u", "v"),
    ("cl", "d"),
    ("o", "0"),
)
NEIGHBOURS = {
    "a": "sqz", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo", "j": "hk",
    "k": "jl", "l": "k", "m": "n", "n": "bm", "o": "ip", "p": "o", "q": "wa", "r": "et", "s": "ad", "t": "ry",
    "u": "yi", "v": "cb", "w": "qe", "x": "zc", "y": "tu", "z": "xs",
}  # fmt: skip

PREFIX_SHORT = {
    "van der": ("v.d.", "vd", "v/d", "v d", "van de", "v.d"),
    "van den": ("v.d.", "vd", "v/d", "van de"),
    "van de": ("v.d.", "vd", "v/d", "van der"),
    "van": ("v.", "v"),
    "van 't": ("v't", "vant", "van t"),
    "de": ("d.", "d"),
    "in 't": ("in t",),
    "op den": ("op de",),
    "den": ("de",),
    "el": ("El", "al"),
    "al": ("Al", "el"),
}
STREET_SHORT = (
    ("Burgemeester", "Burg."),
    ("Professor", "Prof."),
    ("Doctor", "Dr."),
    ("Dominee", "Ds."),
    ("Prinses", "Prs."),
    ("Prins", "Pr."),
    ("Koningin", "Kon."),
    ("Minister", "Min."),
    ("van der", "v d"),
    ("straat", "str."),
    ("laan", "ln"),
    ("singel", "sngl"),
    ("plein", "pln"),
)


def transpose(dice: Dice, text: str) -> str:
    """Two neighbouring letters change places."""
    for _ in range(4):
        i = dice.below(len(text) - 1)
        if text[i].lower() != text[i + 1].lower():
            swapped = text[:i] + text[i + 1] + text[i] + text[i + 2 :]
            return swapped[0].upper() + swapped[1:].lower() if i == 0 else swapped
    return delete(dice, text)


def delete(dice: Dice, text: str) -> str:
    """One letter is left out, seldom the first."""
    i = 1 + dice.below(len(text) - 1)
    return text[:i] + text[i + 1 :]


def insert(dice: Dice, text: str) -> str:
    """A letter is struck twice, or one beside it comes along."""
    i = dice.below(len(text))
    extra = text[i].lower() if dice.chance(0.5) else dice.pick(NEIGHBOURS.get(text[i].lower(), "e"))
    return text[: i + 1] + extra + text[i + 1 :]


def substitute(dice: Dice, text: str) -> str:
    """The key beside the right one."""
    i = dice.below(len(text))
    other = dice.pick(NEIGHBOURS.get(text[i].lower(), "e"))
    return text[:i] + (other.upper() if text[i].isupper() else other) + text[i + 1 :]


def _swap_pair(dice: Dice, text: str, pairs: tuple[tuple[str, str], ...]) -> str:
    start = dice.below(len(pairs))
    for k in range(len(pairs)):
        old, new = pairs[(start + k) % len(pairs)]
        at = text.find(old, 1)
        if at > 0:
            return text[:at] + new + text[at + len(old) :]
    return substitute(dice, text)


def respell(dice: Dice, text: str) -> str:
    """Another spelling of the same sound."""
    return _swap_pair(dice, text, SPELLING_PAIRS)


def misread(dice: Dice, text: str) -> str:
    """A letter that a scanner takes for another."""
    return _swap_pair(dice, text, SCAN_PAIRS)


_MISTAKES: tuple[Callable[[Dice, str], str], ...] = (
    transpose, delete, insert, substitute, respell, respell, respell, misread,
)  # fmt: skip


def typo(dice: Dice, text: str) -> str:
    """The text with one typing error, always different from what it was."""
    if len(text) < 3:
        return text + text[-1:].lower()
    for _ in range(6):
        wrong = dice.pick(_MISTAKES)(dice, text)
        if wrong != text:
            return wrong
    return delete(dice, text)


def fold(text: str) -> str:
    """Without diacritics."""
    return text if text.isascii() else anyascii(text)


def mojibake(text: str) -> str:
    """UTF-8 read as Windows-1252: Käster becomes KÃ¤ster."""
    return text.encode("utf-8").decode("cp1252", errors="replace").replace("\ufffd", "?")


def umlauts_out(text: str) -> str:
    """Özdemir as Oezdemir, the way a German keyboard habit writes it."""
    for old, new in (
        ("ö", "oe"),
        ("Ö", "Oe"),
        ("ü", "ue"),
        ("Ü", "Ue"),
        ("ş", "sh"),
        ("Ş", "Sh"),
        ("ı", "i"),
        ("ç", "ch"),
    ):
        text = text.replace(old, new)
    return text


def wrong_date(dice: Dice, year: int, month: int, day: int) -> str:
    """Half of the errors swap day and month, the others are a digit or a year off; a few are no date at all."""
    if day <= 12 and day != month:
        return f"{year:04d}{day:02d}{month:02d}"
    kind = dice.random()
    if kind < 0.35:
        return f"{year + dice.pick((-1, 1, -10, 10)):04d}{month:02d}{day:02d}"
    if kind < 0.70:
        other = dice.pick([d for d in (day - 1, day + 1, day - 10, day + 3) if 1 <= d <= 28 and d != day])
        return f"{year:04d}{month:02d}{other:02d}"
    if kind < 0.95:
        return f"{year:04d}{month % 12 + 1:02d}{day:02d}"
    return f"{year:04d}02{dice.pick((30, 31))}"


def wrong_postcode(dice: Dice, postcode: str) -> str:
    """Two digits swapped, one letter wrong, or the digits alone."""
    kind = dice.random()
    if kind < 0.4:
        return postcode[:2] + postcode[3] + postcode[2] + postcode[4:] if postcode[2] != postcode[3] else postcode[:4]
    if kind < 0.8:
        return postcode[:5] + dice.pick([c for c in "ABCEGHKLPRTX" if c != postcode[5]])
    return postcode[:4]


def wrong_digit(dice: Dice, number: str) -> str:
    """One digit differs, so the eleven-test fails."""
    i = 3 + dice.below(len(number) - 3)
    return number[:i] + str((int(number[i]) + 1 + dice.below(9)) % 10) + number[i + 1 :]


def short_street(street: str) -> str:
    """The street the way the 24-character field forces it."""
    for long, short in STREET_SHORT:
        street = street.replace(long, short)
    return street
