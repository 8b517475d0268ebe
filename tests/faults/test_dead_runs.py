"""A run that dies leaves a valid publication, and the next one finishes its work; two runs never meet."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from linkage.engine.duckdb import DuckDBEngine
from linkage.pipeline import STEPS
from tests.command import inbeeld
from tests.faults.site import Site

pytestmark = pytest.mark.usefixtures("without_gates")

HOLD = """
import sys, time
from pathlib import Path
from linkage.store import OutFolder
with OutFolder(Path(sys.argv[1])).lock():
    print("held", flush=True)
    time.sleep(120)
"""


UNGATED = """
from linkage import cli, quality
quality._measure = lambda *_: ()
cli.main()
"""
"""The command without what its gates measure, which takes longer than all the rest of a night this small."""

SAME = (
    "SELECT incident_number, status, cause, report_id, delay_days FROM incident_status ORDER BY ALL",
    "SELECT * FROM gap ORDER BY ALL",
    "SELECT incident_number, report_id, link_class FROM incident_link ORDER BY ALL",
    "SELECT count(*), sum(mentions) FROM person",
    "SELECT count(*), sum(members), sum(minors) FROM household",
)
"""What is known, without the ids, which every output folder mints with its own key."""


def content(site: Site) -> list[list[tuple[object, ...]]]:
    """Return what the case view knows."""
    with DuckDBEngine(site.out / "case_view.duckdb", read_only=True) as view:
        return [view.rows(query) for query in SAME]


def kill_at(site: Site, step: str) -> None:
    """Start a night and kill it as soon as it says that it does this step."""
    command = [sys.executable, "-c", UNGATED, *site.night()]
    night = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    )
    assert night.stdout is not None
    for line in night.stdout:
        if line.rstrip().endswith(step):
            break
    else:
        pytest.fail(f"the run never said {step}")
    night.send_signal(signal.SIGKILL)
    night.communicate()


@pytest.mark.slow
def test_a_run_killed_in_the_middle_or_at_the_end_leaves_a_whole_publication_and_the_next_finishes(
    site: Site, yesterday: Site
) -> None:
    site.deliver()
    before = site.view()
    for step in (STEPS[len(STEPS) // 2], STEPS[-1]):  # at every step: the suite kills of make faults
        kill_at(site, step.name)
        assert site.view() == before, step.name
        assert _runs(site)[0]["status"] == "crashed"
    done = site.run()
    assert (done.returncode, done.stderr) == (0, "")
    site.verify()
    assert site.view() != before

    clean = Site(site.path.parent / "clean")
    (clean.path).mkdir()
    (clean.path / "inbox").symlink_to(site.inbox)
    clean.set()
    assert clean.run().returncode == 0
    assert content(site) == content(clean)


def _runs(site: Site) -> list[dict[str, str]]:
    found = json.loads(inbeeld("status", "--out", site.out, "--json").stdout)["runs"]
    assert isinstance(found, list)
    return found


@pytest.mark.slow
def test_a_second_run_is_refused_at_once_and_status_answers(site: Site) -> None:
    before = site.view()
    holder = subprocess.Popen([sys.executable, "-c", HOLD, site.out], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        started = time.perf_counter()
        done = site.run()
        assert time.perf_counter() - started < 10
        assert done.returncode == 2
        assert done.stderr.startswith(f"inbeeld: another run (pid {holder.pid}, started ")
        assert done.stderr.count("\n") == 1
        told = json.loads(inbeeld("status", "--out", site.out, "--json").stdout)
        assert told["holder"]["pid"] == holder.pid
    finally:
        holder.kill()
        holder.communicate()
    assert site.view() == before
    assert site.run().returncode == 0


@pytest.mark.slow
def test_a_foreign_log_beside_the_published_name_is_swept(site: Site) -> None:
    (site.out / "case_view.duckdb.wal").write_bytes(b"foreign")
    (site.out / "work" / "00009-dead").mkdir()
    (site.out / "current.new").symlink_to("nowhere")
    assert site.run().returncode == 0
    site.verify()
    assert not Path(site.out / "current.new").is_symlink()


@pytest.mark.slow
def test_a_tampered_publication_is_not_built_upon(site: Site) -> None:
    with (site.out / "restricted.duckdb").open("r+b") as handle:
        handle.seek(-1, 2)
        last = handle.read(1)
        handle.seek(-1, 2)
        handle.write(bytes([last[0] ^ 1]))
    site.deliver()
    done = site.run()
    assert done.returncode == 2
    assert "does not match its manifest" in done.stderr
    assert done.stderr.count("\n") == 1
