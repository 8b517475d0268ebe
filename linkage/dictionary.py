"""The data dictionary, written from ``schemas/`` so that it cannot say anything else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from linkage import contracts, definitions, indicators
from linkage.contracts import SCHEMAS, CodeList, Column, Table

_ZONES = {
    "case_view": "Tables of `case_view.duckdb`",
    "restricted": "Tables of `restricted.duckdb` only",
    "work": "Tables of the working database, dropped before publication",
}

_HEAD = """# Data dictionary

Written by `inbeeld dictionary` from `schemas/`; do not edit. Every comment below is also a comment in the database.
Columns that end in `_at` are local times in Europe/Amsterdam, `_date` and `_on` are days, `_code` has a code list.
"""


def render() -> str:
    """Return the whole dictionary as Markdown."""
    return "\n".join(_lines()).rstrip() + "\n"


def page() -> str:
    """Return the whole dictionary as one page, with a link from every column to its codes."""
    from linkage import __version__
    from linkage.reports.layout import HERE, sheet

    return sheet(
        "dictionary.html.j2",
        HERE,
        "dictionary.css",
        {},
        title="Data dictionary",
        version=__version__,
        zones=[(zone, title.replace("`", ""), list(contracts.tables(zone))) for zone, title in _ZONES.items()],
        indicators=indicators.indicators(),
        family=definitions.family(),
        codes=[contracts.codes(path.stem) for path in sorted((SCHEMAS / "codes").glob("*.toml"))],
        profiles=[(name, contracts.profile(name)) for name in contracts.profiles()],
    )


def _lines() -> Iterator[str]:
    yield _HEAD
    for zone, title in _ZONES.items():
        yield f"## {title}\n"
        for table in contracts.tables(zone):
            yield from _table(table)
    yield from _indicators()
    yield from _families()
    yield "## Code lists\n"
    for path in sorted((SCHEMAS / "codes").glob("*.toml")):
        yield from _codes(contracts.codes(path.stem))
    yield "## Source profiles\n"
    for name in contracts.profiles():
        yield from _profile(name, contracts.profile(name))


def _indicators() -> Iterator[str]:
    """What every indicator counts, for whom, and what to think of when reading it."""
    yield "## Indicators\n\nThe rows of table `kpi`, declared in `schemas/kpi.toml`.\n"
    yield "P: incidents that count. C: reports of contact type melding. W, T: `late_days` and `timely_days`.\n"
    for one in indicators.indicators():
        yield f"### {one.code} {one.en}\n\n{one.nl}. For: {', '.join(one.audience)}.\n"
        for name in ("numerator", "denominator", "window", "edge"):
            yield f"- {name}: {_cell(getattr(one, name))}"
        yield "\n| figure | Dutch | unit | parts | norm |\n|---|---|---|---|---|"
        for figure in one.figures:
            parts = "" if figure.parts == (indicators.ALL,) else ", ".join(f"`{part}`" for part in figure.parts)
            missing = f", not delivered: {figure.absent}" if figure.absent else ""
            norm = "" if figure.norm is None else f"{figure.norm:.0%}"
            yield f"| `{figure.name}` | {_cell(figure.nl)} | {figure.unit}{missing} | {parts} | {norm} |"
        yield ""


def _table(table: Table) -> Iterator[str]:
    key = ", ".join(f"`{name}`" for name in table.key)
    yield f"### {table.name}\n\n{_cell(table.comment)}" + (f" Key: {key}." if key else "") + "\n"
    yield "| column | type | comment |\n|---|---|---|"
    for column in table.columns:
        yield f"| `{column.name}` | {_type(column)} | {_cell(column.comment)}{_code(column)} |"
    yield ""


def _type(column: Column) -> str:
    return f"{column.type}{', never empty' if column.required else ''}{', identifying' if column.identifying else ''}"


def _code(column: Column) -> str:
    return f" (codes: [{column.codes}](#codes-{column.codes}))" if column.codes else ""


def _families() -> Iterator[str]:
    """What gives a household a tag, and the terms that reports have."""
    raw = definitions.family()
    yield "## Families\n\nTags of `household_tag`, declared in `schemas/family.toml`: any evidence gives it.\n"
    yield "| tag | Dutch | evidence |\n|---|---|---|"
    for tag, spec in raw["tags"].items():
        told = [f"{name}: {_listed(value)}" for name, value in spec.items() if name not in ("nl", "en")]
        yield f"| `{tag}` | {_cell(spec['nl'])} | {_cell('; '.join(told))} |"
    yield "\nTerms of `report_term`.\n\n| term | Dutch | from | to | length | source |\n|---|---|---|---|---|---|"
    for term, spec in raw["terms"].items():
        length = f"{spec['working_days']} working days" if "working_days" in spec else f"{spec['weeks']} weeks"
        more = ", may be extended or waived" if spec.get("extendable") else ""
        yield (
            f"| `{term}` | {_cell(spec['nl'])} | `{spec['starts']}` | `{spec['ends']}` | {length}{more} "
            f"| {_cell(spec['source'])} |"
        )
    yield ""


def _listed(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _codes(codes: CodeList) -> Iterator[str]:
    kind = "open: other values are kept" if codes.open else "closed"
    yield f'### <a id="codes-{codes.name}"></a>{codes.name}\n\n{_cell(codes.comment)} ({kind})\n'
    yield "| code | meaning |\n|---|---|"
    for code, meaning in codes.codes.items():
        yield f"| `{code}` | {_cell(str(meaning))} |"
    yield ""


def _profile(name: str, profile: dict[str, Any]) -> Iterator[str]:
    """A profile's own keys, then its sections with the keys they hold, as its file has them."""
    yield f"### {name}\n"
    if "comment" in profile:
        yield f"{_cell(str(profile['comment']))}\n"
    yield f"Declared in `schemas/sources/{name}.toml`.\n"
    for key, value in profile.items():
        if isinstance(value, str | int | float | bool) and key != "comment":
            yield f"- {key}: `{_cell(str(value))}`"
    yield ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
