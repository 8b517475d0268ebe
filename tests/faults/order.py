"""The order in which a night reaches the disk: files, their names, the swap, and only then what the ledger says.

Two witnesses, one judge. `processes.actions` sees what Python does in the process, which needs no tool, and not what
DuckDB writes; strace sees every system call of every thread of the real command. The judge plays the actions and asks
at each of them what a loss of power would leave, when what was not synced may or may not have reached the disk.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults import kills
from tests.faults.processes import Action

CONTROLS = ("no_sync", "no_file_sync", "no_folder_sync", "sync_late", "written_after", "swap_first", "in_place")
CALLS = (
    "openat,open,creat,write,pwrite64,writev,pwritev,sendfile,copy_file_range,ftruncate,fsync,fdatasync,"
    "rename,renameat,renameat2,symlink,symlinkat,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir"
)
MISSING = "strace is not installed (apt-get install strace): the system calls were not looked at"


@dataclass
class Disk:
    """What of an output folder may not be on the disk yet, after each action; ``wrong`` says what that could break."""

    out: str
    unwritten: set[str] = field(default_factory=set)
    """Files whose content was not synced since it was written."""
    unnamed: set[str] = field(default_factory=set)
    """Folders that were not synced since a name in them changed."""
    published: str | None = None
    swaps: int = 0
    is_pending: bool = False
    """Whether the last swap was not synced yet."""
    losses: int = 0
    """Moments at which the power was cut, in thought, from the first to the last of the publication."""
    wrong: list[str] = field(default_factory=list)

    def play(self, actions: Sequence[Action]) -> Disk:
        """Take all actions."""
        for action in actions:
            self._act(action)
            self._cut()
        if self.is_pending:
            self.wrong.append("the swap was never synced")
        if not self.swaps:
            self.wrong.append("nothing was swapped in")
        return self

    def _act(self, action: Action) -> None:
        kind, path = action.kind, action.path
        if kind == "fsync":
            self.unwritten.discard(path)
            self.unnamed.discard(path)
            self.is_pending = self.is_pending and path != self.out
            return
        if kind == "write":
            self.unwritten.add(path)
            if path.startswith(f"{self.out}/state/ledger") and self.is_pending:
                self.wrong.append("the ledger is written before the swap is on disk")
            return
        if kind == "rename":
            self._rename(path, action.target)
        elif kind == "remove":
            self.unwritten.discard(path)
            if path.startswith(f"{self.out}/generations/") and self.is_pending:
                self.wrong.append("an old generation goes before the swap is on disk")
        self.unnamed.add(str(Path(path).parent))

    def _rename(self, path: str, target: str) -> None:
        for known in (self.unwritten, self.unnamed):
            moved = {one for one in known if one == path or one.startswith(f"{path}/")}
            known -= moved
            known |= {target + one.removeprefix(path) for one in moved}
        self.unnamed.add(str(Path(target).parent))
        if target.startswith(f"{self.out}/generations/"):
            self.published = target
        if target == f"{self.out}/current":
            self.swaps, self.is_pending = self.swaps + 1, True

    def _cut(self) -> None:
        """Cut the power: the swap may be on disk from the moment it was made; then all of the generation must be."""
        if not self.published and not self.swaps:
            return
        self.losses += 1
        if not self.swaps:
            return
        new = self.published or f"{self.out}/generations"
        content = {path for path in self.unwritten if path.startswith(f"{self.out}/generations/")}
        names = {f for f in self.unnamed if f == f"{self.out}/generations" or f.startswith(new)}
        self.wrong += [f"{Path(path).name} may be empty in the published generation" for path in content]
        self.wrong += [f"names in {Path(path).name}/ may be missing after the swap" for path in names]
        if not self.published:
            self.wrong.append("the swap leads to a generation that has no name yet")


def judge(actions: Sequence[Action], out: Path) -> Disk:
    """Play the actions of a night that published."""
    return Disk(str(out)).play([a for a in actions if a.path.startswith(str(out))])


def in_process(scene: kills.Scene, folder: Path, broken: Sequence[str] = ()) -> Disk:
    """Judge a night by what Python does."""
    return judge(kills.count_actions(scene, folder, broken), folder / "out")


BROKEN = """
import sys
from pathlib import Path
from tests.faults import broken, small_night
for way in sys.argv[3:]:
    broken.WAYS[way]()
