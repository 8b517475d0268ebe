"""Text to ASCII lower case: everything that is compared is folded here, once.

DuckDB's string distances work on bytes, so an accent that survived would count as two edits.
"""

from __future__ import annotations

import re

from anyascii import anyascii

LONGEST = 200
"""Characters that are looked at: a longer field is not a name."""
JUNK = frozenset(
    (
        *("onbekend", "onb", "nog onbekend", "unknown", "n", "nn", "n n", "nb", "n b", "niet bekend", "niet ingevuld"),
        *("nvt", "n v t", "geen", "x", "xx", "xxx"),
    )
)
"""What clerks type for nothing, after folding; ``.`` (the BRP's standard value) folds to nothing by itself."""

_MOJIBAKE = re.compile("[ÃÂÅÄ][\u0080-\u00ff\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u2122]")
_APOSTROPHE = re.compile("['’‘`´ʼ]")
_NOT_LETTER = re.compile("[^a-z]+")
_NOT_LETTER_OR_DIGIT = re.compile("[^a-z0-9]+")


def repair(text: str) -> str:
    """Undo UTF-8 that was read as Windows-1252 (``KÃ¤ster`` is Käster); other text comes back as it was."""
    if not _MOJIBAKE.search(text):
        return text
    try:
        return text.encode("cp1252").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return text


def plain(text: str) -> str:
    """Return repaired ASCII lower case, punctuation kept, apostrophes deleted (``'t`` is ``t``)."""
    return anyascii(_APOSTROPHE.sub("", repair(text[:LONGEST].strip()))).lower()


def words(text: str | None) -> str:
    """Return the words of a name, letters only, one space between; empty for nothing or junk."""
    found = _NOT_LETTER.sub(" ", plain(text or "")).strip()
    return "" if found in JUNK else found


def alphanumeric(text: str | None) -> str:
    """Return words with digits kept, for addresses and codes."""
    found = _NOT_LETTER_OR_DIGIT.sub(" ", plain(text or "")).strip()
    return "" if found in JUNK else found
