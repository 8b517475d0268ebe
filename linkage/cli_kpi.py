"""The verb ``kpi``: the indicators on the terminal, and as a file that may leave."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from linkage.cli_errors import guarded
from linkage.cli_options import AsJson, Out, Settings
from linkage.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from linkage.register import Grant

INTERNAL = "INTERNAL: exact counts, for own use; do not pass on"
WITHHELD = "."
"""As in the tables of Statistics Netherlands; a count that is withheld for another's sake may be large."""


def register(app: typer.Typer) -> None:
    """Add the verb to the command."""
    app.command("kpi")(kpi)


def kpi(
    out: Out,
    municipality: Annotated[
        str | None, typer.Option("--municipality", help="One municipality instead of the region.", metavar="GM...")
    ] = None,
    period: Annotated[str, typer.Option("--period", help="A year or a month instead of the whole window.")] = "all",
    as_csv: Annotated[
        Path | None, typer.Option("--csv", help="Write all scopes of the period to a file too.", metavar="FILE")
    ] = None,
    internal: Annotated[
        bool, typer.Option("--internal", help="Exact counts, for own use: nothing is withheld or rounded.")
    ] = False,
    partner: Annotated[
        str | None, typer.Option("--for", help="What an agreement lets this partner receive.", metavar="PARTNER")
    ] = None,
    config: Settings = None,
    as_json: AsJson = False,
) -> None:
    """The indicators K1-K25, fit to leave: counts below 10 are withheld, others rounded to 5."""
    from linkage import console
    from linkage.municipalities import counted_as

    with guarded(out):
        given = None if partner is None else _given(partner, config, internal=internal, is_file=bool(as_csv or as_json))
        told = read(out, period, internal=internal)
        told = told if given is None else _for(told, given)
        places = sorted(set(told["rows"].query("scope == 'municipality'")["scope_code"]))
        municipality = municipality and counted_as(municipality, told["as_of"])
        if municipality is not None and municipality not in places:
            raise UsageError(f"--municipality: no indicator speaks of it; there are {', '.join(places)}")
        if as_csv is not None:
            _write(as_csv, told, municipality)
        if as_json:
            console.show_json(_as_json(told, municipality))
            return
        if given is not None:
            console.say(console.terminal(), f"Wrote {as_csv} for {given.partner.name}")
            return
        show(console.terminal(), told, municipality)
        if as_csv is not None:
            console.say(console.terminal(), f"Wrote {as_csv}")


def read(out: Path, period: str, *, internal: bool) -> dict[str, Any]:
    """Return the indicators of the publication: every row of the period, protected unless ``internal``.

    Raises `UsageError` when nothing was published with them, or no row is of the period.
    """
    from linkage.disclosure import RELEASED, release
    from linkage.engine.duckdb import DuckDBEngine
    from linkage.errors import no_output_folder
    from linkage.store import OutFolder

    folder = OutFolder(out)
    if folder.current() is None:
        raise no_output_folder(out)
    with DuckDBEngine(folder.published("case_view.duckdb"), read_only=True) as view:
        if not view.has("kpi"):
            raise UsageError(f"{out} was published by a version without indicators: run `inbeeld run` first")
        table = view.frame("SELECT * FROM kpi ORDER BY rowid")
        [(run_id, config_hash)] = view.rows(
            "SELECT run_id, config_hash FROM run WHERE status = 'published' ORDER BY run_id DESC LIMIT 1"
        ) or [(None, None)]
    periods = sorted(set(table["period"]))
    if period not in periods:
        raise UsageError(f"--period: no indicator has it; there are {', '.join(p for p in periods if len(p) < 5)}")
    of_period = table[table["period"] == period].assign(is_withheld=False)
    table = of_period if internal else release(table, period)
    return {
        "use": INTERNAL if internal else RELEASED,
        "run_id": run_id,
        "config_hash": config_hash,
        "as_of": table["as_of"].iloc[0].date(),
        "late_days": int(table["late_days"].iloc[0]),
        "timely_days": int(table["timely_days"].iloc[0]),
        "rows": table,
    }


def _given(partner: str, config: Path | None, *, internal: bool, is_file: bool) -> Grant:
    """Return what an agreement lets a partner receive today; raises `UsageError` when none does."""
    from linkage import register
    from linkage.config import load

    if internal or not is_file:
        raise UsageError("--for goes with --csv or --json, and never with --internal")
    found = register.granted(load(config).cooperation, partner, "export", register.today())
    if not found:
        raise UsageError(f"--for: the register of {config or 'the defaults'} has no partner {partner}")
    if not found[0].is_given:
        told = f"no agreement lets {partner} receive the indicators today ({found[0].reason})"
        raise UsageError(f"--for: {told}: nothing was written")
    places = tuple(sorted({code for grant in found for code in grant.municipalities}))
    return replace(found[0], municipalities=places)


def _for(told: dict[str, Any], given: Grant) -> dict[str, Any]:
    """Return the rows of a partner's municipalities; the whole release is protected, so a part of it is."""
    rows = told["rows"]
    kept = rows[(rows["scope"] == "municipality") & rows["scope_code"].isin(given.municipalities)]
    if kept.empty:
        raise UsageError(f"--for: no indicator speaks of the municipalities of {given.partner.id}")
    agreement = given.agreement.id if given.agreement else None
    return told | {"rows": kept, "partner": given.partner.id, "agreement": agreement}


