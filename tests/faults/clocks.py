"""Clocks that jump, and the two nights in which they are put forward and back.

``size`` is the number of nights with a jump before or inside them (30). The clock is a fake one in our own modules, for
only they ask it, SQLite and DuckDB never. The order of nights may only come from their numbers. Then real nights with
every stamp of a sample moved into the hour that is missing or double, in processes of three time zones; and exports
made in the double hour, an hour apart with the same time on the wall.
"""

from __future__ import annotations

import csv
import io
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from linkage import simulate
from linkage.engine.duckdb import DuckDBEngine
from linkage.store import OutFolder
from tests.faults import kills, processes, published, small_night
from tests.faults.processes import Ended
from tests.faults.site import SOURCE, Spoilt
from tests.month import content

CONTROLS = ("clock_ids", "round_trip")
ZONES = ("Europe/Amsterdam", "UTC", "Pacific/Auckland")
STAMPS = {
    "2024-03-31T01:59:59": None, "2024-03-31T02:00:00": None, "2024-03-31T02:30:00": None, "2024-03-31T03:00:00": None,
    "2024-10-27T01:59:59": None, "2024-10-27T02:00:00": None, "2024-10-27T02:30:00": None, "2024-10-27T02:59:59": None,
    "2024-10-27T03:00:00": None, "2024-10-27T02:30:00+02:00": "2024-10-27T02:30:00",
    "2024-10-27T02:30:00+01:00": "2024-10-27T02:30:00", "2024-03-31T01:30:00+00:00": "2024-03-31T03:30:00",
    "2024-10-27T01:30:00+00:00": "2024-10-27T02:30:00", "2024-03-30T23:59:59": None, "2024-10-28T00:00:00": None,
}  # fmt: skip
"""A stamp as a source writes it, and the time on the wall that it means, where that is another text."""
TWICE = ("2025-10-26T02:30:00+02:00", "2025-10-26T02:30:00+01:00")
JUMPS = (
    timedelta(hours=1), -timedelta(hours=1), timedelta(days=1), -timedelta(days=1), timedelta(days=3650),
    -timedelta(days=9000), timedelta(seconds=0), -timedelta(seconds=1),
)  # fmt: skip
SWITCHES = (datetime(2025, 3, 30, 0, 59, 58, tzinfo=UTC), datetime(2025, 10, 26, 0, 30, tzinfo=UTC))


@dataclass
class Found:
    """What came of some nights."""

    nights: int = 0
    stamps: int = 0
    wrong: list[str] = field(default_factory=list)


