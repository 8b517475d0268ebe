"""Given names, call names (roepnamen) and initials."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import NamedTuple

from linkage.intake.text.fold import plain, repair, words

_CHUNK = re.compile("onbekend|nvt|nn|IJ[a-z]*|[A-Z][a-z]+|[A-Z]|[a-z]+", re.ASCII)
"""What one initial is written as: Th, Ph, Ch and IJ are one by the BRP rule, so is a name written out; JC are two."""
_NORMAL = tuple(
    (re.compile(p), to)
    for p, to in (
        (r"ph", "f"),
        (r"th", "t"),
        (r"ou|oe|uu", "u"),
        (r"ck|cq|q|c(?=[^h]|$)", "k"),
        (r"ch|sh|sj", "s"),
        (r"kh|gh", "g"),
        (r"ij|y|j", "i"),
        (r"z", "s"),
        (r"w", "v"),
        (r"(.)\1+", r"\1"),
        (r"(?<=..)[eh]+$", ""),
    )
)


class Given(NamedTuple):
    """Given names as they are compared; empty where nothing is known."""

    given_names: str
    given_name: str
    call_name: str
    variants: tuple[str, ...]
    initials: str


def parse(given_names: str, call_name: str, initials: str) -> Given:
    """Return the comparable parts; initials come from the given names where none are typed."""
    names = words(plain(given_names).replace("-", ""))
    call = words(plain(call_name).replace("-", ""))
    called = call.partition(" ")[0]
    first = names.partition(" ")[0] or called
    if len(first) == 1:
        # A single letter in the field of names is an initial.
        called = called if len(called) > 1 else ""
        typed = parse_initials(given_names) or parse_initials(initials)
        return Given("", called, called and call, variants(called), typed)
    letters = parse_initials(initials) or "".join(n[0] for n in names.split()) or call[:1]
    return Given(names, first, call, variants(first, called), letters)


def parse_initials(text: str) -> str:
    """Return initials as letters: ``Th.J.`` is tj, ``JC`` and ``j.c.`` are jc, ``Jan`` is j."""
    letters = ""
    for chunk in _CHUNK.findall(_ascii(text)):
        if chunk.lower() in ("onbekend", "nn", "nvt"):
            return ""
        letters += chunk[0].lower()
    return letters[:8]


def normal_form(name: str) -> str:
    """Return one spelling for the ways in which a name is transliterated (Mohammed, Mohamad; Fatima, Fatimah)."""
    for pattern, to in _NORMAL:
        name = pattern.sub(to, name)
    return name


def variants(*names: str) -> tuple[str, ...]:
    """Return the names with their normal forms and the groups of variants that they belong to, sorted.

    Groups are many to many (Bert is Albertus and Lambertus) and never closed transitively: two names are variants
    when one group holds both.
    """
    found: set[str] = set()
    for name in filter(None, names):
        found |= {name, "~" + normal_form(name), *_groups().get(name, ())}
    return tuple(sorted(found))


def _ascii(text: str) -> str:
    from anyascii import anyascii

    return anyascii(repair(text[:40]))


@cache
def _groups() -> dict[str, tuple[str, ...]]:
    listed = tomllib.loads((Path(__file__).parent / "variants.toml").read_text(encoding="utf-8"))
    groups: defaultdict[str, set[str]] = defaultdict(set)
    for number, names in enumerate(listed["groups"]):
        for name in names.split():
            groups[name].add(f"={number}")
    return {name: tuple(sorted(found)) for name, found in groups.items()}
