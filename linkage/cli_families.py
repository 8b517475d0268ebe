"""The verbs about families: ``agenda``, ``colour`` and ``colours``. They show ids, never who gave a colour or why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from linkage.cli_errors import guarded
from linkage.cli_options import AsJson, By, Html, Out, Reason, Settings, day
from linkage.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from linkage.agenda import Agenda, Item


class Colour(StrEnum):
    """What a person may say of a household."""

    GREEN = "green"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"
    RULE = "rule"
    """The colour of the rule again: what people gave is withdrawn."""


def register(app: typer.Typer) -> None:
    """Add the verbs to the command."""
    for verb in (agenda, colour, colours):
        app.command()(verb)


def agenda(
    out: Out,
    most: Annotated[
        int | None,
        typer.Option("--most", min=1, metavar="N", help="Households at most; default as in schemas/agenda.toml."),
    ] = None,
    whom: Annotated[
        str | None,
        typer.Option(
            "--for",
            help="Add the own record numbers of one organisation, for it alone: partner of the register or source.",
            metavar="PARTNER",
        ),
    ] = None,
    config: Settings = None,
    html: Html = None,
    as_json: AsJson = False,
) -> None:
    """The agenda of the consultation: households in the order of stated reasons, without a name."""
    from linkage import console
    from linkage.agenda import draw_up
    from linkage.engine.duckdb import DuckDBEngine
    from linkage.errors import no_output_folder
    from linkage.store import OutFolder

    with guarded(out):
        own = _agreed(whom, config) if whom is not None else None
        folder = OutFolder(out)
        manifest = folder.manifest()
        if manifest is None:
            raise no_output_folder(out)
        with DuckDBEngine(folder.published("case_view.duckdb"), read_only=True) as view:
            told = draw_up(view, run_id=str(manifest["run_id"]), most=most, organisation=whom, own=own)
        if html is not None:
            from linkage.agenda import page
            from linkage.config import load
            from linkage.reports import layout

            language = load(config).reports.language
            layout.save(page.render(told, made_at=datetime.now(UTC), language=language), html)
        if as_json:
            console.show_json(told.as_dict())
        else:
            _show(console.terminal(), told)
            if html is not None:
                console.say(console.terminal(), f"\nWrote {html}")


def _agreed(whom: str, config: Path | None) -> tuple[str, ...]:
    """Return the sources of a partner, or the one that is named itself.

    Raises `UsageError` where a register does not let that partner receive its own numbers today.
    """
    from linkage import register
    from linkage.config import load

    known = load(config).cooperation
    if not known.partners:
        return (whom,)
    named = next((partner for partner in known.partners if partner.id == whom), None)
    partner = named or register.partner_of(known, whom)
    if partner is None:
        raise UsageError(f"--for: the register names no partner {whom}, and no partner with source {whom}")
    found = register.granted(known, partner.id, "agenda", register.today())
    if not found[0].is_given:
        raise UsageError(f"--for: no agreement lets {partner.id} receive the agenda today ({found[0].reason})")
    if not any(grant.agreement and grant.agreement.form == "identifying" for grant in found):
        raise UsageError(f"--for: {partner.id} receives the agenda without record numbers: leave --for out")
    if not partner.sources:
        raise UsageError(f"--for: {partner.id} delivers no records that could have numbers: leave --for out")
    return tuple(partner.sources) if named else (whom,)


def _show(terminal: Console, told: Agenda) -> None:
    """Write the agenda as a table, each reason with its points."""
    from linkage import console, definitions

    names = {one.code: one.en for one in definitions.agenda().reasons}
    console.say(terminal, f"Agenda of {told.as_of}, run {told.run_id}", style="bold")
    if not told.items:
        console.say(terminal, f"No household has {told.least} points or more: nothing to discuss")
        return
    of_all = f"{len(told.items)} of {told.eligible} households with {told.least} points or more"
    console.say(terminal, f"{of_all}; the points are the sum of the reasons\n")
    header = ("", "household", "points", "colour", "known at", "why")
    console.table(terminal, header, [_row(item, names) for item in told.items])
    if told.organisation:
        console.say(terminal, f"\nWith the numbers of {told.organisation}: for {told.organisation} alone", style="bold")


def _row(item: Item, names: Mapping[str, str]) -> tuple[object, ...]:
    colour = (item.severity or "none") + (" (given)" if item.overridden_until else "")
    why = "\n".join(
        f"{g.points:>3} {names[g.code]}" + (f" ({g.count})" if g.count and g.count > 1 else "") for g in item.grounds
    )
    return (
        item.place,
        "\n".join((item.household_id, *item.own_numbers)),
        item.points,
        colour,
        "\n".join(item.known_at),
        why,
    )


def colour(
    household: Annotated[str, typer.Argument(help="household_id of the case view.", metavar="HOUSEHOLD")],
    given: Annotated[
        Colour, typer.Argument(help="The colour, or `rule` for that of the rule again.", metavar="COLOUR")
    ],
    by: By,
    reason: Reason,
    out: Out,
    until: Annotated[
        date | None, typer.Option("--until", parser=day, metavar="DATE", help="Last day on which it holds.")
    ] = None,
) -> None:
    """Give a household another colour than the rule does, until a day; the next run follows it."""
    from linkage import console
    from linkage.colours import Colours
    from linkage.engine.duckdb import DuckDBEngine
    from linkage.store import OutFolder

    with guarded(out):
        folder = OutFolder(out)
        ledger, terminal = Colours(folder), console.terminal()
        with DuckDBEngine(folder.published("restricted.duckdb"), read_only=True) as restricted:
            if given is Colour.RULE:
                numbers = ", ".join(map(str, ledger.withdraw(restricted, household, by=by, reason=reason)))
                console.say(terminal, f"Withdrawn: {numbers}; the next run gives {household} the colour of the rule")
                return
            if until is None:
                raise UsageError("--until is needed: a colour that a person gives ends on some day")
            number = ledger.give(restricted, household, given.value, until=until, by=by, reason=reason)
        console.say(terminal, f"Colour {number}: {household} is {given.value} until {until}; the next run follows it")


def colours(out: Out, as_json: AsJson = False) -> None:
    """All colours that people gave, also those withdrawn, with what the last run did with them."""
    from linkage import console
    from linkage.colours import Colours
    from linkage.engine.duckdb import DuckDBEngine
    from linkage.store import OutFolder

    with guarded(out):
        folder = OutFolder(out)
        with DuckDBEngine(folder.published("restricted.duckdb"), read_only=True) as restricted:
            query = "SELECT override_id, household_id, outcome FROM household_override ORDER BY ALL"
            placed = restricted.rows(query) if restricted.has("household_override") else []
        listed = [
            {
                "override_id": one.override_id,
                "given_at": one.given_at,
                "household_id": one.household_id,
                "severity": one.severity,
                "until_date": one.until_date,
                "withdrawn_at": one.withdrawn_at,
                "outcomes": {str(h): str(outcome) for number, h, outcome in placed if number == one.override_id},
            }
            for one in Colours(folder).all()
        ]
        if as_json:
            console.show_json(listed)
        elif listed:
            shown = [
                (one["override_id"], one["household_id"], one["severity"], one["until_date"], _became(one))
                for one in listed
            ]
            console.table(console.terminal(), ("id", "household", "colour", "until", "last run"), shown)
        else:
            console.say(console.terminal(), "Nobody gave a colour yet")


def _became(one: Mapping[str, object]) -> str:
    """Return what the last run did with a colour, in the households that its records lead to."""
    outcomes = one["outcomes"]
    assert isinstance(outcomes, dict)
    if one["withdrawn_at"]:
        return "withdrawn"
    if not outcomes:
        return "waits for the next run"
    if list(outcomes) in ([one["household_id"]], ["None"]):
        return str(next(iter(outcomes.values())))
    return ", ".join(f"{household}: {outcome}" for household, outcome in outcomes.items())
