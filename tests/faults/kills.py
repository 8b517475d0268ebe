"""``kill -9``: before every action on a file of a small night; before and after every step, before actions on files and
at random moments of a real one.

``size`` is the number of kills of real nights (200), all kinds mixed, or as many as there is time for. After each kill
the publication must be whole and either yesterday's or today's; one more run must publish today's, take in every
delivery once, and tell which run died. Controls break the publication on purpose, and must fail.
"""

from __future__ import annotations

import hashlib
import random
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from linkage.pipeline import STEPS
from tests.faults import budget, processes, published, small_night
from tests.faults.site import Site, make_yesterday
from tests.month import content

CONTROLS = ("in_place", "swap_first", "one_by_one", "ledger_first")
GATED = 20
"""One real night in so many measures what its gates ask."""


@dataclass
class Tally:
    """What came of the kills of one kind."""

    kills: int = 0
    too_late: int = 0
    old: int = 0
    new: int = 0
    seconds: float = 0.0
    failures: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Add what came of others."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


@dataclass(frozen=True)
class Scene:
    """Yesterday's folder with today's deliveries in its inbox, how a night is run there, and what a reader sees."""

    folder: Path
    night: Callable[..., object]
    look: Callable[[Path], object]
    old: object = None
    new: object = None

    @property
    def arguments(self) -> tuple[Any, ...]:
        """What the night is run with."""
        return self.at(self.folder)

    def at(self, folder: Path) -> tuple[Any, ...]:
        """The same for a copy."""
        if self.night is small_night.run:
            return folder / "inbox", folder / "out"
        return Site(folder).night()

    def copy(self, target: Path) -> Path:
        """Return a copy that a night may die in."""
        shutil.rmtree(target, ignore_errors=True)
        return Path(shutil.copytree(self.folder, target, symlinks=True))

    def known(self, scratch: Path) -> Scene:
        """Return the scene with what it looks like today, by a night that nobody disturbs."""

        def looked() -> tuple[object, object]:
            folder = self.copy(scratch)
            ended = processes.run(self.night, *self.at(folder))
            assert ended.code == 0, ended.err
            return self.look(self.folder / "out"), self.look(folder / "out")

        old, new = budget.once(f"{self.folder.name}: yesterday and today", looked)
        return replace(self, old=old, new=new)

    def round(
        self,
        scratch: Path,
        what: str,
        death: Callable[[Path], processes.Ended],
        broken: Sequence[str] = (),
    ) -> Tally:
        """Let a night die and the next one finish; ``broken`` is how, of a control."""
        tally, began = Tally(), time.perf_counter()
        folder = self.copy(scratch)
        out = folder / "out"
        before = len(published.ledger(out))
        ended = death(folder)
        tally.kills += ended.is_killed
        tally.too_late += ended.code == 0
        wrong = [] if ended.code in (0, processes.KILLED) else [f"ended with {ended.code}: {ended.err}"]
        wrong += published.broken(out)
        seen = self.see(out, wrong)
        tally.old, tally.new = tally.old + (seen == self.old), tally.new + (seen == self.new)
        if seen not in (self.old, self.new):
            wrong.append("readers see neither yesterday nor today")
        wrong += [] if ended.code == 0 else self._next(folder, before, broken, is_new=seen == self.new)
        tally.failures += [f"{what}: {sentence}" for sentence in wrong]
        tally.seconds = time.perf_counter() - began
        return tally

    def see(self, out: Path, wrong: list[str]) -> object:
        """Return what a reader sees, None when it cannot be read."""
        try:
            return self.look(out)
        except Exception as error:  # noqa: BLE001
            wrong.append(f"readers get {type(error).__name__}")
            return None

    def _next(self, folder: Path, before: int, broken: Sequence[str], *, is_new: bool) -> list[str]:
        out, died = folder / "out", published.ledger(folder / "out")[before:]
        wrong = [f"after the kill a run reads as {run['status']}" for run in died if run["status"] == "running"]
        ended = processes.run(self.night, *self.at(folder), broken=broken)
        if ended.code:
            return [*wrong, f"the next run ended with {ended.code}: {ended.err}"]
        wrong += published.broken(out) + published.left_over(out)
        if self.see(out, wrong) != self.new:
            wrong.append("the next run did not come to today")
        wrong += published.counted_twice(out)
        runs = published.ledger(out)[before:]
        told = [run["status"] for run in runs[: len(died)]]
        allowed = ({"published"} if is_new else {"crashed"}) | ({"nothing_new"} if is_new else set())
        wrong += [f"the ledger says that the dead run is {status}" for status in told if status not in allowed]
        return wrong


