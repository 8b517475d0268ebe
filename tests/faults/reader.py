"""Suite ``reader``: exports that went wrong, read by the strict reader and turned into typed rows.

The oracle knows nothing of the reader. It has the rows that were written, where each stands, and what a mutator
touched; so it knows which rows must come through, at which byte, with which values. Of every file it asks:

* nothing but a refusal of one line is raised, and no message holds a value;
* header, accepted and rejected rows tile the file, byte for byte, each rejected row with a known reason;
* a row that was not touched is accepted as it is in the export that is right (a row whose key a damaged row took
  before it may be rejected as a duplicate);
* nothing is accepted that is not a row that was sent, or does not touch the damage.
"""

from __future__ import annotations

import csv
import hashlib
import io
import random
import re
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from linkage import contracts
from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import DeliveryRefused
from linkage.intake import profile as profiles
from linkage.intake import reader, staging
from linkage.intake.delivery import Delivery
from linkage.intake.manifest import Listed
from linkage.privacy import Keys
from tests.faults.exports import CANARY, Export, Pool
from tests.faults.mutators import MUTATORS, Mutation

KEYS = Keys(bytes(range(64)))
REASONS = frozenset(contracts.codes("reject_reason").codes)
PLACE = {"line_number", "byte_offset", "byte_length"}
TYPED_EVERY = 4
"""Of the files of a long run, which are read as records all."""
PER_EXPORT = 8
"""Mutations that one export gets, so that reading it undamaged is not most of the work."""


@dataclass
class Reading:
    """What a reader made of a file: where each row stands and what it says; a refusal has neither."""

    header: int = 0
    accepted: list[tuple[int, int, tuple[object, ...]]] = field(default_factory=list)
    rejected: list[tuple[int, int, str]] = field(default_factory=list)
    refused: str | None = None
    message: str = ""
    is_miscounted: bool = False
    """The manifest promises other rows: such a delivery is refused, whatever its rows are."""


Reader = Callable[[Export, bytes], Reading]


def strictly(export: Export, data: bytes) -> Reading:
    """Read the records as they stand, with the strict reader."""
    try:
        text = reader.open_text(data, encoding=export.encoding, delimiter=export.delimiter, name=export.spec.name)
        positions, _ = profiles.match_header(export.spec, text.header)
    except DeliveryRefused as error:
        return Reading(refused=error.reason, message=str(error))
    found = Reading(header=text.header_size)
    rejected: list[reader.Rejected] = []
    for chunk in reader.chunks(text, rejected):
        for row, first, last in zip(chunk.rows, chunk.first, chunk.last, strict=True):
            values = tuple(row[positions[header]] for header in export.header)
            found.accepted.append((int(text.starts[first]), int(text.starts[last + 1] - text.starts[first]), values))
    found.rejected = [(r.byte_offset, r.byte_length, r.reason) for r in rejected]
    return found