def at(moments: Sequence[datetime], work: Callable[..., object], *arguments: Any) -> None:
    """Work under a clock that shows one moment after the other, and stays at the last."""
    from linkage import ledger, pipeline, store
    from linkage.pipeline import log
    from linkage.pipeline import night as nights

    left = list(moments)

    class Faked(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return (left.pop(0) if len(left) > 1 else left[0]).astimezone(tz)

    nights.now = pipeline.now = lambda: Faked.now(UTC)
    for module in (store, log, ledger, nights):
        module.datetime = Faked  # type: ignore[attr-defined]
    work(*arguments)


def jumps(folder: Path, nights: int, seed: int, broken: Sequence[str] = ()) -> Found:
    """Do small nights between and inside which the clock jumps; each has a new delivery."""
    dice, found, moment = random.Random(seed), Found(nights), datetime(2025, 3, 14, 1, 30, tzinfo=UTC)
    inbox, out, ids = folder / "inbox", folder / "out", []
    for number in range(nights):
        moment = SWITCHES[number // 2 % 2] + timedelta(hours=number % 2) if number < 4 else moment
        inside = [moment + n * timedelta(seconds=1) for n in range(dice.randint(2, 6))]
        inside += [moment + dice.choice(JUMPS) for _ in range(3)]
        small_night.deliver(inbox, f"d{number:03d}")
        ended = processes.run(at, inside, processes.told, small_night.run, inbox, out, broken=broken)
        wrong = [f"ended with {ended.code}: {ended.err.strip()}"] if ended.code else []
        wrong += published.broken(out) + published.left_over(out) + published.counted_twice(out)
        kept = OutFolder(out).kept()
        current = OutFolder(out).current()
        told = [str(run["run_id"]) for run in published.ledger(out)]
        ids = [*ids, *(run for run in told if run not in ids)]
        if told != ids or told != sorted(told) or len(told) != number + 1:
            wrong.append("the runs are not in the order in which they ran")
        if not current or not kept or kept[0].name != current.name or current.name != ids[-1]:
            wrong.append("the newest night is not the published one")
        if len(small_night.taken(out)) != number + 1:
            wrong.append(f"{len(small_night.taken(out))} deliveries are published, not {number + 1}")
        found.wrong += [f"night {number}: {sentence}" for sentence in wrong]
        moment += dice.choice(JUMPS) if number >= 3 else timedelta(days=1)
    return found


def switch_nights(folder: Path, zones: Sequence[str] = ZONES, broken: Sequence[str] = ()) -> Found:
    """Move every stamp of a sample into the switch nights, run it in each time zone, and look at each stamp."""
    found, told = Found(), moved(folder)
    seen = None
    for zone in zones:
        out = folder / zone.replace("/", "-") / "out"
        out.parent.mkdir()
        (folder / "key").mkdir(exist_ok=True)
        ended = processes.run(in_zone, zone, "run", "--inbox", folder / "inbox", "--out", out, broken=broken)
        if ended.code:
            found.wrong.append(f"{zone}: ended with {ended.code}: {ended.err.strip()}")
            continue
        found.nights += 1
        wrong = list(_stamps(out, told))
        found.stamps += len(told)
        days = _days(out)
        seen = seen or days
        wrong += [] if seen == days else ["other statuses or days than in another time zone"]
        found.wrong += [f"{zone}: {sentence}" for sentence in wrong]
    return found


def in_zone(zone: str, *arguments: str | Path) -> None:
    """Be the command on a machine of some time zone."""
    os.environ["TZ"] = zone
    time.tzset()
    processes.ungated(*arguments)


def moved(folder: Path) -> dict[tuple[str, str], str]:
    """Write a sample whose stamps lie in the switch nights; return for each record the time that it must have."""
    simulate.write_sample(folder, incidents=60, seed=7)
    told: dict[tuple[str, str], str] = {}
    files = {"incidenten.csv": ("registratienummer", "kennisname"), "meldingen.csv": ("meldingsnummer", "ontvangen_op")}
    stamps = list(STAMPS)
    for name, (key, column) in files.items():
        for path in sorted((folder / "inbox").rglob(name)):

            def move(data: bytes, key: str = key, column: str = column, name: str = name) -> bytes:
                rows = list(csv.DictReader(io.StringIO(data.decode(), newline=""), delimiter=";"))
                if not rows:
                    return data
                for row in rows:
                    record = row[key].strip()[:17]
                    stamp = stamps[sum(map(ord, record)) % len(stamps)]
                    told[name, record] = STAMPS[stamp] or stamp
                    row[column] = stamp
                written = io.StringIO(newline="")
                writer = csv.DictWriter(written, rows[0], delimiter=";", lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
                return written.getvalue().encode()

            Spoilt(path.parent).file(name, move, is_declared=True)
    return told


def _stamps(out: Path, told: dict[tuple[str, str], str]) -> Iterator[str]:
    with DuckDBEngine(out / "case_view.duckdb", read_only=True) as view:
        rows = Counter(
            {
                ("incidenten.csv", str(key), str(at).replace(" ", "T")): int(times)
                for key, at, times in view.rows(
                    "SELECT incident_number, reported_at, count(*) FROM incident JOIN incident_status USING "
                    "(source_id, incident_number) GROUP BY ALL"
                )
            }
        ) + Counter(
            {
                ("meldingen.csv", str(key), str(at).replace(" ", "T")): int(times)
                for key, at, times in view.rows(
                    "SELECT report_id, received_at, count(*) FROM case_report "
                    "WHERE source_id = 'vt-drenthe' GROUP BY ALL"
                )
            }
        )
        wanted = Counter({(*key, stamp): 1 for key, stamp in told.items()})
        for what, difference in (("lost", wanted - rows), ("not delivered, or twice", rows - wanted)):
            if difference:
                yield f"{sum(difference.values())} stamps are {what}: {Counter(one[2] for one in difference)}"
        (late,) = view.rows(
            "SELECT count(*) FILTER (WHERE delay_days <> date_diff('day', reported_at::DATE, received_at::DATE)), "
            "count(*) FROM incident_link JOIN incident USING (incident_number) JOIN case_report USING (report_id)"
        )
        if late[0] or not late[1]:
            yield f"{late[0]} of {late[1]} links have another number of days"


def _days(out: Path) -> list[Any]:
    with DuckDBEngine(out / "case_view.duckdb", read_only=True) as view:
        return view.rows("SELECT incident_number, status, report_id, delay_days FROM incident_status ORDER BY ALL")


def double_hour(folder: Path) -> Found:
    """Let two exports of the double hour come, in either order, and the first one spoilt: the later one holds."""
    scene, found, seen = kills.real(folder / "real"), Found(), []
    for number, order in enumerate(((0, 1), (1, 0), (1,))):
        copy = scene.copy(folder / f"order{number}")
        held = next((copy / "held").iterdir())
        (copy / "inbox" / SOURCE / held.name).rename(copy / "first")
        for one in order:
            _deliver(copy, one, is_spoilt=False)
            ended = processes.run(scene.night, *scene.at(copy))
            found.wrong += _fine(ended, f"order {order}")
            found.nights += 1
        seen.append(content(copy / "out" / "restricted.duckdb")["police_incident"])
    if len({str(state) for state in seen}) != 1:
        found.wrong.append("what holds depends on which export of the double hour came first")
    copy = scene.copy(folder / "spoilt")
    (copy / "inbox" / SOURCE / next((copy / "held").iterdir()).name).rename(copy / "first")
    _deliver(copy, 0, is_spoilt=True)
    ended = processes.run(scene.night, *scene.at(copy))
    found.wrong += [] if ended.code == 2 else [f"a spoilt export ended with {ended.code}"]
    _deliver(copy, 1, is_spoilt=False)
    ended = processes.run(scene.night, *scene.at(copy))
    found.wrong += _fine(ended, "the export that replaces a spoilt one of the same time on the wall")
    found.nights += 2
    return found


def _fine(ended: Ended, what: str) -> list[str]:
    return [f"{what}: ended with {ended.code}: {ended.err.strip()}"] if ended.code else []


def _deliver(copy: Path, one: int, *, is_spoilt: bool) -> None:
    name = f"dubbel-{one}"
    folder = copy / "inbox" / SOURCE / name
    folder.mkdir()
    for path in (copy / "first").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    delivery = Spoilt(folder)
    change = (b";J;", b";N;") if one else (b"", b"")
    delivery.file("incidenten.csv", lambda data: data.replace(*change), is_declared=True)
    delivery.manifest(lambda m: m.update(delivery_id=name, extracted_at=TWICE[one]))
    if is_spoilt:
        delivery.file("incidenten.csv", lambda data: data[:-9], is_declared=False)


def run(size: int | None, seed: int, tell: Callable[[str], None]) -> list[dict[str, object]]:
    """Return a row for each kind of night, and for each control."""
    with tempfile.TemporaryDirectory(prefix="inbeeld-clocks-") as name:
        folder = Path(name)
        rows = [_row("small nights, clock jumps", jumps(folder / "jumps", size or 30, seed))]
        tell(str(rows))
        rows.append(_row(f"both switch nights, {len(ZONES)} time zones", switch_nights(folder / "switch")))
        rows.append(_row("exports of the double hour", double_hour(folder / "double")))
        rows.append(_row("small nights", jumps(folder / "ids", size or 30, seed, ["clock_ids"]), "clock_ids"))
        found = switch_nights(folder / "trip", ZONES[:1], ["round_trip"])
        rows.append(_row("both switch nights", found, "round_trip"))
        return rows


def _row(what: str, found: Found, control: str = "") -> dict[str, object]:
    failures = found.wrong
    if control:
        failures = [] if found.wrong else [f"control {control}: nothing was found"]
    return {
        "clocks": f"control {control}: {what}" if control else what, "nights": found.nights, "stamps": found.stamps,
        "found": len(found.wrong), "failures": failures,
    }  # fmt: skip
