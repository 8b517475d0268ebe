"""What every page is made of: its style and script stand in it, and a policy lets it load and run nothing else."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.bccache import Bucket
from markupsafe import Markup

from linkage.errors import UsageError

HERE = Path(__file__).parent

Filters = Mapping[str, Callable[..., object]]


@cache
def asset(path: Path) -> str:
    """Return the text of a style or a script, with the same line ends everywhere."""
    return path.read_text(encoding="utf-8").replace("\r\n", "\n")


def policy(css: str, script: str = "") -> str:
    """Return the content security policy: nothing may load, and only this style and this script may run."""
    scripts = f"script-src '{_digest(script)}'; " if script else ""
    return (
        f"default-src 'none'; style-src '{_digest(css)}'; {scripts}img-src data:; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )


class _Compiled(BytecodeCache):
    """Keeps compiled templates for this process: compiling takes longer than rendering a small region."""

    def __init__(self) -> None:
        self.made: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill a bucket with what was compiled before."""
        if (made := self.made.get(bucket.key)) is not None:
            bucket.bytecode_from_string(made)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self.made[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _Compiled()


def environment(*folders: Path, filters: Filters) -> Environment:
    """Return the templates of the folders, those of the reports last; what they show is escaped."""
    made = Environment(
        loader=FileSystemLoader([*folders, HERE]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=False,
        bytecode_cache=_COMPILED,
    )
    made.filters |= {name: _at_run_time(shown) for name, shown in filters.items()}
    return made


def _at_run_time(shown: Callable[..., object]) -> Callable[..., object]:
    """Keep what a filter makes of a constant, a word of one language, out of the code that all languages share."""
    return pass_context(lambda _, *values: shown(*values))


def sheet(template: str, folder: Path, css: str, filters: Filters, **values: Any) -> str:
    """Return a page without a script in the look of the reports; ``css`` names what ``folder`` adds to their style."""
    style = asset(HERE / "page.css") + asset(HERE / "sheet.css") + asset(folder / css)
    made = environment(folder, filters={**ENGLISH, **filters}).get_template(template)
    return made.render(language="en", policy=policy(style), css=Markup(style), **values)


def save(page: str, path: Path) -> None:
    """Write a page where a user asks for it; raises `UsageError` when that cannot be."""
    try:
        path.write_text(page, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or type(error).__name__}") from None


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _count(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _share(value: float | None, digits: int = 1) -> str:
    return "–" if value is None else f"{100 * value:.{digits}f}%"


def _bits(value: float | None) -> str:
    return "–" if value is None else f"{value:+.1f}".replace("-", "\N{MINUS SIGN}")


def _probability(value: float | None) -> str:
    """Return a probability that never rounds to certainty."""
    if value is None:
        return "–"
    if value > 0.9999:
        return "> 0.9999"
    return "< 0.0001" if value < 0.0001 else f"{value:.4f}"


def _rate(value: float) -> str:
    """Return a probability of a level: plain where it is common, as a power where it is rare."""
    if value >= 0.001:
        return f"{value:.3f}"
    digits, power = f"{value:.0e}".split("e")
    return f"{digits}·10{str(int(power)).translate(_SUPERSCRIPT)}"


_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _capitalize_first(text: str) -> str:
    """Return a sentence with its first letter large and the others, which may be ids, as they are."""
    return text[:1].upper() + text[1:]


ENGLISH: Filters = {
    "capitalize_first": _capitalize_first,
    "count": _count,
    "share": _share,
    "bits": _bits,
    "rate": _rate,
    "probability": _probability,
}
"""Numbers as the pages for engineers and reviewers show them."""