class Typed:
    """Reads a file through staging: typed columns, keys, the manifest's hash and count."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.db = DuckDBEngine(memory_limit="500MB", threads=1)

    def __call__(self, export: Export, data: bytes) -> Reading:
        """Return the typed rows; ``is_counted`` tells whether a manifest with the rows that were sent sees it."""
        (self.folder / export.spec.name).write_bytes(data)
        listed = Listed(export.spec.name, len(export.rows), hashlib.sha256(data).hexdigest())
        try:
            staged = staging.stage(self.db, self._delivery(export), listed, profiles.load(export.profile), KEYS)
        except DeliveryRefused as error:
            return Reading(refused=error.reason, message=str(error))
        columns = [str(row[0]) for row in self.db.rows(f"DESCRIBE {staged.table}")]
        found = Reading(header=staged.bytes_header)
        for row in self.db.rows(f"SELECT * FROM {staged.table} ORDER BY line_number"):
            named: dict[str, Any] = dict(zip(columns, row, strict=True))
            place = (int(named["byte_offset"]), int(named["byte_length"]))
            if named["_reason"] is None:
                found.accepted.append((*place, tuple(v for c, v in named.items() if c not in PLACE)))
            else:
                found.rejected.append((*place, str(named["_reason"])))
        found.rejected += [(r.byte_offset, r.byte_length, r.reason) for r in staged.unread]
        try:
            staging.check_rows(staged, listed)
        except DeliveryRefused:
            found.is_miscounted = True
        told = (staged.rows, staged.rejected, staged.bytes, staged.bytes_accepted)
        real = (len(found.accepted) + len(found.rejected), len(found.rejected), len(data))
        assert told == (*real, sum(length for _, length, _ in found.accepted)), "the sums are not those of the rows"
        return found

    def _delivery(self, export: Export) -> Delivery:
        return Delivery(
            self.folder, "source", "delivery", "", export.profile, "full", "hg-ketenbeeld",
            datetime(2025, 3, 14, tzinfo=UTC), date(2025, 3, 13), (),
        )  # fmt: skip


def by_pandas(export: Export, data: bytes) -> Reading:
    """Control: pandas as most people call it."""
    try:
        frame = pd.read_csv(
            io.BytesIO(data), sep=";", dtype=str, encoding=export.encoding, on_bad_lines="skip", keep_default_na=False
        )
        rows = frame[export.header].to_numpy().tolist()
    except (ValueError, KeyError) as error:
        return Reading(refused=type(error).__name__)
    return Reading(accepted=[(-1, 0, tuple(row)) for row in rows])


def by_csv(export: Export, data: bytes) -> Reading:
    """Control: Python's csv module, rows of another width left out."""
    try:
        lines = csv.reader(io.StringIO(data.decode(export.encoding), newline=""), delimiter=";")
        header = next(lines)
        rows = [row for row in lines if len(row) == len(header)]
        order = [header.index(name) for name in export.header]
    except (ValueError, csv.Error, StopIteration) as error:
        return Reading(refused=type(error).__name__)
    return Reading(accepted=[(-1, 0, tuple(row[i] for i in order)) for row in rows])


def by_duckdb(export: Export, data: bytes) -> Reading:
    """Control: DuckDB's reader, told to go on after errors."""
    import duckdb

    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        Path(file.name).write_bytes(data)
        try:
            found = duckdb.sql(
                f"SELECT {', '.join(chr(34) + h + chr(34) for h in export.header)} FROM read_csv('{file.name}', "
                "delim=';', header=true, all_varchar=true, ignore_errors=true, auto_detect=false, "
                f"columns={{{', '.join(repr(h) + ': ' + repr('VARCHAR') for h in export.header)}}})"
            ).fetchall()
        except duckdb.Error as error:
            return Reading(refused=type(error).__name__)
    return Reading(accepted=[(-1, 0, tuple(v or "" for v in row)) for row in found])


def touched(export: Export, mutation: Mutation) -> set[int]:
    """Return the rows that the edits reach: a line put between two rows reaches neither."""
    found = set()
    for number, (start, end) in enumerate(export.spans):
        for first, last, new in mutation.edits:
            if first == last:
                is_inside = start <= first < end and not (first == start and new.endswith(b"\n"))
            else:
                is_inside = (first < end and start < last) or (start == last and not new.endswith(b"\n"))
            if is_inside:
                found.add(number)
    return found


def moved(mutation: Mutation, place: int) -> int:
    """Return where a byte of the export stands in the mutated file."""
    return place + sum(len(new) - (last - first) for first, last, new in mutation.edits if last <= place)


def judge(export: Export, mutation: Mutation, found: Reading, right: Reading, *, has_places: bool = True) -> list[str]:
    """Return what is wrong with a reading, given the reading of the export that is right; no value is told."""
    if found.refused is not None:
        return [] if _may_refuse(export, mutation, found) else [f"refused ({found.refused}) without need"]
    if mutation.expect == "refused":
        return ["taken in, and should be refused whole"]
    wrong = []
    if has_places:
        wrong += _untiled(found, len(mutation.data))
        wrong += [f"unknown reason {reason}" for _, _, reason in found.rejected if reason not in REASONS]
    if mutation.expect == "rows":
        return (
            wrong + _swallowed(export, mutation, found, right, has_places) + _invented(export, mutation, found, right)
        )
    if sorted(map(_plain, found.accepted)) != sorted(map(_plain, right.accepted)):
        wrong.append(f"{len(right.accepted)} rows sent, other ones accepted ({len(found.accepted)})")
    return wrong


