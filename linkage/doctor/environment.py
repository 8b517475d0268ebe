"""The machine and what is installed on it."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.markers import Marker

from linkage.config import Config
from linkage.doctor.line import FAIL, OK, WARN, Line
from linkage.engine.duckdb import DuckDBEngine
from linkage.store import OutFolder

LOCK = Path(__file__).resolve().parents[2] / "requirements.lock"
SUPPORTED = ((3, 11), (3, 12))
UNITS = {"KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40, "B": 1.0}
SPARE = 0.8
"""Share of the machine's memory that the engine may be given: Python and the page cache need the rest."""
MOST_NAMED = 5


def python(_config: Config, _folder: OutFolder, _inbox: Path | None) -> Iterator[Line]:
    """Yield the version of Python."""
    found = ".".join(map(str, sys.version_info[:3]))
    is_known = SUPPORTED[0] <= sys.version_info[:2] <= SUPPORTED[1]
    yield Line(OK if is_known else FAIL, "python", found, "" if is_known else "use Python 3.11 or 3.12, then make")


def packages(_config: Config, _folder: OutFolder, _inbox: Path | None) -> Iterator[Line]:
    """Yield how the installed packages differ from the lock: a drifted one is not what was tested."""
    if not LOCK.is_file():
        yield Line(WARN, "packages", "no requirements.lock beside the program", "install from a checkout with make")
        return
    pins = _pins(LOCK.read_text(encoding="utf-8"))
    wrong = [f"{name} {found or 'missing'} (lock: {pin})" for name, pin in pins if (found := _installed(name)) != pin]
    if wrong:
        more = f" and {len(wrong) - MOST_NAMED} more" if len(wrong) > MOST_NAMED else ""
        yield Line(FAIL, "packages", "; ".join(wrong[:MOST_NAMED]) + more, "make installs the locked versions again")
    else:
        yield Line(OK, "packages", f"all {len(pins)} are as requirements.lock says")


def duckdb_writes_encrypted(_config: Config, folder: OutFolder, _inbox: Path | None) -> Iterator[Line]:
    """Yield whether DuckDB's signed cipher loads, without which what it spills would lie in clear."""
    place = folder.state if folder.state.is_dir() else None
    with tempfile.TemporaryDirectory(dir=place) as spill, DuckDBEngine(spill=Path(spill)) as db:
        [(is_on,)] = db.rows("SELECT current_setting('temp_file_encryption')")
    yield Line(OK, "spill", "DuckDB encrypts it") if is_on else Line(FAIL, "spill", "DuckDB writes it in clear", "make")


def machine(config: Config, _folder: OutFolder, _inbox: Path | None) -> Iterator[Line]:
    """Yield whether the memory and the threads of the settings fit the machine."""
    has = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    wants = bytes_of(config.machine.memory_limit)
    told = f"machine.memory_limit is {config.machine.memory_limit} of {has / 1e9:.1f} GB"
    if wants is None:
        yield Line(FAIL, "memory", "machine.memory_limit is no amount", "write it as 1500MB or 4GB")
    elif wants > SPARE * has:
        yield Line(
            FAIL, "memory", told, f"lower it to at most {SPARE * has / 1e9:.1f}GB, or the machine may stop the run"
        )
    else:
        yield Line(OK, "memory", told)
    cores = os.cpu_count() or 1
    is_more = config.machine.threads > cores
    told = f"machine.threads is {config.machine.threads} on {cores} cores"
    yield Line(WARN if is_more else OK, "threads", told, f"lower it to {cores}" if is_more else "")


def bytes_of(text: str) -> float | None:
    """Return an amount as DuckDB writes it (``1500MB``) in bytes, None for no amount."""
    found = re.fullmatch(r"\s*([0-9.]+)\s*([KMGT]?i?B)\s*", text, flags=re.IGNORECASE)
    return float(found[1]) * UNITS[found[2].upper()] if found else None


def _pins(lock: str) -> list[tuple[str, str]]:
    """Return name and version of every pin that is meant for this machine."""
    pins = re.findall(r"^([A-Za-z0-9._-]+)==([^\s;]+)(?:\s*;\s*([^\\\n]+))?", lock, flags=re.MULTILINE)
    return [(name, version) for name, version, marker in pins if not marker or Marker(marker.strip()).evaluate()]


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
