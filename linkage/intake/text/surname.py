"""Dutch surnames: prefixes (tussenvoegsels), own and partner's names in all renderings, chains of names.

Prefixes follow the national table 36 of the BRP and the informal spellings of exports. A prefix is compared
apart from the core: dropping it merges different families, comparing it strictly splits one family.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from linkage.intake.text.fold import plain, words
from linkage.intake.text.sound import sound

_TABLE_36 = """
aan|aan t|aan de|aan den|aan der|aan het|af|al|am|am de|auf|auf dem|auf den|auf der|auf ter|aus|aus dem|aus den|aus der
aus m|ben|bij|bij t|bij de|bij den|bij het|bin|boven d|d|da|dal|dalla|das|de|de die|de die le|de l|de la|de las|de le
de van der|deca|degli|dei|del|della|den|der|des|di|die|die le|do|don|dos|du|el|het|i|im|in|in t|in de|in den|in der
in het|l|la|las|le|les|lo|los|of|onder|onder t|onder de|onder den|onder het|op|op t|op de|op den|op der|op gen|op het
op ten|over|over t|over de|over den|over het|s|s t|t|te|ten|ter|tho|thoe|thor|to|toe|tot|uijt|uijt t|uijt de|uijt den
uijt te de|uijt ten|uit|uit t|uit de|uit den|uit het|uit te de|uit ten|unter|van|van t|van de|van de l|van den|van der
van gen|van het|van la|van ter|van van de|ver|vom|von|von t|von dem|von den|von der|voor|voor t|voor de|voor den
voor in t|vor|vor der|zu|zum|zur|v|v d|vd|v h|vh|v t|v de|v den|v der|vande|vanden|vander|vd r|v d r|vt
"""
PREFIXES = frozenset(tuple(p.split()) for p in re.split(r"[|\n]", _TABLE_36) if p.strip())
_LONGEST = max(map(len, PREFIXES))
_ALSO_NAMES = frozenset({"el", "al", "ben", "ten", "ter", "bin", "don", "das", "del", "de"})
"""Prefixes that stay when less than three letters would be left."""
_CLASSES = {
    "v": "van+",
    "d": "de+",
    "t": "te+",
    "e": "el+",
    "a": "aan+",
    "i": "in+",
    "o": "op+",
    "u": "uit+",
    "l": "la+",
}


class Surname(NamedTuple):
    """A surname as it is compared; empty strings where nothing is known."""

    surname: str
    surname_2: str
    prefix: str
    joined: str
    sound: str
    sound_2: str
    is_chain: bool
    tokens: tuple[str, ...]


def split_prefix(name: list[str]) -> tuple[list[str], list[str]]:
    """Return prefix and core of the words of a surname, longest prefix first; the core is never empty."""
    for size in range(min(_LONGEST, len(name) - 1), 0, -1):
        head, core = tuple(name[:size]), name[size:]
        if head in PREFIXES and not (head[-1] in _ALSO_NAMES and sum(map(len, core)) < 3):
            return list(head), core
    return [], name


def _split_trailing(name: list[str]) -> tuple[list[str], list[str]]:
    """Return core and prefix where the prefix stands behind the name without a comma (``Berg v.d.``)."""
    for size in range(min(_LONGEST, len(name) - 1), 0, -1):
        tail = tuple(name[-size:])
        if tail in PREFIXES and tail[0] not in _ALSO_NAMES and max(map(len, tail)) < 4:
            return name[:-size], list(tail)
    return name, []


def prefix_class(prefix: list[str]) -> str:
    """Return the class of a prefix: van de, van der, v.d. and von are one class, so are de, den, der and het."""
    if not prefix:
        return ""
    first = prefix[0]
    if first in ("al", "el"):
        return "el+"
    if first in ("het", "t", "s"):
        return "de+"
    return _CLASSES.get(first[0], first)


def is_prefix(text: list[str]) -> bool:
    """Tell whether words are nothing but prefixes (``van der``, ``v d``)."""
    return bool(text) and (tuple(text) in PREFIXES or all((w,) in PREFIXES for w in text))


def parse(surname: str, prefix: str, partner: str, name_use: str, has_given: bool) -> Surname:
    """Return the comparable parts of a name as it was typed, in whatever field it stands.

    ``Berg, v.d.`` and ``van den Berg`` give the same; ``BERG-DE VRIES, VAN DER`` gives berg and vries. Without
    given name and initials, several words are a chain of names, compared by their words.
    """
    own, found_prefix, second = _parts(surname)
    own_prefix = words(prefix).split() or found_prefix
    if name_use == "V" and second and not words(partner):
        own, second, own_prefix = second, own, words(prefix).split()
    other, _, _ = _parts(partner)
    # A partner's name that repeats the own one adds nothing; the half of a double name then stands in for it.
    other = other if other and other != own else second
    core, second_core = " ".join(own), " ".join(other) if other != own else ""
    return Surname(
        core,
        second_core,
        prefix_class(own_prefix),
        "".join(own_prefix + own),
        # El and al belong to the sound: Elouali and el Ouali are one name.
        sound("".join(own_prefix + own) if own_prefix[:1] in (["el"], ["al"]) else core),
        sound(second_core),
        not has_given and len(own) > 1,
        tuple(own),
    )


def _parts(text: str) -> tuple[list[str], list[str], list[str]]:
    """Return core and prefix of the first name in a field, and the core of a second one behind a hyphen."""
    name, _, behind = plain(text).partition(",")
    pieces = [words(piece).split() for piece in re.split(r"-|\s/\s", name)]
    pieces = [piece for piece in pieces if piece]
    if not pieces:
        return [], [], []
    if len(pieces) > 1 and is_prefix(pieces[0]):
        pieces = [pieces[0] + pieces[1], *pieces[2:]]
    prefix, core = split_prefix(pieces[0])
    trailing = words(behind).split()
    if is_prefix(trailing):
        prefix = trailing
    elif not prefix:
        core, prefix = _split_trailing(core)
    return core, prefix, split_prefix(pieces[1])[1] if len(pieces) > 1 else []
