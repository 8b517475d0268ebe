"""The application: the guard, the pages, the style and the script, and one page for whatever goes wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from fastapi.telemetry import TelemetryConfig
from starlette.exceptions import HTTPException

from linkage.errors import InbeeldError, StoreError
from linkage.explain import page as explained
from linkage.reports import layout
from linkage.review import deciding, entry, overview, people
from linkage.review.guard import Guard
from linkage.review.site import Site
from linkage.review.visit import HERE, Hidden, Missing, Refused, SignIn, rendered

UNTOLD: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
"""Nothing is told to whatever collects traces: they would hold addresses with ids, and errors with values."""

Handler = Callable[[Request, Exception], Awaitable[Response]]


def create(site: Site) -> FastAPI:
    """Return the application of one output folder."""
    app = FastAPI(
        title="Inbeeld", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False, telemetry=UNTOLD
    )
    app.state.site = site
    app.add_middleware(Guard, origins=site.origins)
    for part in (entry, deciding, people, overview):
        app.include_router(part.router)
    app.add_api_route("/vorm/stijl.css", _style, methods=["GET"])
    app.add_api_route("/vorm/blad.js", _script, methods=["GET"])
    for kind, handler in _handlers(site).items():
        app.add_exception_handler(kind, handler)
    return app


def _handlers(site: Site) -> dict[type[Exception], Handler]:
    async def sign_in(*_: object) -> Response:
        return RedirectResponse("/aanmelden", status_code=303)

    async def hidden(*_: object) -> Response:
        return RedirectResponse("/verborgen", status_code=303)

    async def refused(*_: object) -> Response:
        return rendered(site, "message.html.j2", "refused", status=403, about="refused", detail="")

    async def missing(*_: object) -> Response:
        return rendered(site, "message.html.j2", "missing", status=404, about="missing", detail="")

    async def told(_: Request, error: Exception) -> Response:
        """Say what is wrong: our own errors hold no value of a record."""
        return rendered(site, "message.html.j2", "told", status=400, about="told", detail=str(error))

    async def http(_: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        return rendered(site, "message.html.j2", "missing", status=status, about="missing", detail="")

    async def unforeseen(_: Request, error: Exception) -> Response:
        site.complain(error)
        return rendered(site, "message.html.j2", "told", status=500, about="unforeseen", detail="")

    return {
        SignIn: sign_in,
        Hidden: hidden,
        Refused: refused,
        Missing: missing,
        InbeeldError: told,
        StoreError: unforeseen,
        RequestValidationError: missing,
        HTTPException: http,
        Exception: unforeseen,
    }


@cache
def stylesheet() -> str:
    """Return the style of all pages: that of the reports, and what this page adds."""
    reports = Path(layout.__file__).parent
    explain = Path(explained.__file__).parent
    parts = (reports / "page.css", reports / "sheet.css", explain / "explain.css", HERE / "review.css")
    return "\n".join(layout.asset(path) for path in parts)


def _style() -> Response:
    return Response(stylesheet(), media_type="text/css")


def _script() -> Response:
    return Response(layout.asset(HERE / "review.js"), media_type="text/javascript")
