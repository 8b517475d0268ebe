"""Which model the nights use: candidates in ``OUT/state/models``, and the log of who promoted which, when and why.

The log ``OUT/state/promotions.sqlite`` only grows; the last entry is what the next night uses. Going back is a further
entry. A candidate is named by its file and held by its digest, so that a promoted model cannot change unseen.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from linkage import sqlite
from linkage.errors import StoreError, UsageError
from linkage.store import OutFolder

WHAT = "the promotions log"
NIGHT = "night_"
"""How the file of a model begins that a night had fitted itself before the first promotion."""
PUBLISHED = "promotion"
"""File of a generation that holds the id of the promotion that it was made with."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS promotion (
  promotion_id INTEGER PRIMARY KEY AUTOINCREMENT, promoted_at TEXT NOT NULL, promoted_by TEXT NOT NULL,
  reason TEXT NOT NULL, model TEXT NOT NULL, sha256 TEXT NOT NULL, before_id INTEGER REFERENCES promotion);
"""


@dataclass(frozen=True)
class Promotion:
    """One entry; ``before_id`` is the entry that ``promote --back`` returns to, None for the first."""

    promotion_id: int
    promoted_at: str
    promoted_by: str
    reason: str
    model: str
    sha256: str
    before_id: int | None

    @property
    def is_candidate(self) -> bool:
        """Tell whether a person promoted it; otherwise it is what the nights had fitted before."""
        return not self.model.startswith(NIGHT)


class Promotions:
    """The models of one output folder and the log of their promotions."""

    def __init__(self, folder: OutFolder) -> None:
        self.folder = folder
        self.path = folder.state / "promotions.sqlite"
        self.models = folder.state / "models"

    def all(self) -> list[Promotion]:
        """Return every entry, in the order in which they were made."""
        if not self.path.exists():
            return []
        with sqlite.reading(self.path, WHAT) as db:
            rows = db.execute("SELECT * FROM promotion ORDER BY promotion_id").fetchall()
        return [Promotion(**dict(row)) for row in rows]

    def current(self) -> Promotion | None:
        """Return the entry in force, None when nobody ever promoted a model."""
        return next(reversed(self.all()), None)

    def candidates(self) -> list[Path]:
        """Return the candidates' files, in the order in which they were made."""
        return sorted(self.models.glob("candidate_*.json"), key=_made)

    def file(self, entry: Promotion) -> Path:
        """Return the model file of an entry; raises `StoreError` when it is gone or not what was promoted."""
        path = self.models / entry.model
        if not path.is_file() or _sha256(path) != entry.sha256:
            raise StoreError(
                f"state/models/{entry.model} is gone or was changed: restore it, or inbeeld promote --back"
            )
        return path

    def promote(self, candidate: str, *, by: str, reason: str) -> Promotion:
        """Make a candidate the model of the next night; raises `UsageError` for an unknown one or one in use."""
        by, reason = sqlite.said(by, "--by"), sqlite.said(reason, "--reason")
        name = f"{candidate.removesuffix('.json')}.json"
        if name not in {path.name for path in self.candidates()}:
            raise UsageError("CANDIDATE is none of the candidates: see inbeeld models")
        current = self.current() or self._baseline()
        if current.model == name:
            raise UsageError("that candidate is in use already")
        return self._add(name, by, reason, current.promotion_id)

    def back(self, *, by: str, reason: str) -> Promotion:
        """Return to the model that was in use before; raises `UsageError` when there is none."""
        by, reason = sqlite.said(by, "--by"), sqlite.said(reason, "--reason")
        entries = {entry.promotion_id: entry for entry in self.all()}
        current = self.current()
        if current is None or current.before_id is None:
            raise UsageError("there is no model to go back to: see inbeeld models")
        before = entries[current.before_id]
        self.file(before)
        return self._add(before.model, by, reason, before.before_id)

    def _baseline(self) -> Promotion:
        """Keep the model of the published night, so that there is something to go back to."""
        published = self.folder.published("model.json")
        name = f"{NIGHT}{published.parent.name}.json"
        shutil.copyfile(published, self.models / name)
        return self._add(name, "inbeeld", "in use before the first promotion", None)

    def _add(self, model: str, by: str, reason: str, before: int | None) -> Promotion:
        with sqlite.writing(self.path, WHAT) as db:
            db.executescript(SCHEMA)
            sqlite.append_only(db, "promotion")
            row = (sqlite.now(), by, reason, model, _sha256(self.models / model), before)
            db.execute("INSERT INTO promotion VALUES (NULL, ?, ?, ?, ?, ?, ?)", row)
        return self.all()[-1]


def published(generation: Path | None) -> int:
    """Return the id of the promotion that a generation was made with, 0 for none."""
    file = generation / PUBLISHED if generation else None
    return int(file.read_text(encoding="utf-8")) if file and file.exists() else 0


def _made(path: Path) -> tuple[str, int]:
    _, day, number = path.stem.split("_", 2)
    return day, int(number) if number.isdecimal() else 0


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
