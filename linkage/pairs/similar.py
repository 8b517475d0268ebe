"""Texts whose Jaro-Winkler similarity (Winkler 1990) is too low, found from a few integers of each.

Most pairs of names are far apart, and the letters that one has and the other lacks show it: of texts with s and t
letters no more can match than either has in common with the other, so that with m of them the similarity of Jaro is at
most (m/s + m/t + 1) / 3. What may still be near is compared as text. Bytes stand for letters, as they do in the engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.int32]

LONGEST = 63
"""Bytes of a text beyond which it is always compared as text."""
PREFIX, BOOST = 4, 0.1
"""Winkler's reward for each of the first letters that are equal."""
SLACK = 1e-9
"""Sums of floats in another order differ by less."""
CLASSES = 32
"""Bytes are told apart modulo this: two that share a class make the bound weaker, never wrong."""


Letters = npt.NDArray[np.uint64]
"""(values, 2), of each value by its code. First the classes of bytes that it holds once, and those that it holds twice,
as bits; then its first bytes, and above them its length (0 if beyond `LONGEST`). They stand side by side, because what
takes time is fetching them."""


def letters(size: int, code: npt.NDArray[np.intp], texts: Sequence[str]) -> Letters:
    """Return the letters of texts that are not empty, each in the place of its code among ``size``."""
    found = np.zeros((size, 2), dtype=np.uint64)
    if not len(texts):
        return found
    encoded = [t.encode() for t in texts]
    length = np.fromiter(map(len, encoded), dtype=np.int64, count=len(encoded))
    flat = np.frombuffer(b"".join(encoded), dtype=np.uint8)
    starts = np.cumsum(length) - length
    kind = np.repeat(np.arange(len(encoded)) * CLASSES, length) + flat % CLASSES
    counts = np.bincount(kind, minlength=CLASSES * len(encoded)).reshape(-1, CLASSES)
    bit = np.uint64(1) << np.arange(CLASSES, dtype=np.uint64)
    found[code, 0] = (counts > 0) @ bit | ((counts > 1) @ bit) << np.uint64(CLASSES)
    first = np.where(length <= LONGEST, length, 0).astype(np.uint64) << np.uint64(32)
    for place in range(PREFIX):
        has = np.flatnonzero(length > place)
        first[has] |= flat[starts[has] + place].astype(np.uint64) << np.uint64(8 * place)
    found[code, 1] = first
    return found


def is_below(known: Letters, least: float, left: Codes, right: Codes) -> npt.NDArray[np.bool_]:
    """Tell for pairs of codes whether their similarity is surely below ``least``."""
    one, other = known.take(left, axis=0), known.take(right, axis=0)
    long, wide = ((each[:, 1] >> np.uint64(32)).astype(np.int32) for each in (one, other))
    lacks, lacked = (np.bitwise_count(a[:, 0] & ~b[:, 0]) for a, b in ((one, other), (other, one)))
    matched = np.minimum(long - lacks, wide - lacked)
    differ = (one[:, 1] ^ other[:, 1]).astype(np.uint32)
    shape = (long * (LONGEST + 1) + wide) * (PREFIX + 1)
    for place in range(1, PREFIX + 1):
        shape += (differ & np.uint32((1 << 8 * place) - 1)) == 0
    found: npt.NDArray[np.bool_] = matched < _needed(least)[shape]
    return found


@cache
def _needed(least: float) -> npt.NDArray[np.int16]:
    """Return how many letters must match, by both lengths and the letters that both begin with; flat.

    None where a length is 0: of such a text nothing is known.
    """
    size = np.arange(LONGEST + 1)
    matched = np.arange(LONGEST + 1)[:, None, None, None]
    long, wide = np.maximum(size, 1)[:, None, None], np.maximum(size, 1)[:, None]
    jaro = (matched / long + matched / wide + 1) / 3
    told = jaro + BOOST * np.arange(PREFIX + 1) * (1 - jaro) + SLACK
    needed: npt.NDArray[np.int16] = (told < least).sum(axis=0).astype(np.int16)
    # What is lacked is taken off a length of 0 too.
    needed[0], needed[:, 0] = -LONGEST - 1, -LONGEST - 1
    return needed.reshape(-1)
