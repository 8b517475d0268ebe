"""What is said of families, as ``schemas/`` has it: tags and terms, and what puts a family on the agenda."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

from linkage import contracts
from linkage.errors import ContractError


@cache
def family() -> dict[str, Any]:
    """Return ``schemas/family.toml``; raises `ContractError` when it cannot be read or names what no list knows."""
    try:
        raw = tomllib.loads((contracts.SCHEMAS / "family.toml").read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ContractError(f"schemas/family.toml: {error}") from None
    for section, listed in (("tags", "family_tag"), ("terms", "term")):
        if raw[section].keys() != contracts.codes(listed).codes.keys():
            raise ContractError(f"schemas/family.toml: {section} are not those of schemas/codes/{listed}.toml")
    return raw


@dataclass(frozen=True)
class Reason:
    """One reason; ``schemas/agenda.toml`` tells what each key means."""

    code: str
    nl: str
    en: str
    question: str
    question_en: str
    fact: str
    points: int
    at_least: int | None = None
    at_most: int | None = None
    each: bool = False
    most: int | None = None

    def value(self, fact: int | None) -> int:
        """Return the points that a fact gives, 0 where the reason does not hold."""
        if fact is None or (self.at_least is not None and fact < self.at_least):
            return 0
        if self.at_most is not None and fact > self.at_most:
            return 0
        given = self.points * fact if self.each else self.points
        return given if self.most is None else min(given, self.most)


@dataclass(frozen=True)
class Agenda:
    """The reasons in their order, how many households an agenda has, and from how many points on."""

    reasons: tuple[Reason, ...]
    facts: tuple[str, ...]
    most: int
    least: int


@cache
def agenda() -> Agenda:
    """Return ``schemas/agenda.toml``; raises `ContractError` when a reason cannot be read or asks an unknown fact."""
    try:
        raw = tomllib.loads((contracts.SCHEMAS / "agenda.toml").read_text(encoding="utf-8"))
        reasons = tuple(Reason(code, **spec) for code, spec in raw["reasons"].items())
        found = Agenda(reasons, tuple(raw["facts"]), int(raw["most"]), int(raw["least"]))
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise ContractError(f"schemas/agenda.toml: {error}") from None
    for one in reasons:
        if one.fact not in found.facts:
            raise ContractError(f"schemas/agenda.toml: {one.code} asks {one.fact}, which is no fact")
        if one.points <= 0 or (one.at_least is None and one.at_most is None):
            raise ContractError(f"schemas/agenda.toml: {one.code} needs points above 0, and at_least or at_most")
    return found
