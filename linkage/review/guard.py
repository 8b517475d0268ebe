"""What stands before every page: who may be asked for, from where, how much, and what a browser may do with the reply.

A page of another origin can make a browser send requests here (forgery), and a name that somebody else controls can be
made to point at this machine (DNS rebinding). The first is met by the cookie's SameSite, the Origin header and a token
in every form; the second by a list of the names under which this server may be asked.
"""

from __future__ import annotations

from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 64 * 1024
"""Length of a form: the longest has a reason and a list of mentions."""

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; connect-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)

HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # "no-referrer" would make browsers send "Origin: null" with our own forms (Fetch standard, "append a request
    # `Origin` header"); addresses hold opaque ids only.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), display-capture=(), browsing-topics=()",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}
FORM = "application/x-www-form-urlencoded"


class Guard:
    """Refuses what no page of ours asks for, and puts the headers on every reply."""

    def __init__(self, app: ASGIApp, *, origins: Iterable[str]) -> None:
        self.app = app
        self.origins = frozenset(origins)
        self.hosts = frozenset(origin.partition("://")[2] for origin in self.origins)
        self.is_secure = all(origin.startswith("https:") for origin in self.origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let the application do so."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":  # a web socket: nothing here opens one
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                if self.is_secure:
                    headers["Strict-Transport-Security"] = "max-age=31536000"
            await send(message)

        refusal = self._refusal(scope)
        if refusal is None:
            await self.app(scope, receive, guarded)
        else:
            status, text = refusal
            await PlainTextResponse(f"{text}\n", status_code=status)(scope, receive, guarded)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        if headers.getlist("host") not in [[host] for host in self.hosts]:
            return 421, "This server is not asked under that name."
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return 405, "This method is not used here."
        site = headers.get("sec-fetch-site", "same-origin")
        if scope["method"] != "POST":
            strange = site not in ("same-origin", "none") and headers.get("sec-fetch-mode") != "navigate"
            return (403, "Only pages of this server may load this.") if strange else None
        return self._refused_form(headers, site)

    def _refused_form(self, headers: Headers, site: str) -> tuple[int, str] | None:
        if headers.getlist("origin") not in [[origin] for origin in self.origins] or site != "same-origin":
            return 403, "Only forms of this server are taken."
        if headers.get("content-type", "").partition(";")[0] != FORM:
            return 415, "Only forms are taken."
        length = headers.get("content-length", "")
        if not length.isascii() or not length.isdigit() or int(length) > MOST_BYTES:
            return 413, "This form is too long."
        return None
