"""Nights in a row as the pipeline does them, without gates and lists: each starts from the file that the last one left.

A `Post` decides which delivery comes in which night: in time, late, twice, or sent again under a name of its own.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from unittest import mock

from linkage import casebook, contracts, entities, families, intake, kpi, pairs, tonight
from linkage.casebook import publish
from linkage.config import Config
from linkage.decisions import Decision
from linkage.engine.duckdb import DuckDBEngine
from linkage.entities import household
from linkage.pairs import numbered
from linkage.pairs.model import MODELS
from linkage.pipeline import generations
from linkage.privacy import Keys

FROZEN = Config(linkage={"model_file": max(MODELS.glob("model_*.json"))})
"""The shipped model as it is: a model that is fitted every night compares everything every night."""
OF_A_RUN = {"run_id", "fresh_mentions", "checked_at", "made_at", "mention_no", "evidence_no"}
"""Columns that tell of a run and not of what it found; a rebuild gives other numbers."""
TOLD = {"compared_pair": numbered.told()}
"""Queries of what tables of numbers say."""
ANEW = 3
"""One night in so many writes its file anew; the others leave the working one, as most nights do."""
VIEW = "case_view.duckdb"
OF_RUNS = ("run", "check_result", "audit", "hand_out")
"""Tables of a run, which these nights leave empty."""
OF_A_FILE = ("in_step",)
"""Tables that tell of the places of rows in the file that they are in."""

State = dict[str, tuple[int, int]]


def ignore(_: str) -> None:
    """Take no notice of progress."""


@dataclass
class Chain:
    """Nights on one folder; ``state`` is the file that the last one left."""

    folder: Path
    config: Config = FROZEN
    nights: int = 0
    state: Path | None = None
    said: list[str] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.inbox.mkdir(parents=True, exist_ok=True)

    @property
    def inbox(self) -> Path:
        """Where deliveries come in."""
        return self.folder / "inbox"

    def night(self, deliveries: Iterable[Path] = ()) -> None:
        """Let deliveries (folders ``source/delivery``) come in, and do a night."""
        for delivery in deliveries:
            shutil.copytree(delivery, self.inbox / delivery.parent.name / delivery.name, dirs_exist_ok=True)
        self.nights += 1
        self.state = self._night(self.folder / f"night-{self.nights}")

    def again_from_scratch(self) -> Path:
        """Do the last night once more from where it began, comparing everything; return the file that it leaves."""
        before = self.folder / f"night-{self.nights - 1}" / "restricted.duckdb"
        return self._night(self.folder / f"scratch-{self.nights}", before, from_scratch=True)

    def _night(self, target: Path, before: Path | None = None, *, from_scratch: bool = False) -> Path:
        before = before or self.state
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        if before and before.exists():
            shutil.copyfile(before, target / "work.duckdb")
        keys, run_id = Keys.load(self.config, self.folder), f"{self.nights:05d}"
        with DuckDBEngine(target / "work.duckdb") as db, mock.patch.object(tonight, "MANY", 1):
            if before and not from_scratch:
                tonight.note(db)
            found = intake.take_in(
                db,
                self.config,
                inbox=self.inbox,
                run_id=run_id,
                seen=(),
                keys=keys,
                progress=ignore,
                from_scratch=from_scratch,
            )
            assert found.as_of is not None
            intake.standardise(db, self.config, ignore, from_scratch=from_scratch)
            pairs.link(db, self.config, self.said.append, from_scratch=from_scratch)
            entities.resolve(
                db, self.config, run_id=run_id, mint=keys.mint, progress=ignore, decisions=tuple(self.decisions)
            )
            household.build(db, self.config, run_id=run_id, mint=keys.mint)
            casebook.build(db, self.config, as_of=found.as_of, progress=ignore)
            families.build(db, self.config, as_of=found.as_of, progress=ignore)
            generations.publish(db, found.as_of)
            kpi.build(db, self.config, as_of=found.as_of, progress=ignore)
            for name in OF_RUNS:
                db.run(contracts.table(name).ddl())
            if before and (before.parent / VIEW).exists():
                shutil.copyfile(before.parent / VIEW, target / VIEW)
            publish.write(db, target, anew=self.nights % ANEW == 0)
        if not (target / "restricted.duckdb").exists():
            (target / "work.duckdb").rename(target / "restricted.duckdb")
        (target / "work.duckdb").unlink(missing_ok=True)
        return target / "restricted.duckdb"


def content(state: Path) -> State:
    """Return rows and hash of every table of a state, but for what tells of the run."""
    found: State = {}
    with DuckDBEngine(state, read_only=True) as db:
        for (name,) in db.rows("SELECT table_name FROM duckdb_tables() ORDER BY ALL"):
            if name not in (*OF_RUNS, *OF_A_FILE):
                told = f"({TOLD.get(name, f'FROM {name}')})"
                columns = [f'"{row[0]}"' for row in db.rows(f"DESCRIBE {told}") if row[0] not in OF_A_RUN]
                hashed = f"coalesce(sum(CAST(hash({', '.join(columns)}) AS HUGEINT)), 0)"
                rows, total = db.rows(f"SELECT count(*), {hashed} FROM {told}")[0]
                found[name] = (int(rows), int(total))
    return found


def shown_otherwise(state: Path) -> list[str]:
    """Return the tables of the case view beside a state that differ from those of the state."""
    shown, held = content(state.parent / VIEW), content(state)
    declared = {table.name for table in contracts.tables("case_view")} - set(OF_RUNS)
    return sorted(name for name in declared | set(shown) if shown.get(name) != held.get(name))


def differing(one: Path, other: Path) -> list[str]:
    """Return the tables in which two states differ."""
    left, right = content(one), content(other)
    return sorted(name for name in left | right if left.get(name) != right.get(name))


def outcome(state: Path) -> Mapping[str, object]:
    """Return what a state says with people and households told by their first mention, for states with other ids."""
    key = "source_id, record_kind, record_id, person_seq"
    with DuckDBEngine(state, read_only=True) as db:
        people, homes = (
            db.rows(
                f"SELECT {key}, min(concat_ws(' ', {key})) OVER (PARTITION BY {kind}_id) "
                f"FROM mention JOIN mention_{kind} USING (mention_id) ORDER BY ALL"
            )
            for kind in ("person", "household")
        )
        return {
            "people": people,
            "households": homes,
            "pairs": db.rows(f"{numbered.told()} ORDER BY ALL"),
            "statuses": db.rows("SELECT source_id, incident_number, status, cause FROM incident_status ORDER BY ALL"),
            "gap": db.rows("SELECT * FROM gap ORDER BY ALL"),
        } | {name: db.rows(_of_homes(name)) for name in (*families.LASTING, *families.DATED)}


def _of_homes(name: str) -> str:
    """Return the query of a table of families with households told by their first mention."""
    ids = {"household_id", "person_id"} & {column.name for column in contracts.table(name).columns}
    return f"""
        WITH home AS (
            SELECT household_id, min(concat_ws(' ', source_id, record_kind, record_id, person_seq)) AS home
            FROM mention JOIN mention_household USING (mention_id) GROUP BY household_id)
        SELECT home, t.* EXCLUDE ({", ".join(sorted(ids))})
        FROM {name} t LEFT JOIN home USING (household_id) ORDER BY ALL
    """


@dataclass(frozen=True)
class Kept:
    """Of the people whose mentions did not change in a night: how many there are, and how many kept their id."""

    people: int
    same_id: int


def kept(before: Path, after: Path) -> Kept:
    """Compare the ids of two nights in a row."""
    table = contracts.table("mention")
    key = ", ".join(table.key)
    said = ", ".join(c.name for c in table.columns if c.name not in ("mention_id", "record_no"))
    with DuckDBEngine() as db:
        for name, path in (("before", before), ("after", after)):
            db.run(f"ATTACH '{path}' AS {name} (READ_ONLY)")
        (found,) = db.rows(
            f"""
            WITH b AS (SELECT {key}, person_id, hash({said}) AS said
                       FROM before.mention JOIN before.mention_person USING (mention_id)),
            a AS (SELECT {key}, person_id, hash({said}) AS said
                  FROM after.mention JOIN after.mention_person USING (mention_id)),
            told AS (SELECT b.person_id, bool_and(coalesce(a.said = b.said, false)) AS unchanged,
                            bool_and(a.person_id = b.person_id) AS same
                     FROM b LEFT JOIN a USING ({key}) GROUP BY b.person_id)
            SELECT count(*), count(*) FILTER (WHERE same) FROM told WHERE unchanged
            """
        )
    return Kept(*found)


@dataclass
class Post:
    """The deliveries of a sample, in the nights in which they come."""

    inbox: Path
    spare: Path
    seed: int
    late: float = 0.2
    again: float = 0.2
    nights: list[list[Path]] = field(default_factory=list)

    def __post_init__(self) -> None:
        dice = random.Random(self.seed)
        days = sorted({d.name for s in self.inbox.iterdir() for d in s.iterdir()})
        self.nights = [[] for _ in days]
        for number, day in enumerate(days):
            for delivery in sorted(self.inbox.glob(f"*/{day}")):
                last = len(days) - 1
                when = number if not number or dice.random() >= self.late else min(number + dice.randint(1, 4), last)
                self.nights[when].append(delivery)
                if number and dice.random() < self.again:
                    self.nights[min(when + dice.randint(0, 3), last)].append(self._sent_again(delivery))
        for night in self.nights:
            dice.shuffle(night)

    def _sent_again(self, delivery: Path) -> Path:
        """Return the same rows as a delivery of its own, extracted a minute later."""
        copy = self.spare / delivery.parent.name / f"{delivery.name}-b"
        if not copy.exists():
            shutil.copytree(delivery, copy)
            manifest = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
            extracted = datetime.fromisoformat(manifest["extracted_at"]) + timedelta(minutes=1)
            manifest |= {"delivery_id": copy.name, "extracted_at": extracted.isoformat()}
            (copy / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        return copy
