"""Coming in and going out: the link of the terminal, signing in, hiding the screen, idle, signing out."""

from __future__ import annotations

import hmac

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from linkage.review.sessions import Session
from linkage.review.site import Site
from linkage.review.trail import Action
from linkage.review.users import Role
from linkage.review.visit import Fields, SignIn, Visitor, form, rendered, signed_in, stamp, to

router = APIRouter()
OURS = [Depends(form)]
"""What takes a form of the session without reading its fields."""


@router.get("/begin/{key}")
def begin(request: Request, key: str) -> Response:
    """Let the owner in by the link that the terminal showed; with a users file everybody signs in instead."""
    site: Site = request.app.state.site
    if site.users is not None or not hmac.compare_digest(key.encode(), site.key.encode()):
        raise SignIn
    session = site.sessions.start(site.owner, Role.REVIEWER)
    site.trail.write(session.name, str(session.role), Action.SIGN_IN)
    return _with_cookie(site, session)


@router.get("/aanmelden")
def ask(request: Request) -> Response:
    """Ask for name and password, or say how the owner comes in."""
    site: Site = request.app.state.site
    return rendered(site, "sign_in.html.j2", "sign_in", by_link=site.users is None, failed=False)


@router.post("/aanmelden")
def sign_in(request: Request, given: Fields) -> Response:
    """Let somebody in; name and password go with a form, never in an address."""
    site: Site = request.app.state.site
    if site.users is None:
        raise SignIn
    told = dict(given)
    name = told.get("name", "").strip()
    user = None if site.throttle.is_barred(name) else site.users.check(name, told.get("password", ""))
    if user is None:
        site.throttle.failed(name)
        known = site.users.get(name)
        site.trail.write(known.name if known else "?", "", Action.SIGN_IN_FAILED)
        return rendered(site, "sign_in.html.j2", "sign_in", status=401, by_link=False, failed=True)
    session = site.sessions.start(user.name, user.role, stamp(user))
    site.trail.write(session.name, str(session.role), Action.SIGN_IN)
    return _with_cookie(site, session)


@router.post("/afmelden", dependencies=OURS)
def sign_out(visit: Visitor) -> Response:
    """End the session."""
    visit.site.sessions.end(visit.session.sid)
    visit.log(Action.SIGN_OUT)
    reply = to("/aanmelden")
    reply.delete_cookie(visit.site.cookie, secure=visit.site.is_secure, httponly=True, samesite="strict")
    return reply


@router.get("/verborgen")
def hidden(visit: Visitor) -> Response:
    """Show nothing until the user goes on, also by the browser's way back."""
    visit.session.is_hidden = True
    visit.session.opened.clear()
    return visit.page("hidden.html.j2", "hidden")


@router.post("/verborgen", dependencies=OURS)
def go_on(visit: Visitor) -> Response:
    """Show the pages again."""
    visit.session.is_hidden = False
    return to("/")


@router.get("/nog", dependencies=[Depends(signed_in)])
def stay() -> Response:
    """Tell that somebody is still there."""
    return Response(status_code=204)


@router.post("/toetsen", dependencies=OURS)
def keys(visit: Visitor) -> Response:
    """Switch the single keys on or off (WCAG 2.1.4)."""
    visit.session.keys = not visit.session.keys
    return to("/hulp")


@router.get("/hulp")
def help_page(visit: Visitor) -> Response:
    """Explain keys and words."""
    return visit.page("help.html.j2", "help")


def _with_cookie(site: Site, session: Session) -> Response:
    reply = RedirectResponse("/", status_code=303)
    reply.set_cookie(site.cookie, session.sid, path="/", secure=site.is_secure, httponly=True, samesite="strict")
    return reply
