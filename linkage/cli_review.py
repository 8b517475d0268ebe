"""The verbs of the review page: ``review``, ``user``, ``users`` and ``viewed``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from linkage.cli_errors import complain, guarded, unforeseen
from linkage.cli_options import AsJson, Login, Out, Settings, who
from linkage.errors import InbeeldError, UsageError

if TYPE_CHECKING:
    from linkage.config import Config
    from linkage.review.users import Users

PORT = 8765


def register(app: typer.Typer) -> None:
    """Add the verbs to the command."""
    for verb in (review, user, users, viewed):
        app.command()(verb)


def review(
    out: Out,
    host: Annotated[str, typer.Option("--host", help="Address to listen at.", metavar="ADDRESS")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any free one.", metavar="N")] = PORT,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", help="Host name that browsers ask for; may be given again.", metavar="NAME"),
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option("--certificate", help="TLS certificate chain, PEM.", metavar="FILE")
    ] = None,
    key: Annotated[Path | None, typer.Option("--key", help="Its private key, PEM.", metavar="FILE")] = None,
    tls_elsewhere: Annotated[
        bool, typer.Option("--tls-elsewhere", help="Another program in front of this one does TLS.")
    ] = False,
    config: Settings = None,
    by: Login = None,
) -> None:
    """The reviewers' page, as a web application on this machine, until Ctrl-C."""
    from linkage import console
    from linkage.config import load
    from linkage.review import serve
    from linkage.review.app import create
    from linkage.review.site import Site
    from linkage.store import OutFolder

    with guarded(out):
        settings, folder = load(config), OutFolder(out)
        folder.published("restricted.duckdb")
        known = _users(settings, out, is_needed=False)
        if known and not known.all():
            raise UsageError("review.users_file holds nobody yet: add people with inbeeld user NAME --role reviewer")
        place = serve.Place(host, port, tuple(name or ()), certificate, key, tls_elsewhere)
        place.check(has_users=known is not None)
        with serve.listen(place) as at:
            origins = place.origins(at.getsockname()[1])
            site = Site(folder, settings, origins, who(by), known, complain=lambda error: _told(error, out))
            link = f"{origins[0]}/{'' if known else f'begin/{site.key}'}"
            serve.run(create(site), place, at, lambda: _ready(link, has_users=known is not None))
        console.say(console.terminal(), "Ended: everybody is signed out")


def user(
    name: Annotated[str, typer.Argument(help="Name to sign in with.")],
    config: Settings = None,
    role: Annotated[
        str | None, typer.Option("--role", help="reviewer, manager or data (data team).", metavar="ROLE")
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take the access away.")] = False,
) -> None:
    """Add somebody who may sign in to the review page, change role and password, or take access away."""
    from linkage import console
    from linkage.config import load
    from linkage.review.users import Role

    with guarded(None):
        known = _users(load(config), None, is_needed=True)
        assert known is not None
        if remove:
            known.remove(name)
            console.say(console.terminal(), f"{name} has no access any more")
            return
        if role not in list(Role):
            raise UsageError(f"--role must be one of {', '.join(Role)}")
        is_new = known.put(name, Role(role), _password())
        console.say(console.terminal(), f"{name} {'has' if is_new else 'now has'} the role {role}")


def users(config: Settings = None, as_json: AsJson = False) -> None:
    """Who may sign in to the review page, with which role."""
    from linkage import console
    from linkage.config import load

    with guarded(None):
        known = _users(load(config), None, is_needed=True)
        assert known is not None
        listed = [{"name": one.name, "role": str(one.role)} for one in known.all()]
        if as_json:
            console.show_json(listed)
        elif listed:
            console.table(console.terminal(), ("name", "role"), [tuple(row.values()) for row in listed])
        else:
            console.say(console.terminal(), "Nobody may sign in yet: inbeeld user NAME --role reviewer")


def viewed(out: Out, as_json: AsJson = False) -> None:
    """Who looked at whom on the review page, when and why; the newest last."""
    from dataclasses import asdict

    from linkage import console
    from linkage.errors import no_output_folder
    from linkage.review.trail import Trail
    from linkage.store import OutFolder

    with guarded(out):
        folder = OutFolder(out)
        if not folder.state.is_dir():
            raise no_output_folder(out)
        trail = Trail(folder)
        rows = [asdict(entry) for entry in reversed(trail.entries())]
        broken = trail.broken_at()
        if broken is not None:
            raise UsageError(
                f"the log does not hang together from entry {broken} on: somebody changed state/review.sqlite"
            )
        if as_json:
            console.show_json(rows)
        elif rows:
            shown = [
                tuple(str(row[c]) for c in ("trail_id", "done_at", "done_by", "action", "object", "why"))
                for row in rows
            ]
            console.table(console.terminal(), ("id", "at", "by", "did", "what", "why"), shown)
        else:
            console.say(console.terminal(), "Nobody looked at anything yet")


def _ready(link: str, *, has_users: bool) -> None:
    from linkage import console

    terminal = console.terminal()
    way_in = "People sign in by name" if has_users else "The link lets you in: keep it to yourself"
    console.say(terminal, f"Review page: {link}")
    console.say(terminal, f"{way_in}. Ctrl-C ends it.")
    sys.stdout.flush()


def _users(config: Config, out: Path | None, *, is_needed: bool) -> Users | None:
    from linkage.review.users import Users

    path = config.review.users_file
    if path is None:
        if is_needed:
            raise UsageError("set review.users_file in the settings, and give them with --config")
        return None
    return Users(path, out)


def _password() -> str:
    """Ask for a password twice, or read one line where no person types."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")


def _told(error: Exception, out: Path) -> None:
    complain(str(error if isinstance(error, InbeeldError) else unforeseen(error, out, "the server goes on")))
