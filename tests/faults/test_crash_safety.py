"""Crash safety on nights so small that many can die in half a minute; ``make faults`` does the same at length."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults import broken, clocks, crowd, disk_full, kills, leftovers, order, published, readers
from tests.faults.kills import Scene

SEED = 18
"""With it the clock goes back 9,000 days between the fourth night and the fifth."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("crash")


@pytest.fixture(scope="module")
def scene(folder: Path) -> Scene:
    """Yesterday, and what today must look like."""
    return kills.small(folder / "small").known(folder / "today")


@pytest.mark.slow
def test_a_night_killed_before_its_actions_on_files_leaves_yesterday_or_today(scene: Scene, folder: Path) -> None:
    actions = kills.count_actions(scene, folder / "killed")
    at = [4, 14, *kills.swap(actions)[::5]]
    tally = kills.before_actions(scene, folder / "killed", at)
    assert tally.failures == []
    assert tally.kills == len(at)
    assert tally.old
    assert tally.new


@pytest.mark.slow
@pytest.mark.parametrize(
    ("way", "kind", "path"),
    [
        ("in_place", "write", "generations/.*/list.csv"),
        ("swap_first", "rename", "work/.*/publication"),
        ("one_by_one", "rename", "reports.new"),
        ("ledger_first", "rename", "current.new"),
    ],
)
def test_a_kill_shows_how_a_publication_is_broken(scene: Scene, folder: Path, way: str, kind: str, path: str) -> None:
    actions = kills.count_actions(scene, folder / way, [way])
    at = next(n for n, a in enumerate(actions) if a.kind == kind and re.search(f"/out/{path}$", a.path))
    assert kills.before_actions(scene, folder / way, [at], [way]).failures


@pytest.mark.slow
def test_a_night_without_room_says_so_and_leaves_yesterday(scene: Scene, folder: Path) -> None:
    size = (scene.folder / "out" / "restricted.duckdb").stat().st_size
    tally = disk_full.limited(scene, folder / "full", [20_000, size // 2, size - 4096])
    assert tally.wrong == []
    assert tally.failed == tally.sizes == 3


@pytest.mark.slow
def test_runs_at_once_publish_once(scene: Scene, folder: Path) -> None:
    tally = crowd.examine(scene, folder / "crowd", 6, 2)
    assert tally.wrong == []
    assert tally.published == tally.rounds == 2
    assert tally.busy >= 1, "no two of them met"


@pytest.mark.slow
def test_runs_that_take_no_lock_do_damage(scene: Scene, folder: Path) -> None:
    assert crowd.examine(scene, folder / "crowd", 4, 2, ["no_lock"]).wrong


@pytest.mark.slow
def test_readers_beside_publications_see_whole_nights(folder: Path) -> None:
    tally = readers.examine(folder / "read" / "out", 10)
    assert tally.wrong == []
    assert tally.opens > 20
    assert tally.asked > 10


@pytest.mark.slow
def test_readers_beside_a_file_that_is_written_in_place_do_not(folder: Path) -> None:
    assert readers.examine(folder / "live" / "out", 3, broken=["live_file"]).wrong


@pytest.mark.slow
def test_what_a_dead_process_left_misleads_nobody_and_is_swept(scene: Scene, folder: Path) -> None:
    plants = [plant for plant in leftovers.PLANTS if plant is not leftovers.foreign_log]
    found = leftovers.examine(scene, folder / "left", plants)
    assert found.wrong == []
    assert found.readers == "yesterday"
    assert found.files >= len(plants)


@pytest.mark.slow
def test_a_log_of_another_database_is_refused_by_readers_and_swept(scene: Scene, folder: Path) -> None:
    found = leftovers.examine(scene, folder / "left", [leftovers.foreign_log])
    assert (found.wrong, found.readers) == ([], "refused")


@pytest.mark.slow
@pytest.mark.parametrize("plant", leftovers.SWEPT)
def test_what_was_left_is_found_when_nobody_sweeps(scene: Scene, folder: Path, plant: Callable[[Path], None]) -> None:
    assert leftovers.examine(scene, folder / "left", [plant], ["no_sweep"]).wrong


@pytest.mark.slow
def test_nights_stay_in_order_when_the_clock_jumps(folder: Path) -> None:
    assert clocks.jumps(folder / "jumps", 5, SEED).wrong == []


@pytest.mark.slow
def test_runs_that_are_named_by_the_clock_do_not(folder: Path) -> None:
    assert clocks.jumps(folder / "clock", 5, SEED, ["clock_ids"]).wrong


def test_a_night_reaches_the_disk_in_order(scene: Scene, folder: Path) -> None:
    disk = order.in_process(scene, folder / "order")
    assert disk.wrong == []
    assert disk.swaps == 1
    assert disk.losses > 10


@pytest.mark.parametrize("way", order.CONTROLS)
def test_another_order_is_seen(scene: Scene, folder: Path, way: str) -> None:
    assert order.in_process(scene, folder / "order", [way]).wrong


def test_every_way_to_break_it_is_a_control_of_some_suite() -> None:
    used = {*kills.CONTROLS, *order.CONTROLS, *readers.CONTROLS, *disk_full.CONTROLS, *clocks.CONTROLS}
    assert set(broken.WAYS) - used == {"no_lock", "no_sweep"}


def test_a_folder_that_holds_no_publication_yet_is_whole(tmp_path: Path) -> None:
    assert published.broken(tmp_path) == []


CALLS = """\
7 openat(AT_FDCWD</w>, "out/generations/n/manifest.json", O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC, 0666) = 3</w/out/m.json>
7 write(3</w/out/m.json>, ""..., 80) = 80
8 pwrite64(5</w/out/case.duckdb>, ""..., 4096, 0 <unfinished ...>
7 fsync(5</w/out/case.duckdb> <unfinished ...>
8 <... pwrite64 resumed>) = 4096
7 <... fsync resumed>) = 0
7 rename("/w/out/work/p", "/w/out/generations/n") = 0
7 renameat2(AT_FDCWD</w>, "a", 4</w/out>, "b", RENAME_NOREPLACE) = 0
7 unlink("/w/out/case.duckdb.wal") = -1 ENOENT (No such file or directory)
7 symlink("generations/n", "/w/out/current.new") = 0
7 mkdir("/w/out/work", 0777) = 0
7 +++ exited with 0 +++
"""


def test_a_log_of_system_calls_is_read() -> None:
    assert [(a.kind, a.path, a.target) for a in order.parse(CALLS)] == [
        ("create", "/w/out/generations/n/manifest.json", ""),
        ("write", "/w/out/m.json", ""),
        ("write", "/w/out/case.duckdb", ""),
        ("fsync", "/w/out/case.duckdb", ""),
        ("rename", "/w/out/work/p", "/w/out/generations/n"),
        ("rename", "/w/a", "/w/out/b"),
        ("link", "/w/out/current.new", "/generations/n"),
        ("mkdir", "/w/out/work", ""),
    ]
