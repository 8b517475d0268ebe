"""Second opinions: a sample of the decided pairs is judged again by somebody who does not see the first judgement.

They say how far reviewers agree, and change no link: where two differ the pair comes back to be decided together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from linkage import sqlite
from linkage.decisions import KEY, Decision, MentionKey, Verdict
from linkage.errors import no_output_folder
from linkage.review.trail import FILE, WHAT, has

if TYPE_CHECKING:
    import sqlite3

    from linkage.store import OutFolder

SCHEMA = """
CREATE TABLE IF NOT EXISTS opinion (
  opinion_id INTEGER PRIMARY KEY AUTOINCREMENT, decision_id INTEGER NOT NULL, given_at TEXT NOT NULL,
  given_by TEXT NOT NULL, verdict TEXT NOT NULL CHECK (verdict IN ('same', 'different', 'unsure')),
  reason TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS retraction (
  retraction_id INTEGER PRIMARY KEY AUTOINCREMENT, opinion_id INTEGER NOT NULL UNIQUE REFERENCES opinion,
  retracted_at TEXT NOT NULL, retracted_by TEXT NOT NULL);
"""


HELD = "SELECT * FROM opinion WHERE opinion_id NOT IN (SELECT opinion_id FROM retraction) ORDER BY opinion_id"


@dataclass(frozen=True)
class Opinion:
    """What a second reviewer said, not knowing the decision that it stands beside."""

    opinion_id: int
    decision_id: int
    given_at: str
    given_by: str
    verdict: Verdict
    reason: str


@dataclass(frozen=True)
class Agreement:
    """How far two reviewers agree on the pairs that both judged."""

    pairs: int
    agreed: int
    alpha: float | None
    """Krippendorff's alpha for nominal data; None when there is nothing that could differ."""


class Opinions:
    """The second opinions of one output folder; ``share`` of the decided pairs is judged twice."""

    def __init__(self, folder: OutFolder, share: float) -> None:
        self.folder = folder
        self.path = folder.state / FILE
        self.share = share

    def add(self, decision_id: int, verdict: Verdict, *, by: str, reason: str) -> int:
        """Keep an opinion and return its number."""
        if not self.folder.state.is_dir():
            raise no_output_folder(self.folder.path)
        row = (decision_id, sqlite.now(), sqlite.said(by, "--by"), str(verdict), sqlite.said(reason, "--reason"))
        with sqlite.writing(self.path, WHAT) as db:
            _make(db)
            added = db.execute("INSERT INTO opinion VALUES (NULL, ?, ?, ?, ?, ?)", row)
        assert added.lastrowid is not None
        return added.lastrowid

    def retract(self, opinion_id: int, *, by: str) -> None:
        """Take an opinion back by a further entry."""
        with sqlite.writing(self.path, WHAT) as db:
            _make(db)
            db.execute("INSERT INTO retraction VALUES (NULL, ?, ?, ?)", (opinion_id, sqlite.now(), by))

    def all(self) -> list[Opinion]:
        """Return the opinions that nobody took back, in the order in which they were given."""
        if not self.path.exists():
            return []
        with sqlite.reading(self.path, WHAT) as db:
            rows = db.execute(HELD).fetchall() if has(db, "opinion") else []
        return [Opinion(**dict(row) | {"verdict": Verdict(row["verdict"])}) for row in rows]

    def wanted(self, decisions: Iterable[Decision], *, by: str) -> list[Decision]:
        """Return the decisions on which a second opinion of this reviewer is wanted: in the sample, not their own.

        A pair is judged twice once: what the two then decide together is not judged again.
        """
        every, given = list(decisions), {opinion.decision_id for opinion in self.all()}
        done = {(d.left, d.right) for d in every if d.decision_id in given}
        mine = by.casefold()
        return [
            d
            for d in latest(every)
            if (d.left, d.right) not in done and d.decided_by.casefold() != mine and self.is_drawn(d)
        ]

    def is_drawn(self, decision: Decision) -> bool:
        """Tell whether a pair is in the sample: by a hash of its keys, so that nobody can choose."""
        text = "|".join(str(getattr(key, column)) for key in (decision.left, decision.right) for column in KEY)
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) < self.share * 2**64

    def disputed(self, decisions: Iterable[Decision]) -> list[tuple[Decision, Opinion]]:
        """Return the decisions that hold and beside which another opinion stands."""
        given = {opinion.decision_id: opinion for opinion in self.all()}
        found = [(d, given[d.decision_id]) for d in latest(decisions) if d.decision_id in given]
        return [(decision, opinion) for decision, opinion in found if decision.verdict != opinion.verdict]

    def agreement(self, decisions: Iterable[Decision]) -> Agreement:
        """Return how far first and second judgements agree, over all that were ever made."""
        first = {d.decision_id: d.verdict for d in decisions}
        pairs = [(first[o.decision_id], o.verdict) for o in self.all() if o.decision_id in first]
        return agreement(pairs)


def _make(db: sqlite3.Connection) -> None:
    db.executescript(SCHEMA)
    for table in ("opinion", "retraction"):
        sqlite.append_only(db, table)


def latest(decisions: Iterable[Decision]) -> list[Decision]:
    """Return the decisions that hold, of those about one pair the last one."""
    last: dict[tuple[MentionKey, MentionKey], Decision] = {}
    for decision in decisions:
        if decision.withdrawn_at is None:
            last.pop((decision.left, decision.right), None)
            last[decision.left, decision.right] = decision
    return list(last.values())


def agreement(pairs: list[tuple[Verdict, Verdict]]) -> Agreement:
    """Return the agreement of first and second judgements.

    Reviewers change places, so who was first must not count: with every pair in both orders Cohen's kappa (Cohen 1960)
    is Scott's pi (Scott 1955), and Krippendorff's alpha (Krippendorff 2004, chapter 11) is 1 - (1 - pi)(1 - 1/2n).
    """
    agreed = sum(one == other for one, other in pairs)
    if len({verdict for pair in pairs for verdict in pair}) < 2:
        return Agreement(len(pairs), agreed, None)
    from sklearn.metrics import cohen_kappa_score

    one = [str(first) for first, _ in pairs] + [str(second) for _, second in pairs]
    other = [str(second) for _, second in pairs] + [str(first) for first, _ in pairs]
    scott = float(cohen_kappa_score(one, other))
    return Agreement(len(pairs), agreed, 1 - (1 - scott) * (1 - 1 / (2 * len(pairs))))
