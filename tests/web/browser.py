"""What the tests of the pages ask of the browser."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page


def visit(page: Page, path: Path) -> tuple[list[str], list[str]]:
    """Open a page; return the requests that leave it and the complaints of the browser, both as they grow."""
    requests: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(path.as_uri())
    return requests, complaints
