"""An upper bound of the Jaro-Winkler similarity (Winkler 1990) of two texts, from a few integers of each.

Most pairs of names are far apart, and the letters that one has and the other lacks show it: of texts with lengths s
and t no more letters can match than either has in common with the other, so that with m of them the similarity of
Jaro is at most (m/s + m/t + 1) / 3. What may still be near is compared as text. Bytes stand for letters, as they do
in the engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

PREFIX, BOOST = 4, 0.1
"""Winkler's reward for each of the first letters that are equal."""
SLACK = 1e-9
"""Sums of floats in another order differ by less."""
CLASSES = 32
"""Bytes are told apart modulo this: two that share a class make the bound weaker, never wrong."""


@dataclass(frozen=True)
class Letters:
    """By code of a value: ``length`` in bytes, ``letters`` (a bit for each class that it has once, and for each twice),
    and its first bytes. Place 0 stands for null.
    """

    length: npt.NDArray[np.float64]
    letters: npt.NDArray[np.uint64]
    start: npt.NDArray[np.uint32]


def letters(size: int, code: npt.NDArray[np.intp], texts: Sequence[str]) -> Letters:
    """Return the letters of texts that are not empty, each in the place of its code among ``size``."""
    found = Letters(np.ones(size), np.zeros(size, dtype=np.uint64), np.zeros(size, dtype=np.uint32))
    if not len(texts):
        return found
    encoded = [t.encode() for t in texts]
    length = np.fromiter(map(len, encoded), dtype=np.int64, count=len(encoded))
    flat = np.frombuffer(b"".join(encoded), dtype=np.uint8)
    starts = np.cumsum(length) - length
    kind = np.repeat(np.arange(len(encoded)) * CLASSES, length) + flat % CLASSES
    counts = np.bincount(kind, minlength=CLASSES * len(encoded)).reshape(-1, CLASSES)
    bit = np.uint64(1) << np.arange(CLASSES, dtype=np.uint64)
    found.letters[code] = (counts > 0) @ bit | ((counts > 1) @ bit) << np.uint64(CLASSES)
    found.length[code] = length
    first = np.zeros(len(encoded), dtype=np.uint32)
    for place in range(PREFIX):
        has = np.flatnonzero(length > place)
        first[has] |= flat[starts[has] + place].astype(np.uint32) << np.uint32(8 * place)
    found.start[code] = first
    return found


def at_most(known: Letters, left: Codes, right: Codes) -> Floats:
    """Return an upper bound of the similarity of each pair of codes."""
    one, other = known.letters[left], known.letters[right]
    long, wide = known.length[left], known.length[right]
    matched = np.minimum(long - np.bitwise_count(one & ~other), wide - np.bitwise_count(other & ~one))
    jaro = (matched / long + matched / wide + 1) / 3
    differ = known.start[left] ^ known.start[right]
    prefix = np.zeros(len(left))
    for place in range(1, PREFIX + 1):
        prefix += (differ & np.uint32((1 << 8 * place) - 1)) == 0
    bounded: Floats = jaro + BOOST * prefix * (1 - jaro) + SLACK
    return bounded