def _may_refuse(export: Export, mutation: Mutation, found: Reading) -> bool:
    """A file may be refused whole when it changed as a whole, or when its rows alone cannot tell the damage."""
    if mutation.expect != "rows":
        return mutation.expect != "same"
    return found.refused in ("truncated", "nul_byte", "encoding", "rows") or not has_a_reason(found)


def has_a_reason(found: Reading) -> bool:
    """Tell whether a refusal is none of ours: a control that raises has refused in its way."""
    return found.refused is not None and found.refused.islower()


def _untiled(found: Reading, size: int) -> list[str]:
    at = found.header
    for start, length in sorted([(s, n) for s, n, _ in found.accepted] + [(s, n) for s, n, _ in found.rejected]):
        if start != at or length <= 0:
            return ["bytes in no row, or in two"]
        at = start + length
    return [] if at == size else ["bytes in no row, or in two"]


def _swallowed(export: Export, mutation: Mutation, found: Reading, right: Reading, has_places: bool) -> list[str]:
    hit, wrong = touched(export, mutation), 0
    by_place = {(start, length): values for start, length, values in found.accepted}
    by_value = Counter(values for _, _, values in found.accepted)
    doubles = {(start, length) for start, length, reason in found.rejected if reason == "duplicate_key"}
    for number, (start, length, values) in enumerate(right.accepted):
        if number in hit:
            continue
        place = (moved(mutation, start), length)
        if not has_places:
            wrong += not by_value[values]
        elif by_place.get(place) != values:
            is_named = place in doubles and _took_its_key(export, found, place[0], values)
            wrong += not (is_named or _is_inside_a_record(export, mutation.data, found, *place))
    return [f"{wrong} neighbours swallowed"] if wrong else []


def _is_inside_a_record(export: Export, data: bytes, found: Reading, place: int, size: int) -> bool:
    """Tell whether a rejected row stands inside what Python's csv module reads as one legal record.

    Two stray quotes can make of neighbours what a writer makes of a field with a row in it: they must be rejected.
    """
    lost = sorted((start, length) for start, length, reason in found.rejected if reason == "quoting")
    before = [start for start, _ in lost if place - 20_000 < start < place]
    after = [start + length for start, length in lost if place + size < start + length < place + 20_000]
    for start in before:
        for end in after:
            text = data[start:end].decode(export.encoding)
            try:
                rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=export.delimiter, strict=True))
            except csv.Error:
                continue
            if len(rows) == 1 and len(rows[0]) == len(export.header):
                return True
    return False


def _took_its_key(export: Export, found: Reading, start: int, values: tuple[object, ...]) -> bool:
    names = [c for c in _stage_columns(export) if c not in PLACE]
    key = [names.index(column) for column in export.spec.key]
    mine = [values[i] for i in key]
    return any([other[i] for i in key] == mine for place, _, other in found.accepted if place < start)


def _stage_columns(export: Export) -> list[str]:
    names = {c.name: 0 for c in contracts.table(export.spec.table).columns}
    if export.spec.record:
        names = {c.name: 0 for c in contracts.table(export.spec.record.table).columns} | names
    return list(names | {"line_number": 0, "byte_offset": 0, "byte_length": 0, "_reason": 0, "_header": 0})


