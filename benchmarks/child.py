"""A child process measured from outside.

The peak of a child can never read lower than the memory of the process that started it (Linux carries the
high-water mark over ``exec``), so whoever calls `run` imports nothing heavy: all work is done in children.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from time import perf_counter

TOP = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
PYTHON = (sys.executable, "-m")


@dataclass(frozen=True)
class Line:
    """One line of standard output and the second at which it came."""

    second: float
    text: str


@dataclass(frozen=True)
class Child:
    """What a finished child took, start of the interpreter and imports included.

    Of ``cpu_seconds`` the kernel took ``system_seconds``, to clear memory and to copy files among others.
    """

    seconds: float
    cpu_seconds: float
    system_seconds: float
    peak_mb: float
    lines: tuple[Line, ...]

    @property
    def text(self) -> str:
        """Everything that it wrote to standard output."""
        return "\n".join(line.text for line in self.lines)


class ChildError(Exception):
    """A child ended with an error; the message holds the end of what it said."""


def inbeeld(*arguments: str | Path) -> Child:
    """Run the installed command of this environment."""
    return run([str(BIN / "inbeeld"), *map(str, arguments)])


def module(name: str, *arguments: str | Path) -> Child:
    """Run one of our modules."""
    return run([*PYTHON, name, *map(str, arguments)])


def sample(folder: Path, *, incidents: int, noise: str, seed: int) -> Path:
    """Simulate a region into a folder and return the folder."""
    inbeeld("sample", "--out", folder, "--incidents", str(incidents), "--noise", noise, "--seed", str(seed))
    return folder


def mentions(folder: Path, *, incidents: int, noise: str, seed: int) -> Path:
    """Simulate a region into a folder and return the file of its standardised mentions (`benchmarks.prepare`)."""
    target = sample(folder, incidents=incidents, noise=noise, seed=seed) / "mentions.duckdb"
    module("benchmarks.prepare", folder, target)
    return target


def run(command: Sequence[str], limit: float | None = None) -> Child:
    """Run a command to its end; raises `ChildError` unless it ends with 0, and within ``limit`` seconds."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
        started, lines = perf_counter(), []
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            encoding="utf-8",
            cwd=TOP,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        assert process.stdout is not None
        stop = Timer(limit or 0.0, process.kill)
        if limit:
            stop.start()
        with process.stdout as output:
            for text in output:
                lines.append(Line(perf_counter() - started, text.rstrip("\n")))  # noqa: PERF401 (the clock runs)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = perf_counter() - started
        stop.cancel()
        if limit and seconds >= limit and status:
            raise ChildError(f"stopped after {limit:.0f} s")
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            told = "\n".join([*(line.text for line in lines[-5:]), *errors.read().splitlines()[-15:]])
            raise ChildError(f"{Path(command[0]).name} ended with {process.returncode}:\n{told}")
    cpu = usage.ru_utime + usage.ru_stime
    return Child(seconds, cpu, usage.ru_stime, usage.ru_maxrss / 1024, tuple(lines))
