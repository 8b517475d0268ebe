"""The command in the process of the tests: what a night imports costs more than a night this small."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from linkage import cli

INBEELD = Path(sys.executable).parent / "inbeeld"

Done = subprocess.CompletedProcess[str]


def installed(*arguments: str | Path, cwd: Path | None = None) -> Done:
    """Run the installed command in a process of its own, to its end."""
    command = [INBEELD, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=600, check=False)


def interrupted(*arguments: str | Path, cwd: Path | None = None, after: str) -> Done:
    """Run the installed command in a process of its own, and interrupt it once it has said something."""
    command = [INBEELD, *map(str, arguments)]

    def listen() -> None:  # a test run in the background ignores interruptions, and so would all that it starts
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    with subprocess.Popen(
        command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=listen
    ) as process:
        assert process.stdout is not None
        said = ""
        while after not in said and (line := process.stdout.readline()):
            said += line
        process.send_signal(signal.SIGINT)
        rest, complaints = process.communicate(timeout=60)
    return Done(command, process.returncode, said + rest, complaints)


def inbeeld(*arguments: str | Path, cwd: Path | None = None) -> Done:
    """Run the command in this process, to its end: its exit code, and what it wrote on its two streams."""
    words, out, err = [str(argument) for argument in arguments], io.StringIO(), io.StringIO()
    argv, umask = sys.argv, os.umask(0o022)
    sys.argv = ["inbeeld", *words]
    code: object = None
    try:
        with (
            contextlib.chdir(cwd or Path.cwd()),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            warnings.catch_warnings(),
        ):
            cli.main()
    except SystemExit as ended:
        code = ended.code
    finally:
        sys.argv = argv
        os.umask(umask)
    assert isinstance(code, int)
    return Done(words, code, out.getvalue(), err.getvalue())


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run the command in this process and return its exit code; its streams are those of the test."""
    monkeypatch.setattr(sys, "argv", ["inbeeld", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert isinstance(ended.value.code, int)
    return ended.value.code
