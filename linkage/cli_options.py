"""The options that several verbs share: spelled and explained once."""

from __future__ import annotations

import getpass
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from linkage.errors import UsageError

Inbox = Annotated[Path, typer.Option("--inbox", help="Folder with <source_id>/<delivery_id>/.", metavar="DIR")]
Out = Annotated[Path, typer.Option("--out", help="Output folder of the runs.", metavar="DIR")]
Settings = Annotated[Path | None, typer.Option("--config", help="Settings of the run, a TOML file.", metavar="FILE")]
TRUTH = typer.Option("--truth", help="Folder with the truth files.", metavar="DIR")
Html = Annotated[Path | None, typer.Option("--html", help="Write the same as one page too.", metavar="FILE")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
By = Annotated[str, typer.Option("--by", help="Who decides.", metavar="NAME")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it stays in state/.", metavar="TEXT")]
Login = Annotated[str | None, typer.Option("--by", help="Who; default the user of this machine.", metavar="NAME")]


def day(text: str) -> date:
    """Return a day; raises `typer.BadParameter` for another text."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("give a day as YYYY-MM-DD") from None


def renamed(word: str) -> str:
    """Return what an option is called now: scripts may still say ``--why``."""
    return "reason" if word == "why" else word


def who(by: str | None) -> str:
    """Return who was named, else the user of this machine; raises `UsageError` where it does not know one."""
    if by is not None:
        return by
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise UsageError("--by is needed: this machine does not know who you are") from None
