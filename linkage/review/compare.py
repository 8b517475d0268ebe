"""Two mentions side by side: a row per field, with what the comparison of the night found there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from linkage.review.evidence import Evidence
    from linkage.review.reading import Mention
    from linkage.review.texts import Texts

CONTEXT_ENDS = ("_no_birth", "_no_given", "_little")
"""What else could be compared is told by the levels of ``context`` too; a reader sees that in the other rows."""


@dataclass(frozen=True)
class Field:
    """One row: the field, both values, how they compare (same, near, other, unknown) and in words."""

    name: str
    left: str | None
    right: str | None
    mark: str
    told: str
    is_closed: bool = False


def compared(texts: Texts, left: Mention, right: Mention, found: Evidence, *, closed: bool) -> list[Field]:
    """Return the rows of which at least one side knows something; an address that is ``closed`` is compared only."""
    levels = {part.comparison: part.level for part in found.parts}
    values = {name: (value(left, texts), value(right, texts)) for name, value in _FIELDS.items()}
    rows = [_field(texts, name, both, levels, closed=closed) for name, both in values.items()]
    return [row for row in rows if row.left or row.right or row.name in levels]


def unknown(rows: Sequence[Field]) -> list[str]:
    """Return the fields that neither side knows."""
    shown = {row.name for row in rows}
    return [name for name in _FIELDS if name not in shown and name not in _OPTIONAL]


def meaning(texts: Texts, comparison: str, level: str | None) -> tuple[str, str]:
    """Return how a level marks a row, and what it says."""
    if not level:
        return "unknown", str(texts["level.start" if comparison == "start" else "level.unknown"])
    if comparison == "context":
        for end in CONTEXT_ENDS:
            level = level.removesuffix(end)
    mark, text = texts[f"level.{comparison}.{level}"]
    return str(mark), str(text)


def _field(
    texts: Texts,
    name: str,
    values: tuple[str | None, str | None],
    levels: Mapping[str, str],
    *,
    closed: bool,
) -> Field:
    one, other = values[0] or None, values[1] or None
    if name == "initials" and name not in levels:
        return Field(name, None, None, "unknown", "")
    if name in _CIRCUMSTANCES:
        return Field(name, one, other, "", "")
    if name == "birth_country" or (name == "sex" and name not in levels):
        return Field(name, one, other, *_plain(texts, one, other))
    mark, told = meaning(texts, name, levels.get(name))
    return Field(name, one, other, mark, told, is_closed=closed and name == "address")


def _plain(texts: Texts, one: str | None, other: str | None) -> tuple[str, str]:
    """Return how two values compare that no comparison of the model looks at."""
    mark = "unknown" if one is None or other is None else "same" if one.casefold() == other.casefold() else "other"
    return mark, str(texts[f"plain.{mark}"])


def _known(texts: Texts, is_known: bool) -> str | None:
    return str(texts["field.known"]) if is_known else None


def _given(mention: Mention, _: Texts) -> str:
    """Return the given names with the call name, or the initials where there are none."""
    names = mention.given_names or mention.call_name or mention.initials
    called = mention.call_name
    return f"{names} ({called})" if called and called.casefold() not in names.casefold() else names


_FIELDS: Mapping[str, Callable[[Mention, Texts], str | None]] = {
    "surname": lambda m, _: " / ".join(part for part in (m.surname, m.partner) if part),
    "given": _given,
    "initials": lambda m, _: m.initials,
    "birth": lambda m, texts: texts.birth(m.birth),
    "sex": lambda m, texts: texts.label("sex", m.sex) if m.sex else None,
    "address": lambda m, _: m.address,
    "phone": lambda m, texts: _known(texts, m.has_phone),
    "identifier": lambda m, texts: _known(texts, m.bsn_status == "valid"),
    "source_person": lambda m, _: m.source_person_id,
    "birth_country": lambda m, _: m.birth_country,
    "role": lambda m, texts: texts.label("role", m.role),
    "relation": lambda m, _: m.relation,
    "context": lambda *_: None,
}
_CIRCUMSTANCES = ("role", "relation")
"""Of the record more than of the person: shown, and neither for nor against."""
_OPTIONAL = ("initials", "role", "relation", "context")
