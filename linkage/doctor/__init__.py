"""Is this machine fit for tonight? Every check is one line: ok, warn or fail, what was seen and what to do.

Nothing is changed and nobody is told a secret: the doctor reads, and asks the local scheduler when there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from linkage.config import Config, load
from linkage.doctor.environment import duckdb_writes_encrypted, machine, packages, python
from linkage.doctor.line import FAIL, OK, WARN, Line
from linkage.doctor.outputs import disk, folders, key, ledger, left_over, publication
from linkage.doctor.partners import agreements, areas, deliveries
from linkage.doctor.schedule import last_night, scheduler
from linkage.errors import InbeeldError
from linkage.store import OutFolder

__all__ = ["FAIL", "OK", "WARN", "Line", "examine"]

Check = Callable[[Config, OutFolder, Path | None], Iterator[Line]]

CHECKS: tuple[Check, ...] = (
    python,
    packages,
    duckdb_writes_encrypted,
    machine,
    folders,
    disk,
    key,
    ledger,
    left_over,
    publication,
    last_night,
    scheduler,
    agreements,
    deliveries,
    areas,
)


def examine(out: Path, *, config: Path | None, inbox: Path | None) -> Iterator[Line]:
    """Yield every line, the environment first; without valid settings the rest is checked with the defaults."""
    try:
        settings = load(config)
        yield Line(OK, "settings", f"{config.name if config else 'defaults and environment'} are valid")
    except InbeeldError as error:
        yield Line(FAIL, "settings", str(error), "correct it: inbeeld.example.toml has every key")
        settings = Config.model_construct(**{n: f.default for n, f in Config.model_fields.items()})
    folder = OutFolder(out)
    for check in CHECKS:
        name = check.__name__.replace("_", " ")
        try:
            yield from check(settings, folder, inbox)
        except InbeeldError as error:
            yield Line(FAIL, name, str(error), "")
        except OSError as error:
            yield Line(
                FAIL,
                name,
                f"cannot be checked: {error.strerror or type(error).__name__}",
                "run it as the user of the nights",
            )
