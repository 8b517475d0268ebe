"""The decisions of reviewers: which two mentions are one person, which are two, and where nobody can tell.

They live in ``OUT/state/decisions.sqlite``, outside the publication: a case view is a function of deliveries and
decisions. The ledger only grows. A decision is undone by a withdrawal, a further entry, and the file itself
refuses to change or delete one. Mentions are named by the keys of their records, so that a decision
survives a rebuild, and waits when its record is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from linkage import sqlite
from linkage.errors import UsageError, no_output_folder

if TYPE_CHECKING:
    from linkage.engine.base import Engine
    from linkage.store import OutFolder

WHAT = "the decisions ledger"


class Verdict(StrEnum):
    """What a reviewer says of two mentions."""

    SAME = "same"
    """One person: joined whatever the model says, unless that would merge two people named in one record."""
    DIFFERENT = "different"
    """Two people: kept apart whatever the model says."""
    UNSURE = "unsure"
    """Nobody can tell now: the pair leaves the reviewers' list, and nothing else changes."""


@dataclass(frozen=True, order=True)
class MentionKey:
    """The stable name of a mention: ``source_id:record_kind:record_id:person_seq``."""

    source_id: str
    record_kind: str
    record_id: str
    person_seq: int

    @classmethod
    def parse(cls, text: str, name: str = "MENTION") -> MentionKey:
        """Read a key as a user gives it; raises `UsageError` that names the argument and not its value."""
        source, kind, *rest = text.split(":", 2) if text.count(":") >= 3 else ("", "")
        record, _, seq = rest[0].rpartition(":") if rest else ("", "", "")
        if not (source and kind in ("incident", "case") and record and seq.isdecimal()):
            raise UsageError(f"{name} is no mention: give source_id:incident:record_id:person_seq, or …:case:…")
        return cls(source, kind, record, int(seq))

    def __str__(self) -> str:
        return f"{self.source_id}:{self.record_kind}:{self.record_id}:{self.person_seq}"


@dataclass(frozen=True)
class Decision:
    """One entry of the ledger; ``withdrawn_at`` is None while it holds. ``left`` is the smaller key."""

    decision_id: int
    decided_at: str
    decided_by: str
    verdict: Verdict
    reason: str
    left: MentionKey
    right: MentionKey
    withdrawn_at: str | None = None


SCHEMA = """
CREATE TABLE IF NOT EXISTS decision (
  decision_id INTEGER PRIMARY KEY AUTOINCREMENT, decided_at TEXT NOT NULL, decided_by TEXT NOT NULL,
  verdict TEXT NOT NULL CHECK (verdict IN ('same', 'different', 'unsure')), reason TEXT NOT NULL,
  left_source_id TEXT NOT NULL, left_record_kind TEXT NOT NULL, left_record_id TEXT NOT NULL,
  left_person_seq INTEGER NOT NULL, right_source_id TEXT NOT NULL, right_record_kind TEXT NOT NULL,
  right_record_id TEXT NOT NULL, right_person_seq INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS withdrawal (
  withdrawal_id INTEGER PRIMARY KEY AUTOINCREMENT, decision_id INTEGER NOT NULL UNIQUE REFERENCES decision,
  withdrawn_at TEXT NOT NULL, withdrawn_by TEXT NOT NULL, reason TEXT NOT NULL);
"""

SELECT = "SELECT d.*, w.withdrawn_at FROM decision AS d LEFT JOIN withdrawal AS w USING (decision_id)"