def _invented(export: Export, mutation: Mutation, found: Reading, right: Reading) -> list[str]:
    """Count accepted rows that were not sent and do not touch the damage; a row inside a field is always one."""
    hit = touched(export, mutation)
    sent = {(moved(mutation, s), n) for i, (s, n, _) in enumerate(right.accepted) if i not in hit}
    damaged = [(moved(mutation, export.spans[i][0]), moved(mutation, export.spans[i][1])) for i in hit]
    damaged += [(moved(mutation, first), moved(mutation, first) + len(new)) for first, _, new in mutation.edits]
    wrong = 0
    for start, length, values in found.accepted:
        is_forged = mutation.forged is not None and mutation.forged(values)
        is_sent = start < 0 or (start, length) in sent
        wrong += is_forged or not (is_sent or any(a <= start + length and start <= b for a, b in damaged))
    return [f"{wrong} rows invented"] if wrong else []


def _plain(row: tuple[int, int, tuple[object, ...]]) -> str:
    """Return a row's values; line ends inside a field follow those of the file."""
    return repr(row[2]).replace("\\r\\n", "\\n")


@dataclass
class Tally:
    """What the files of one mutator gave."""

    files: int = 0
    typed: int = 0
    """Those that were turned into typed rows as well; of these the other figures are, of the rest as records."""
    size: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    accepted: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    headers: int = 0
    miscounted: int = 0
    tracebacks: int = 0
    wrong: Counter[str] = field(default_factory=Counter)

    def add(self, found: Reading) -> None:
        """Count a reading."""
        if found.refused is not None:
            self.refused[found.refused] += 1
            return
        self.headers += 1
        self.miscounted += found.is_miscounted
        self.accepted += len(found.accepted)
        self.rejected += Counter(reason for _, _, reason in found.rejected)


