"""The indicators K1-K25 as ``schemas/kpi.toml`` defines them: one text for the tables, the pages and the dictionary."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from linkage import contracts
from linkage.contracts import SCHEMAS
from linkage.errors import ContractError

QUANTILES = {"median": 0.5, "p75": 0.75, "p90": 0.9}
"""The parts of a figure in days."""

ALL = "all"
"""The part of a figure that has none, the scope of the total, the period of the whole window."""


@dataclass(frozen=True)
class Figure:
    """One figure of an indicator; ``schemas/kpi.toml`` tells what each key means."""

    kpi_code: str
    name: str
    nl: str
    unit: str
    parts: tuple[str, ...] = (ALL,)
    counts: str | None = None
    of: str | None = None
    norm: float | None = None
    needs: str | None = None
    absent: str | None = None
    truth: bool = False
    distinct: bool = False
    repeats: bool = False

    @property
    def is_distribution(self) -> bool:
        """Whether the numerators of the parts sum to the denominator."""
        return self.unit == "share" and self.parts != (ALL,) and not self.repeats

    def numerator(self, part: str) -> str:
        """Return the name of the quantity that is counted."""
        return (
            (self.counts or f"{self.kpi_code}.{self.name}.{{part}}.n").replace("{part}", part).replace(".all.n", ".n")
        )

    def denominator(self, part: str) -> str:
        """Return the name of the quantity that it is counted over."""
        return self.of or f"{self.kpi_code}.{self.name}.{part if self.repeats else ALL}.d"


@dataclass(frozen=True)
class Indicator:
    """One indicator, with the texts that explain it to a manager (``nl``) and to an analyst."""

    code: str
    nl: str
    en: str
    numerator: str
    denominator: str
    window: str
    edge: str
    audience: tuple[str, ...]
    figures: tuple[Figure, ...]
    scopes: tuple[str, ...] = ("municipality",)
    period: str = "year"


@cache
def indicators() -> tuple[Indicator, ...]:
    """Return all indicators by code; raises `ContractError` for a definition that cannot be read."""
    return tuple(_indicators())


def figures() -> Iterator[Figure]:
    """Yield the figures of all indicators."""
    for indicator in indicators():
        yield from indicator.figures


@cache
def sums() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the quantities that are a sum of others: the declared ones, and the denominator of every list of parts."""
    declared = tuple((name, tuple(parts)) for name, parts in _raw()["sums"].items())
    listed = tuple(
        (figure.denominator(ALL), tuple(figure.numerator(part) for part in figure.parts))
        for figure in figures()
        if figure.is_distribution
    )
    return declared + listed


@cache
def kept() -> frozenset[str]:
    """Return the quantities that are withheld last, when a count has to be withheld to protect another."""
    return frozenset(_raw()["release"]["keep"])


def _raw() -> dict[str, Any]:
    try:
        return tomllib.loads((SCHEMAS / "kpi.toml").read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ContractError(f"schemas/kpi.toml: {error}") from None


def _indicators() -> Iterator[Indicator]:
    units = contracts.codes("kpi_unit").codes
    for code, spec in _raw().items():
        if code in ("sums", "release"):
            continue
        try:
            listed = spec.pop("figures")
            figures = tuple(_figure(code, name, dict(figure)) for name, figure in listed.items())
            audience, scopes = tuple(spec.pop("for")), tuple(spec.pop("scopes", ("municipality",)))
            yield Indicator(code, audience=audience, scopes=scopes, figures=figures, **spec)
        except (KeyError, TypeError) as error:
            raise ContractError(f"schemas/kpi.toml: {code}: {error}") from None
        if wrong := [figure.name for figure in figures if figure.unit not in units]:
            raise ContractError(f"schemas/kpi.toml: {code}: unknown unit of {', '.join(wrong)}")


def _figure(code: str, name: str, spec: dict[str, Any]) -> Figure:
    return Figure(code, name, **spec | {"parts": tuple(spec.get("parts", (ALL,)))})