class Decisions:
    """The decisions of one output folder. They may be written while a run is going: the next one reads them."""

    def __init__(self, folder: OutFolder) -> None:
        self.folder = folder
        self.path = folder.state / "decisions.sqlite"

    def decide(self, left: MentionKey, right: MentionKey, verdict: Verdict, *, by: str, reason: str) -> int:
        """Add a decision and return its id; raises `UsageError` for one mention given twice or an empty text."""
        return self.decide_all([(left, right)], verdict, by=by, reason=reason)[0]

    def decide_all(
        self, pairs: Iterable[tuple[MentionKey, MentionKey]], verdict: Verdict, *, by: str, reason: str
    ) -> list[int]:
        """Add the same decision about several pairs, all or none, and return their ids; raises as `decide` does."""
        by, reason = sqlite.said(by, "--by"), sqlite.said(reason, "--reason")
        ordered = [tuple(sorted(pair)) for pair in pairs]
        if any(one == other for one, other in ordered):
            raise UsageError("both mentions are the same one: give two")
        self._make()
        made = []
        with sqlite.writing(self.path, WHAT) as db:
            for one, other in ordered:
                added = db.execute(
                    f"INSERT INTO decision VALUES (NULL, {', '.join('?' * 12)})",
                    (sqlite.now(), by, str(verdict), reason, *_columns(one), *_columns(other)),
                )
                assert added.lastrowid is not None
                made.append(added.lastrowid)
        return made

    def withdraw(self, decision_id: int, *, by: str, reason: str) -> None:
        """Undo a decision by a further entry; raises `UsageError` when it is unknown or withdrawn already."""
        by, reason = sqlite.said(by, "--by"), sqlite.said(reason, "--reason")
        found = next((d for d in self.all() if d.decision_id == decision_id), None)
        if found is None:
            raise UsageError(f"there is no decision {decision_id}: see inbeeld decisions")
        if found.withdrawn_at is not None:
            raise UsageError(f"decision {decision_id} was withdrawn already")
        with sqlite.writing(self.path, WHAT) as db:
            db.execute("INSERT INTO withdrawal VALUES (NULL, ?, ?, ?, ?)", (decision_id, sqlite.now(), by, reason))

    def all(self) -> list[Decision]:
        """Return every decision ever made, in the order in which they were made."""
        if not self.path.exists():
            return []
        with sqlite.reading(self.path, WHAT) as db:
            rows = db.execute(f"{SELECT} ORDER BY decision_id").fetchall()
        return [
            Decision(
                decision_id=row["decision_id"],
                decided_at=row["decided_at"],
                decided_by=row["decided_by"],
                verdict=Verdict(row["verdict"]),
                reason=row["reason"],
                left=MentionKey(*(row[f"left_{c}"] for c in KEY)),
                right=MentionKey(*(row[f"right_{c}"] for c in KEY)),
                withdrawn_at=row["withdrawn_at"],
            )
            for row in rows
        ]

    def active(self) -> list[Decision]:
        """Return the decisions that hold, in the order in which they were made."""
        return [d for d in self.all() if d.withdrawn_at is None]

    def _make(self) -> None:
        if not self.folder.state.is_dir():
            raise no_output_folder(self.folder.path)
        with sqlite.writing(self.path, WHAT) as db:
            db.executescript(SCHEMA)
            for table in ("decision", "withdrawal"):
                sqlite.append_only(db, table)


KEY = ("source_id", "record_kind", "record_id", "person_seq")


def named(restricted: Engine, one: str, other: str) -> tuple[MentionKey, MentionKey]:
    """Return the two mentions that a user means: two keys, or two person ids for their most alike mentions.

    Raises `UsageError` when a mention or person is not in the published ``restricted.duckdb``.
    """
    if ":" in one or ":" in other:
        keys = MentionKey.parse(one, "MENTION_A"), MentionKey.parse(other, "MENTION_B")
        for name, key in zip(("MENTION_A", "MENTION_B"), keys, strict=True):
            where = " AND ".join(f"{c} = ?" for c in KEY)
            if not restricted.rows(f"SELECT 1 FROM mention WHERE {where}", _columns(key)):
                raise UsageError(
                    f"{name} is not among the published mentions: look in restricted.duckdb, table mention"
                )
        return keys
    if one == other:
        raise UsageError("both persons are the same one: give two, or two mentions to take apart")
    for name, person in (("PERSON_A", one), ("PERSON_B", other)):
        if not restricted.rows("SELECT 1 FROM mention_person WHERE person_id = ?", [person]):
            raise UsageError(f"{name} is not among the published persons: look in restricted.duckdb, table person")
    columns = ", ".join(f"{side}.{c}" for side in "lr" for c in KEY)
    row = restricted.rows(_BEST_PAIR.format(columns=columns), [one, other])[0]
    return MentionKey(*row[:4]), MentionKey(*row[4:8])


_BEST_PAIR = """
SELECT {columns} FROM mention l JOIN mention_person lp ON lp.mention_id = l.mention_id
JOIN mention_person rp ON rp.person_id <> lp.person_id JOIN mention r ON r.mention_id = rp.mention_id
LEFT JOIN pair ON left_id = least(l.mention_id, r.mention_id) AND right_id = greatest(l.mention_id, r.mention_id)
WHERE lp.person_id = ? AND rp.person_id = ? ORDER BY match_weight DESC NULLS LAST, l.mention_id, r.mention_id LIMIT 1
"""


def _columns(key: MentionKey) -> Sequence[str | int]:
    return key.source_id, key.record_kind, key.record_id, key.person_seq