def small(folder: Path) -> Scene:
    """Return a scene of small nights."""

    def made() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        for name in ("a", "b"):
            small_night.deliver(folder / "inbox", name)
        processes.run(small_night.run, folder / "inbox", folder / "out")
        for name in ("c", "d"):
            small_night.deliver(folder / "inbox", name)

    budget.once(f"{folder.name}: delivered", made)
    return Scene(folder, small_night.run, see_small)


def see_small(out: Path) -> object:
    """Return what a reader sees of a small night, file by file."""
    listed = (out / "reports" / "list.csv").read_text(encoding="utf-8")
    return small_night.taken(out), small_night.taken(out, "restricted.duckdb"), listed


def real(folder: Path) -> Scene:
    """Return a scene of real nights: a sample of 60 incidents of which the police's last delivery comes today."""

    def made() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        make_yesterday(folder).deliver()

    budget.once(f"{folder.name}: delivered", made)
    return Scene(folder, processes.ungated, see_real)


def see_real(out: Path) -> object:
    """Return what readers see of a real night: rows and hash of every table of both databases."""
    return tuple(_content(out, name) for name in ("restricted.duckdb", "case_view.duckdb"))


_seen: dict[str, object] = {}


def _content(out: Path, name: str) -> object:
    """Return the content of a file; one of the same bytes is read once."""
    found = hashlib.sha256((out / name).read_bytes()).hexdigest()
    if found not in _seen:
        _seen[found] = content(out / name)
    return _seen[found]


def before_actions(scene: Scene, folder: Path, every: Sequence[int], broken: Sequence[str] = ()) -> Tally:
    """Kill a night before each of these actions on its files."""
    tally = Tally()
    for number in every:

        def round_(n: int = number) -> Tally:
            return scene.round(
                folder, f"action {n}",
                lambda f: processes.run(scene.night, *scene.at(f), watched=f / "out", die_at=n, broken=broken), broken,
            )  # fmt: skip

        found = budget.in_time(f"{scene.folder.name}: {[*broken]} {number}", round_)
        if found is not None:
            tally.add(found)
    return tally


def count_actions(scene: Scene, folder: Path, broken: Sequence[str] = ()) -> list[processes.Action]:
    """Return the actions on files that an undisturbed night takes."""
    copy = scene.copy(folder)
    return processes.actions(scene.night, *scene.at(copy), watched=copy / "out", broken=broken)


def swap(actions: Sequence[processes.Action]) -> range:
    """Return the numbers of the actions from the manifest to the end of the swap."""
    first = next(n for n, a in enumerate(actions) if a.path.endswith("manifest.json"))
    last = max(n for n, a in enumerate(actions) if a.path.endswith((".new", "ledger.sqlite")))
    return range(first, last + 1)


def at_step(number: int, is_end: bool, *arguments: str | Path) -> None:
    """Do a night that dies when a step begins or has ended."""
    from linkage import pipeline

    def dies(night: Any, run: Callable[[Any], None] = STEPS[number].run) -> None:
        if is_end:
            run(night)
        processes.die()

    pipeline.STEPS = (*STEPS[:number], replace(STEPS[number], run=dies), *STEPS[number + 1 :])
    processes.ungated(*arguments)


