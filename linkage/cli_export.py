"""The verb ``export``: tables of the publication as files for other tools."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from linkage.cli_errors import guarded
from linkage.cli_options import AsJson, Out


class Form(StrEnum):
    """How a table is written."""

    PARQUET = "parquet"
    CSV = "csv"


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(export)


def export(
    out: Out,
    to: Annotated[Path, typer.Option("--to", help="Folder to write, with its manifest.", metavar="DIR")],
    form: Annotated[Form, typer.Option("--format", help="Of the files.")] = Form.PARQUET,
    tables: Annotated[
        str, typer.Option("--tables", help="Names with commas; all of the case view unless given.", metavar="NAMES")
    ] = "",
    identifying: Annotated[
        bool, typer.Option("--identifying", help="Also tables of restricted.duckdb, which name people.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an export that is there already.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write tables of the publication as Parquet or CSV, all of them or none, with a manifest."""
    from dataclasses import asdict

    from linkage import console
    from linkage import export as files

    with guarded(out):
        names = [name for part in tables.split(",") if (name := part.strip())]
        made = files.export(out, to, form=form.value, names=names, identifying=identifying, force=force)
        if as_json:
            console.show_json({"to": str(to), "tables": [asdict(file) for file in made]})
            return
        terminal = console.terminal()
        console.table(terminal, ("table", "rows", "bytes"), [(f.table, f.rows, f.bytes) for f in made])
        console.say(terminal, f"Wrote {to}: {len(made)} tables and {files.MANIFEST}, with a hash of each")