def show(terminal: Console, told: dict[str, Any], municipality: str | None) -> None:
    """Write the figures of the region or of one municipality, indicator by indicator."""
    from linkage import console, indicators, municipalities
    from linkage.disclosure.release import records

    rows = _of(told["rows"], municipality)
    first, last = min(rows["window_start"]).date(), max(rows["window_end"]).date()
    place = "Whole region" if municipality is None else f"{municipalities.name(municipality)} ({municipality})"
    console.say(terminal, f"{place}, {first} to {last}", style="bold")
    console.say(terminal, f"W {told['late_days']} days, T {told['timely_days']} days; run {told['run_id']}")
    names = {one.code: one.en for one in indicators.indicators()}
    lines, before = [], ""
    for row in records(rows):
        name = names[row["kpi_code"]] if row["kpi_code"] != before else ""
        lines.append((row["kpi_code"] if name else "", name, _figure(row), *_counts(row), _value(row)))
        before = row["kpi_code"]
    console.table(terminal, ("", "indicator", "figure", "count", "of", "value"), lines)
    console.say(terminal, f"\n{told['use']}", style="bold red" if told["use"] == INTERNAL else "")
    if not rows["is_withheld"].empty and rows["is_withheld"].any():
        console.say(terminal, f"{WITHHELD} is a count that is withheld; it may be of any size")
    console.say(terminal, "What each one counts: docs/data-dictionary.md, Indicators")


def _of(rows: pd.DataFrame, municipality: str | None) -> pd.DataFrame:
    """Return the rows of the region, or of one municipality."""
    scope, code = ("all", "all") if municipality is None else ("municipality", municipality)
    return rows[(rows["scope"] == scope) & (rows["scope_code"] == code)]


def _figure(row: dict[str, Any]) -> str:
    return row["figure"] if row["part"] == "all" else f"{row['figure']} {row['part']}"


def _counts(row: dict[str, Any]) -> tuple[str, str]:
    """Return numerator and denominator as text; withheld ones as such."""
    if row["status"] not in ("computed", "nothing_to_count"):
        return "", ""
    quantile, over = row["unit"] in ("days", "working_days"), row["unit"] != "count"
    return "" if quantile else _count(row["numerator"]), _count(row["denominator"]) if over else ""


def _count(count: Any) -> str:
    return WITHHELD if _is_missing(count) else f"{int(count):,}"


def _is_missing(value: Any) -> bool:
    import pandas as pd

    return bool(pd.isna(value))


def _value(row: dict[str, Any]) -> str:
    """Return the value as text with what it is, and the norm where there is one."""
    if row["is_withheld"]:
        return "withheld"
    if row["status"] != "computed":
        return str(row["status"]).replace("_", " ")
    if row["unit"] == "share":
        norm = "" if _is_missing(row["norm"]) else f" (norm {row['norm']:.0%})"
        return f"{row['value']:.1%}{norm}"
    return f"{row['value']:,.4g} {row['unit'].replace('_', ' ')}" if "days" in row["unit"] else f"{row['value']:,.0f}"


def _as_json(told: dict[str, Any], municipality: str | None) -> dict[str, Any]:
    rows = told["rows"] if municipality is None else _of(told["rows"], municipality)
    return told | {"rows": list(_plain(rows))}


def _named(row: dict[str, Any]) -> str:
    """Return the name of what a row is about: of a municipality its name."""
    from linkage import municipalities

    return municipalities.name(row["scope_code"]) if row["scope"] == "municipality" else row["scope_code"]


def _plain(rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield rows with None for what is missing and days for moments."""
    from linkage.disclosure.release import records

    for row in records(rows):
        yield {
            name: None if _is_missing(value) else value.date() if hasattr(value, "date") else value
            for name, value in row.items()
        }


def _write(path: Path, told: dict[str, Any], municipality: str | None) -> None:
    """Write the rows as CSV, each with what may be done with it; raises `UsageError` where that is not possible."""
    from linkage import indicators
    from linkage.cli_refused import cell

    texts = {(figure.kpi_code, figure.name): figure.nl for figure in indicators.figures()}
    names = {one.code: one.nl for one in indicators.indicators()}
    told_of = {name: told[name] for name in ("use", "run_id", "config_hash", "partner", "agreement") if name in told}
    rows = [
        {
            "kpi_code": row["kpi_code"],
            "name_nl": names[row["kpi_code"]],
            "figure_nl": texts[row["kpi_code"], row["figure"]],
        }
        | row
        | {"scope_name": _named(row)}
        | told_of
        for row in _as_json(told, municipality)["rows"]
    ]
    try:
        with open(path, "w", encoding="utf-8", newline="", opener=lambda p, flags: os.open(p, flags, 0o600)) as handle:
            writer = csv.DictWriter(handle, fieldnames=list(rows[0]), delimiter=";", lineterminator="\n")
            writer.writeheader()
            writer.writerows({name: cell(value) for name, value in row.items()} for row in rows)
    except OSError as error:
        raise UsageError(f"--csv: cannot write {path.name}: {error.strerror}") from None