def run(size: int | None, seed: int, tell: Callable[[str], None]) -> list[dict[str, object]]:
    """Return a row for each kind of kill, and for each control."""
    size, dice = size or 200, random.Random(seed)
    with budget.folder("kills") as folder:
        scratch = folder / "scratch"
        tiny = small(folder / "small").known(scratch)
        rows = []
        every = range(budget.once("actions of a small night", lambda: len(count_actions(tiny, scratch))))
        rows.append(_row("small night: every action on a file", before_actions(tiny, scratch, every)))
        tell(f"{rows[-1]}")
        for control in CONTROLS:
            at = budget.once(f"swap of {control}", lambda c=control: swap(count_actions(tiny, scratch, [c])))
            tally = before_actions(tiny, scratch, at, [control])
            rows.append(_row("small night: actions of the publication", tally, control))
            tell(f"{rows[-1]}")
        night = real(folder / "real").known(scratch)
        return [*rows, *(_row(what, tally) for what, tally in _real(night, scratch, size, dice, tell).items())]


Plan = list[tuple[str, str, Callable[[Path], processes.Ended]]]
"""Kind of kill, what it is, and the death of a night in a folder."""


def _real(night: Scene, scratch: Path, size: int, dice: random.Random, tell: Callable[[str], None]) -> dict[str, Tally]:
    """Kill whole nights until there are ``size`` kills or the time is over, all kinds mixed; return a tally a kind."""
    steps, files, moments = (
        "night: begin and end of every step",
        "night: before actions on files",
        "night: random moments",
    )
    plan: Plan = []
    for number, is_end in [(n, is_end) for n in range(len(STEPS)) for is_end in (False, True)][: size // 3 or 1]:
        place = f"{'end' if is_end else 'begin'} of {STEPS[number].name}"
        plan.append((steps, place, lambda f, n=number, e=is_end: processes.run(at_step, n, e, *night.at(f))))
    total = budget.once("actions of a night", lambda: len(count_actions(night, scratch)))
    for number in dice.sample(range(total), min(total, (size - len(plan)) // 2)):
        plan.append((files, f"action {number}", lambda f, n=number: processes.run(
            night.night, *night.at(f), watched=f / "out", die_at=n)))  # fmt: skip
    seconds = budget.once(
        "seconds of a night", lambda: processes.run(night.night, *night.at(night.copy(scratch))).seconds
    )
    shares = size - len(plan)
    for number in range(shares):
        plan.append(
            (moments, *_moment(night, seconds * (number + dice.random()) / shares, is_gated=not number % GATED))
        )
    dice.shuffle(plan)
    tallies = {kind: Tally() for kind in (steps, files, moments)}
    while plan:
        kind, what, death = plan.pop()
        found = budget.in_time(f"{kind}: {what}", lambda w=what, d=death: night.round(scratch, w, d))
        if found is None:
            break
        tallies[kind].add(found)
        done, late = sum(t.kills for t in tallies.values()), tallies[moments].too_late
        if not plan and done < size and late < 2 * shares:
            plan.append((moments, *_moment(night, seconds * dice.random(), is_gated=False)))
        if done % 10 == 0:
            tell(f"{done} kills of whole nights, {sum(len(t.failures) for t in tallies.values())} failures")
    return tallies


def _moment(night: Scene, moment: float, *, is_gated: bool) -> tuple[str, Callable[[Path], processes.Ended]]:
    """Return what to call a kill some seconds into a night, and that death."""
    scene = replace(night, night=processes.command) if is_gated else night

    def death(at: Path) -> processes.Ended:
        running = processes.start(scene.night, *scene.at(at))
        running.process.join(moment)
        running.kill()
        return running.wait()

    return f"after {moment:.4f} s", death


def _row(what: str, tally: Tally, control: str = "") -> dict[str, object]:
    caught, failures, rounds = len(tally.failures), tally.failures, tally.kills + tally.too_late
    if control:
        failures = [] if caught or not rounds else [f"control {control}: nothing was found"]
    return {
        "killed": f"control {control}: {what}" if control else what, "kills": tally.kills, "saw yesterday": tally.old,
        "saw today": tally.new, "ended before": tally.too_late, "found": caught,
        "seconds a round": tally.seconds / max(rounds, 1), "failures": failures,
    }  # fmt: skip