def examine(
    files: int, seed: int, folder: Path, tell: Callable[[str], None] = lambda _: None, *, typed_every: int = 1
) -> dict[str, Tally]:
    """Read ``files`` mutated exports; ``wrong`` names the kind, the file and the seed of each failure.

    All are read as records, and each ``typed_every``-th as typed rows too, which takes ten times as long.
    """
    pool, typed = Pool(folder / "pool"), Typed(folder)
    tallies = {name: Tally() for name in MUTATORS}
    names, kinds = sorted(MUTATORS), pool.kinds
    for number in range(files):
        if number % PER_EXPORT == 0:
            dice = random.Random(f"{seed} {number}")
            export = pool.export(dice, *kinds[number // PER_EXPORT % len(kinds)])
            right = {"plain": strictly(export, export.data), "typed": typed(export, export.data)}
            for found in right.values():
                assert len(found.accepted) == len(export.rows), f"{export.spec.name}: the export is not right"
            assert [v for _, _, v in right["plain"].accepted] == [tuple(row) for row in export.rows]
        dice = random.Random(f"{seed} {number} mutation")
        name = names[(number + number // len(names)) % len(names)]
        _one(
            tallies[name],
            f"{export.spec.name} seed {seed} number {number}",
            export,
            MUTATORS[name](dice, export),
            right,
            typed if number % typed_every == 0 else None,
        )
        if number % 500 == 499:
            tell(f"{number + 1} files")
    return tallies


def _one(
    tally: Tally, where: str, export: Export, mutation: Mutation, right: dict[str, Reading], typed: Typed | None
) -> None:
    tally.files += 1
    tally.typed += typed is not None
    tally.size += len(mutation.data)
    readings: dict[str, Reader] = {"plain": strictly} | ({"typed": typed} if typed else {})
    for kind, read in readings.items():
        try:
            found = read(export, mutation.data)
        except Exception as error:  # noqa: BLE001
            tally.tracebacks += 1
            tally.wrong[f"{where}: {kind}: {type(error).__name__}"] += 1
            continue
        base = right["plain" if kind == "plain" else "typed"]
        wrong = judge(export, mutation, found, _as_numbered(export, mutation, found, base))
        if "\n" in found.message or len(found.message) > 400 or _tells(export, found.message):
            wrong.append("its message is not one short line, or holds a value")
        for what in wrong:
            tally.wrong[f"{where}: {kind}: {what}"] += 1
        if kind == [*readings][-1]:
            tally.add(found)


def _tells(export: Export, message: str) -> bool:
    """Tell whether a message holds a value of the first rows, or a canary of any."""
    said = set(re.findall(r"[\w-]{4,}", message))
    ours = set(re.findall(r"[\w-]{4,}", " ".join([*export.header, export.spec.name])))
    held = set(re.findall(r"[\w-]{4,}", " ".join(field for row in export.rows[:3] for field in row)))
    return bool(said & held - ours) or CANARY.lower() in message.lower()


def _as_numbered(export: Export, mutation: Mutation, found: Reading, right: Reading) -> Reading:
    """Where a row's number is its order within a dossier, it follows the rows that can be read before it."""
    if (
        not export.spec.number_within
        or right.refused
        or found.refused
        or len(_stage_columns(export)) - 3 != len(right.accepted[0][2])
    ):
        return right
    at = [c for c in _stage_columns(export) if c not in PLACE].index(export.spec.key[-1])
    numbers = {start: values[at] for start, _, values in found.accepted}
    renumbered = [
        (start, length, (*values[:at], numbers.get(moved(mutation, start), values[at]), *values[at + 1 :]))
        for start, length, values in right.accepted
    ]
    if mutation.expect == "rows":
        return Reading(header=right.header, accepted=renumbered)
    return right


CONTROLS: dict[str, Reader] = {"pandas, skip": by_pandas, "csv module": by_csv, "DuckDB, ignore": by_duckdb}


def examine_control(read: Reader, files: int, seed: int, folder: Path) -> Counter[str]:
    """Hold another reader to the same questions; return how many files break which."""
    pool, broken = Pool(folder / "pool"), Counter[str]()
    names, kinds = sorted(MUTATORS), pool.kinds
    for number in range(files):
        dice = random.Random(f"{seed} {number}")
        export = pool.export(dice, *kinds[number % len(kinds)])
        mutation = MUTATORS[names[number % len(names)]](dice, export)
        right = Reading(accepted=[(-1, 0, tuple(row)) for row in export.rows])
        wrong = judge(export, mutation, read(export, mutation.data), right, has_places=False)
        broken["files"] += 1
        broken["broken"] += bool(wrong)
        broken["swallowed"] += any("swallowed" in what for what in wrong)
        broken["taken whole"] += any("refused whole" in what for what in wrong)
        broken["invented"] += any("invented" in what for what in wrong)
    return broken


def run(size: int | None, seed: int, tell: Callable[[str], None]) -> list[dict[str, Any]]:
    """Read 10,000 mutated exports, or ``size``; then let three other readers answer the same questions."""
    files = size or 10_000
    with tempfile.TemporaryDirectory() as folder:
        tallies = examine(files, seed, Path(folder), tell, typed_every=TYPED_EVERY)
        rows = [_told(name, tally) for name, tally in tallies.items()]
        whole = Tally()
        for tally in tallies.values():
            for name in ("files", "typed", "size", "accepted", "headers", "miscounted", "tracebacks"):
                setattr(whole, name, getattr(whole, name) + getattr(tally, name))
            whole.refused += tally.refused
            whole.rejected += tally.rejected
        rows.append(_told("ALL", whole))
        for reason, count in [*whole.refused.most_common(), *whole.rejected.most_common()]:
            tell(f"  {count:>9,} {'files refused' if reason in whole.refused else 'rows rejected'}: {reason}")
        for name, read in CONTROLS.items():
            broken = examine_control(read, min(files, 2000), seed, Path(folder))
            tell(f"  control {name}: {', '.join(f'{count:,} {what}' for what, count in broken.items())}")
            if not broken["swallowed"]:
                rows[-1]["failures"].append(f"the control {name} passes: the questions are too weak")
    return rows


def _told(name: str, tally: Tally) -> dict[str, Any]:
    return {
        "mutator": name,
        "files": tally.files,
        "typed": tally.typed,
        "kB": tally.size // 1000,
        "refused": tally.refused.total(),
        "headers": tally.headers,
        "accepted": tally.accepted,
        "rejected": tally.rejected.total(),
        "miscounted": tally.miscounted,
        "tracebacks": tally.tracebacks,
        "broken": tally.wrong.total(),
        "failures": list(tally.wrong),
    }