small_night.run(Path(sys.argv[1]), Path(sys.argv[2]))
"""


def traced(scene: kills.Scene, folder: Path, command: Sequence[str | Path]) -> Disk:
    """Judge a night by its system calls."""
    scene.copy(folder)
    log = folder / "calls"
    strace = shutil.which("strace")
    assert strace
    done = subprocess.run(
        [strace, "-f", "-y", "-s", "0", "--seccomp-bpf", "-e", f"trace={CALLS}", "-o", log, *command],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return judge(list(parse(log.read_text(encoding="utf-8", errors="replace"))), folder / "out")


def parse(text: str) -> Iterator[Action]:
    """Yield the actions of a log of strace; a call that another thread interrupts counts when it ends."""
    begun: dict[str, str] = {}
    for line in text.splitlines():
        process, _, call = line.partition(" ")
        call = call.strip()
        if call.endswith("<unfinished ...>"):
            begun[process] = call.removesuffix("<unfinished ...>")
            continue
        if call.startswith("<... "):
            call = begun.pop(process, "") + call.partition("resumed>")[2]
        if re.search(r"\) += -1 ", call):
            continue
        yield from _action(call)


def _action(call: str) -> Iterator[Action]:
    name, _, rest = call.partition("(")
    first = re.match(r"\d+<([^>]*)>", rest)
    paths = re.findall(r'(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"([^"]*)"', rest)
    whole = [str(Path(folder or "/", path)) for folder, path in paths]
    if name in ("fsync", "fdatasync") and first:
        yield Action("fsync", first[1])
    elif name in ("write", "pwrite64", "writev", "pwritev", "sendfile", "ftruncate") and first:
        yield Action("write", first[1])
    elif name == "copy_file_range":
        yield Action("write", re.findall(r"\d+<([^>]*)>", rest)[1])
    elif name.startswith("rename"):
        yield Action("rename", *whole)
    elif name.startswith(("symlink", "link")):
        yield Action("link", whole[-1], whole[0])
    elif name in ("unlink", "unlinkat", "rmdir"):
        yield Action("remove", whole[0])
    elif name.startswith("mkdir"):
        yield Action("mkdir", whole[0])
    elif (name == "creat" or "O_CREAT" in rest) and whole:
        yield Action("create", whole[0])


def run(_size: int | None, _seed: int, tell: Callable[[str], None]) -> list[dict[str, object]]:
    """Return a row for each witness, and for each control by both."""
    with tempfile.TemporaryDirectory(prefix="inbeeld-order-") as name:
        folder = Path(name)
        small, real = kills.small(folder / "small"), kills.real(folder / "real")
        scratch = folder / "scratch"
        rows = [_row("night, in the process", in_process(real, scratch))]
        if shutil.which("strace"):
            inbeeld = Path(sys.executable).parent / "inbeeld"
            rows.append(_row("night, system calls", traced(real, scratch, [inbeeld, *real.at(scratch)])))
        for way in ("", *CONTROLS):
            rows.append(_row("small night, in the process", in_process(small, scratch, [way] if way else []), way))
            tell(str(rows[-1]))
            if shutil.which("strace"):
                command = [sys.executable, "-c", BROKEN, scratch / "inbox", scratch / "out", *filter(None, [way])]
                rows.append(_row("small night, system calls", traced(small, scratch, command), way))
                tell(str(rows[-1]))
    if not shutil.which("strace"):
        rows.append(_row("night, system calls", Disk("", wrong=[MISSING])))
    return rows


def _row(what: str, disk: Disk, control: str = "") -> dict[str, object]:
    failures = disk.wrong
    if control:
        failures = [] if disk.wrong else [f"control {control}, {what}: nothing was found"]
    return {
        "order of": f"control {control}: {what}" if control else what, "swaps": disk.swaps, "power cuts": disk.losses,
        "found": len(disk.wrong), "failures": list(dict.fromkeys(failures)),
    }  # fmt: skip
