"""Somebody's visit to one page: who it is, what they may do, and how the page is made."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment
from markupsafe import Markup, escape

from linkage.explain import page as explained
from linkage.reports.layout import ENGLISH, environment
from linkage.reports.words import words
from linkage.review.compare import meaning
from linkage.review.sessions import Session
from linkage.review.site import Night, Site
from linkage.review.texts import Texts, texts
from linkage.review.trail import Action
from linkage.review.users import Role

HERE = Path(__file__).parent
MOST_FIELDS = 1_000

Form = Mapping[str, str]


class SignIn(Exception):  # noqa: N818
    """Nobody is signed in, or nobody is any more."""


class Hidden(Exception):  # noqa: N818
    """The screen was hidden: nothing is shown until its user goes on."""


class Refused(Exception):  # noqa: N818
    """What was asked is not for this role, or was not asked by a form of ours."""


class Missing(Exception):  # noqa: N818
    """There is no such pair, person or incident in the published night."""


@dataclass
class Visit:
    """One request of somebody who is signed in."""

    site: Site
    session: Session

    @property
    def texts(self) -> Texts:
        """Return the words of the pages."""
        return self.site.texts

    def log(self, action: Action, subject: str = "", why: str = "") -> None:
        """Write down what is done, before it is shown."""
        self.site.trail.write(self.session.name, str(self.session.role), action, subject, why)

    def page(self, template: str, title: str, night: Night | None = None, **values: Any) -> HTMLResponse:
        """Return a page; what a form did before is told on it once, and the night from which the page was made."""
        told, self.session.told = self.session.told, None
        stand = (night.run_id, night.as_of) if night else self.site.stand()
        return rendered(self.site, template, title, **values | {"told": told, "session": self.session, "stand": stand})


def rendered(site: Site, template: str, title: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """Return a page; ``title`` is one of the titles of the texts, so it never holds anything of a person."""
    words = site.texts
    made = templates(str(words["language"])).get_template(template)
    shown = {"session": None, "stand": None, "told": None} | values
    idle = int(site.sessions.idle.total_seconds())

    def token() -> Markup:
        return Markup('<input type="hidden" name="token" value="{}">').format(shown["session"].token)

    def marked(path: str, **parts: object) -> Markup:
        """Return a text in which markup of the template stands."""
        return escape(words[path]).format(**parts)

    common = {"title": words[f"title.{title}"], "words": words, "idle": idle, "token": token, "marked": marked}
    text = made.render(**common, **shown)
    return HTMLResponse(text, status_code=status)


def to(path: str) -> Response:
    """Return the answer to a form: another page."""
    return RedirectResponse(path, status_code=303)


def signed_in(request: Request) -> Visit:
    """Return the visit of whoever is signed in; raises `SignIn` when nobody is, `Hidden` when the screen is hidden."""
    site: Site = request.app.state.site
    session, ended = site.sessions.find(request.cookies.get(site.cookie, ""))
    if ended is not None:
        site.trail.write(ended.name, str(ended.role), Action.IDLE)
    if session is None:
        raise SignIn
    if site.users is not None:
        user = site.users.get(session.name)
        if user is None or stamp(user) != session.stamp:
            site.sessions.end(session.sid)
            raise SignIn
    if session.is_hidden and request.url.path not in ("/verborgen", "/afmelden"):
        raise Hidden
    return Visit(site, session)


def stamp(user: Any) -> str:
    """Return what a session holds of its user: another role or password ends it."""
    return f"{user.role}:{user.password}"


Visitor = Annotated[Visit, Depends(signed_in)]
"""Anybody who is signed in."""


def allowed(*roles: Role) -> Callable[[Request, Visit], Visit]:
    """Return what lets only some roles in; who else asks is refused, and that is written down."""

    def check(request: Request, visit: Visitor) -> Visit:
        if visit.session.role not in roles:
            visit.log(Action.REFUSED, request.scope["route"].path)
            raise Refused
        return visit

    return check


async def fields(request: Request) -> list[tuple[str, str]]:
    """Return the fields of a form; the guard has seen to its length."""
    try:
        body = (await request.body()).decode("utf-8")
        return parse_qsl(body, keep_blank_values=True, max_num_fields=MOST_FIELDS, strict_parsing=bool(body))
    except ValueError:
        raise Refused from None


Fields = Annotated[list[tuple[str, str]], Depends(fields)]


def form(given: Fields, visit: Visitor) -> Form:
    """Return the fields of a form of this session; raises `Refused` for any other form."""
    told = dict(given)
    if not hmac.compare_digest(told.get("token", "").encode(), visit.session.token.encode()):
        visit.log(Action.REFUSED, "token")
        raise Refused
    return told


Posted = Annotated[Form, Depends(form)]
"""The fields of a form of this session."""
Reviewer = Annotated[Visit, Depends(allowed(Role.REVIEWER))]


@cache
def templates(language: str) -> Environment:
    """Return the templates with the words and the notation of a language."""
    said = texts(language)
    return environment(
        HERE,
        filters={
            **ENGLISH,
            "number": said.number,
            "day": said.day,
            "birth": said.birth,
            "instant": lambda text: said.moment(datetime.fromisoformat(text)),
            "percent": said.percent,
            "bits": said.bits,
            "municipality": said.place,
            "found": lambda step: meaning(said, step.comparison, step.level)[1],
            "label": lambda code, section: said.label(section, code),
            "waterfall": lambda told: explained.waterfall(told.thresholds)(told.parts),
            "decimal": said.decimal,
            "cause_word": lambda code, limits: words(limits, language).label("cause", code),
            "status_word": lambda code, limits: words(limits, language).label("status", code),
        },
    )
