"""A sound key for Dutch surnames: what sounds alike in Dutch, or is spelled both ways in registers, gets one key.

A blocking key, never an equality: the rules (ij and y, ck and k, z and s, dt and t, ouw and ou, doubled letters)
are those by which surnames of one family are found spelled, and the key leaves the order of consonants intact.
"""

from __future__ import annotations

import re

_RULES = tuple(
    (re.compile(pattern), to)
    for pattern, to in (
        (r"sch", "s"),
        (r"ij|ei|ey|ay|ai", "y"),
        (r"ouw|auw|ou|au|oe", "u"),
        (r"ae", "a"),
        (r"ue", "u"),
        (r"ck|cq|q|c(?=[^eiyh]|$)", "k"),
        (r"c(?=[eiy])", "s"),
        (r"x", "ks"),
        (r"ph|v|w", "f"),
        (r"ch|gh", "g"),
        (r"sz|cz|tz|ts|zs|z", "s"),
        (r"dt|th|d$", "t"),
        (r"[ij]", "y"),
        (r"h", ""),
        (r"sky$|ska$", "sk"),
        (r"(.)\1+", r"\1"),
        (r"(?<=.)[aeuoy]$", ""),
        (r"(?<=..)en$", ""),
    )
)


def sound(name: str) -> str:
    """Return the sound key of a folded surname; empty for an empty one."""
    key = name.replace(" ", "")
    for pattern, to in _RULES:
        key = pattern.sub(to, key)
    return key or name.replace(" ", "")
