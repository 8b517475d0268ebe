"""The output folder: one run at a time, whole generations, nothing left of a dead run."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from linkage.errors import BusyError, StoreError, UsageError
from linkage.generation import MANIFEST
from linkage.store import HELD, OutFolder

DAY = date(2025, 3, 14)

HOLD = """
import sys, time
from pathlib import Path
from linkage.store import HELD, OutFolder
with OutFolder(Path(sys.argv[1])).lock():
    print("held", flush=True)
    time.sleep(60)
"""


def publish(folder: OutFolder, run_id: str, text: str) -> None:
    """Build and publish a generation whose files all hold ``text``."""
    work = folder.begin(run_id)
    (work / "restricted.duckdb").write_text(text)
    (work / "publication" / "case_view.duckdb").write_text(text)
    (work / "publication" / "reports").mkdir()
    (work / "publication" / "reports" / "gap.csv").write_text(text)
    folder.publish(run_id, as_of=DAY)


def test_a_generation_is_seen_under_names_that_stay(tmp_path: Path) -> None:
    folder = OutFolder(tmp_path / "out")
    with folder.lock():
        for run_id, text in [("00001-a", "first"), ("00002-b", "second")]:
            publish(folder, run_id, text)
            assert (folder.path / "case_view.duckdb").read_text() == text
            assert (folder.path / "restricted.duckdb").read_text() == text
            assert (folder.path / "reports" / "gap.csv").read_text() == text
    assert folder.published_as_of() == DAY
    assert folder.current() == folder.generations / "00002-b"
    assert not list(folder.path.glob("*.new"))


def test_a_reader_keeps_the_generation_it_opened(tmp_path: Path) -> None:
    folder = OutFolder(tmp_path / "out", keep=1)
    with folder.lock():
        publish(folder, "00001-a", "first")
        with (folder.path / "case_view.duckdb").open() as reader:
            publish(folder, "00002-b", "second")
            assert reader.read() == "first"
        assert [g.name for g in folder.generations.iterdir()] == ["00002-b"]


def test_the_next_night_starts_from_a_copy_of_the_last_one(tmp_path: Path) -> None:
    folder = OutFolder(tmp_path / "out")
    with folder.lock():
        publish(folder, "00001-a", "first")
        work = folder.begin("00002-b")
        assert (work / "restricted.duckdb").read_text() == "first"
        (work / "restricted.duckdb").write_text("changed")
    assert (folder.path / "restricted.duckdb").read_text() == "first"


def test_a_generation_with_a_log_beside_its_file_is_not_published(tmp_path: Path) -> None:
    folder = OutFolder(tmp_path / "out")
    with folder.lock():
        publish(folder, "00001-a", "first")
        work = folder.begin("00002-b")
        (work / "publication" / "case_view.duckdb").write_text("x")
        (work / "publication" / "reports").mkdir()
        (work / "restricted.duckdb.wal").write_text("x")
        with pytest.raises(StoreError, match="not checkpointed"):
            folder.publish("00002-b", as_of=DAY)
    assert folder.current() == folder.generations / "00001-a"


def test_a_half_made_generation_is_not_published(tmp_path: Path) -> None:
    folder = OutFolder(tmp_path / "out")
    with folder.lock():
        work = folder.begin("00001-a")
        (work / "restricted.duckdb").write_text("x")
        with pytest.raises(StoreError, match=r"lacks case_view\.duckdb, reports"):
            folder.publish("00001-a", as_of=DAY)
    assert folder.current() is None


def test_a_stale_log_beside_a_published_name_goes_before_the_swap(tmp_path: Path) -> None:
    folder = OutFolder(tmp_path / "out")
    with folder.lock():
        publish(folder, "00001-a", "first")
        (folder.path / "case_view.duckdb.wal").write_text("foreign")
        publish(folder, "00002-b", "second")
    assert not list(folder.path.glob("*.wal"))


def test_the_sweep_removes_what_a_dead_run_left_and_nothing_else(tmp_path: Path) -> None:
    folder = OutFolder(tmp_path / "out")
    with folder.lock():
        publish(folder, "00001-a", "first")
        (folder.begin("00002-b") / "spill").mkdir()
        (folder.generations / "00002-b").mkdir()
        (folder.path / "current.new").symlink_to("nowhere")
        (folder.path / "restricted.duckdb.wal").write_text("x")
        (folder.path / "note of the analyst.txt").write_text("mine")
        folder.sweep()
    assert sorted(p.name for p in folder.path.iterdir()) == sorted(
        [
            *("case_view.duckdb", "current", "generations", "note of the analyst.txt"),
            *("reports", "restricted.duckdb", "state", "work"),
        ]
    )
    assert not list(folder.work.iterdir())
    assert [g.name for g in folder.generations.iterdir()] == ["00001-a"]


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    folder = OutFolder(tmp_path / "out")
    with folder.lock():
        publish(folder, "00001-a", "first")
    open_to_others = [p for p in folder.path.rglob("*") if not p.is_symlink() and p.stat().st_mode & 0o077]
    assert open_to_others == []


def test_a_second_run_is_refused_at_once_and_the_lock_dies_with_its_process(tmp_path: Path) -> None:
    out = tmp_path / "out"
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(out)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert (OutFolder(out).holder() or {})["pid"] == holder.pid
        with (
            pytest.raises(BusyError, match=f"another run \\(pid {holder.pid}, started 20.*holds"),
            OutFolder(out).lock(),
        ):
            pass
    finally:
        os.kill(holder.pid, signal.SIGKILL)
        holder.communicate()
    assert OutFolder(out).holder() is None
    with OutFolder(out).lock():
        pass


def test_a_changed_published_file_is_named_and_not_built_upon(tmp_path: Path) -> None:
    folder = OutFolder(tmp_path / "out")
    with folder.lock():
        publish(folder, "00001-a", "first")
        (folder.path / "restricted.duckdb").write_text("f1rst")
        with pytest.raises(StoreError, match=r"restricted\.duckdb of generation 00001-a does not match its manifest"):
            folder.begin("00002-b")


def test_a_published_file_is_copied_unless_it_was_changed(tmp_path: Path) -> None:
    folder = OutFolder(tmp_path / "out")
    large = os.urandom(1000).hex()
    with folder.lock():
        publish(folder, "00001-a", large)
        assert folder.copy("case_view.duckdb", tmp_path)
        assert (tmp_path / "case_view.duckdb").read_text() == large
        (folder.path / "case_view.duckdb").write_text(large[:-1] + "x")
        assert not folder.copy("case_view.duckdb", tmp_path)
        (folder.path / "case_view.duckdb").resolve().unlink()
        assert not folder.copy("case_view.duckdb", tmp_path)
    assert not (tmp_path / "case_view.duckdb").exists()


def test_a_manifest_of_an_older_version_holds(tmp_path: Path) -> None:
    folder = OutFolder(tmp_path / "out")
    with folder.lock():
        publish(folder, "00001-a", "first")
        kept = folder.generations / "00001-a"
        manifest = json.loads((kept / MANIFEST).read_text())
        for name, entry in manifest["files"].items():
            del entry["blake3"]
            entry["sha256"] = hashlib.sha256((kept / name).read_bytes()).hexdigest()
        (kept / MANIFEST).write_text(json.dumps(manifest))
        folder.verify(kept)
        assert folder.copy("case_view.duckdb", tmp_path)
        (folder.path / "case_view.duckdb").write_text("f1rst")
        assert not folder.copy("case_view.duckdb", tmp_path)
        with pytest.raises(StoreError, match=r"case_view\.duckdb of generation 00001-a does not match"):
            folder.verify(kept)


def test_a_file_of_which_a_manifest_has_no_hash_is_not_taken(tmp_path: Path) -> None:
    folder = OutFolder(tmp_path / "out")
    with folder.lock():
        publish(folder, "00001-a", "first")
        kept = folder.generations / "00001-a"
        manifest = json.loads((kept / MANIFEST).read_text())
        del manifest["files"]["case_view.duckdb"]["blake3"]
        (kept / MANIFEST).write_text(json.dumps(manifest))
        assert not folder.copy("case_view.duckdb", tmp_path)


def test_a_folder_of_someone_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "thesis.txt").write_text("precious")
    with pytest.raises(UsageError, match=r"work/ that is not Inbeeld's"), OutFolder(tmp_path).lock():
        pass
    assert (tmp_path / "work" / "thesis.txt").read_text() == "precious"


def test_a_reader_of_an_empty_folder_is_told_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no published case view: run `inbeeld run"):
        OutFolder(tmp_path).published("case_view.duckdb")
    assert list(tmp_path.iterdir()) == []


def test_a_run_sweeps_what_is_dead_and_not_what_somebody_works_in(tmp_path: Path) -> None:
    folder = OutFolder(tmp_path / "out")
    with folder.lock():
        dead = folder.work / "train-dead"
        dead.mkdir()
        (dead / HELD).touch()
        with folder.scratch("train") as alive:
            folder.sweep()
            assert (alive.is_dir(), dead.exists()) == (True, False)
        assert not alive.exists()


def test_the_restricted_file_is_used_for_as_many_nights_as_generations_are_kept(tmp_path: Path) -> None:
    folder = OutFolder(tmp_path / "out", keep=3)
    written_anew = []
    with folder.lock():
        for night in range(8):
            work, anew = folder.begin(f"0000{night}-a"), folder.is_worn()
            built = work / "publication"
            (built / "reports").mkdir()
            (built / "case_view.duckdb").write_text("x")
            (work / "restricted.duckdb").write_text("x")
            if anew:
                (built / "restricted.duckdb").write_text("x")
            folder.publish(f"0000{night}-a", as_of=DAY)
            written_anew.append(anew)
    assert written_anew == [True, False, False, True, False, False, True, False]
