"""What is said of families, as ``schemas/`` has it: tags and terms, and what puts a family on the agenda."""

from __future__ import annotations

import tomllib
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
