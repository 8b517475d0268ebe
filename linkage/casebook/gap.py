"""The difference between incidents and reports, taken apart, and the gap with its interval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from linkage import contracts
from linkage.casebook import estimate
from linkage.casebook.estimate import (
    ANSWERED,
    KINDS_OF_EVIDENCE,
    REVIEW,
    UNMATCHED,
    Cells,
    Doubts,
    Floats,
    Ints,
    Probes,
    Reviews,
    Sample,
)
from linkage.casebook.intervals import interval, still_to_come
from linkage.casebook.sql import Night, make
from linkage.engine.base import Engine

Interval = tuple[Floats, Floats, Floats]
"""Mean, lower and upper end."""

ALL = "alle"
"""Municipality and period of a total."""
COUNTS = (
    *("incidents", "judged", "excluded", "pending", "covered", "unmatched", "known", "review", "matched", "answered"),
    "reports",
)
VIEWS = ("gp_probe", "gp_met", "gp_review", "gp_cell", "gp_claim", "gp_delay")
KINDS = ("unmatched", "review", "answered")
"""What the model had made of an incident that a reviewer looked at."""
STANDINGS = {"unmatched": UNMATCHED, "review": REVIEW, "answered": ANSWERED}
EVIDENCE = {
    "numbers": ("bsn", "v_number", "source_person", "phone"),
    "birth": ("birth_initial", "birth_sound", "birth_postcode"),
    "place": ("address", "sound_postcode", "given_year_street"),
    "name": ("sound_given_year", "sound_given_place", "words"),
}
"""Blocking rules by the kind of evidence that they start from: rules of one kind fail together, and count as one."""
_OVERLAP = """
SELECT {kinds} AS kinds, count(*)
FROM cb_status t JOIN shared_people s USING (incident_no, report_no)
WHERE t.status IN ('matched_timely', 'matched_late', 'matched_very_late') AND rules <> 0 GROUP BY 1
"""
_DECIDED = "SELECT 1 FROM decision WHERE outcome = 'applied' LIMIT 1"
_UNSEEN = "CREATE OR REPLACE TEMP TABLE gp_review (incident_no BIGINT, seen_as VARCHAR, is_yes BOOLEAN)"
"""What `gp_review` is where nobody decided anything."""
WORK = VIEWS


@dataclass(frozen=True)
class Level:
    """A way to add cells up: all together, by municipality, by month, or not at all."""

    names: Sequence[tuple[str, str]]
    """Municipality and period of each group."""
    groups: Ints
    """Of each cell the group that it belongs to."""

    def added(self, drawn: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the last axis added up within groups."""
        total = np.zeros((*drawn.shape[:-1], len(self.names)), dtype=drawn.dtype, order="F")
        if drawn.ndim == 1:
            np.add.at(total, self.groups, drawn)
            return total
        for cell, group in enumerate(self.groups):
            total[..., group] += drawn[..., cell]
        return total


def take_apart(db: Engine, night: Night) -> None:
    """Write ``gap_estimate`` and ``gap_part``: for each municipality and month, and for both added up."""
    for name in VIEWS:
        if name == "gp_review" and not db.rows(_DECIDED):
            db.run(_UNSEEN)
        else:
            make(db, night, name)
    frame = db.frame("SELECT * FROM gp_cell ORDER BY cell")
    counted = {name: frame[name].fillna(0).to_numpy(dtype=np.int64) for name in COUNTS}
    cells = Cells(*(counted[name] for name in ("judged", "unmatched", "review", "answered", "known")))
    reviews = _reviews(db)
    errors = estimate.draw(cells, _doubts(db), _probes(db), reviews)
    waiting = _waiting(db, len(frame))
    evidence = {"probes": int(db.rows("SELECT count(*) FROM gp_probe")[0][0]), "reviewed": reviews.used}
    rates, parts = [], []
    for level in _levels(list(frame["municipality_code"]), list(frame["period"])):
        sums = {name: level.added(column) for name, column in counted.items()}
        missed, false = level.added(errors.missed), level.added(errors.false)
        wrong = interval(missed - false)
        rates += _rates(level, sums, wrong, evidence)
        parts += _parts(level, sums, (interval(missed), interval(false), wrong), level.added(waiting))
    _write(db, "gap_estimate", rates)
    _write(db, "gap_part", parts)
    for name in WORK:
        db.run(f"DROP TABLE {name}")


def _doubts(db: Engine) -> Doubts:
    """Return which incidents of the cells are in doubt, and the reports that may be about them."""
    edges = db.frame("SELECT * FROM gp_claim ORDER BY report_no, incident_no")
    _, first, incident = np.unique(edges["incident_no"], return_index=True, return_inverse=True)
    return Doubts(
        cell=edges["cell"].to_numpy(dtype=np.int64)[first],
        standing=np.array(edges["standing"].map(STANDINGS), dtype=np.int64)[first],
        report=edges["report_no"].to_numpy(dtype=np.int64),
        incident=incident.astype(np.int64),
        about=edges["about"].to_numpy(dtype=np.float64),
        whole=edges["whole"].to_numpy(dtype=np.float64),
    )


def _probes(db: Engine) -> Probes:
    [(met, unmet)] = db.rows("SELECT met, unmet FROM gp_met")
    return Probes(int(met), int(unmet), _overlap(db))


def _overlap(db: Engine) -> Ints:
    """Return the incidents answered by people, by how many kinds of evidence led to their report, from one."""
    counted = np.zeros(KINDS_OF_EVIDENCE, dtype=np.int64)
    if not db.has("blocking_rule"):
        return counted
    place = {str(name): number for number, (name,) in enumerate(db.rows("SELECT rule FROM blocking_rule"))}
    masks = [sum(1 << place[rule] for rule in rules if rule in place) for rules in EVIDENCE.values()]
    kinds = " + ".join(f"CAST(rules & {mask} <> 0 AS INTEGER)" for mask in masks)
    for found, incidents in db.rows(_OVERLAP.format(kinds=kinds)):
        if found:
            counted[found - 1] = incidents
    return counted


def _reviews(db: Engine) -> Reviews:
    told: dict[tuple[str, bool], int] = {
        (seen_as, is_yes): int(incidents)
        for seen_as, is_yes, incidents in db.rows("SELECT seen_as, is_yes, count(*) FROM gp_review GROUP BY ALL")
    }
    return Reviews(**{kind: Sample(told.get((kind, True), 0), told.get((kind, False), 0)) for kind in KINDS})


def _waiting(db: Engine, cells: int) -> Floats:
    """Return for each cell how many of its pending incidents are still to get a report."""
    # Ordered: a sum differs in its last bits with the order of its parts, and a night is to find what it found.
    told = db.frame("SELECT delay_days, age_days, is_pending, cell, incidents FROM gp_delay ORDER BY ALL")
    came, pending = told["delay_days"].notna(), told[told["is_pending"]]
    delays, censored = (
        told.loc[these, name].to_numpy(dtype=np.int64).repeat(told.loc[these, "incidents"])
        for these, name in ((came, "delay_days"), (~came, "age_days"))
    )
    chances = still_to_come(delays, censored, pending["age_days"].to_numpy(dtype=np.int64))
    waiting = np.bincount(pending["cell"].to_numpy(dtype=np.int64), chances * pending["incidents"], minlength=cells)
    return np.asarray(waiting, dtype=np.float64)


def _levels(municipalities: list[str], months: list[str]) -> Iterator[Level]:
    for by_place, by_month in ((False, False), (True, False), (False, True), (True, True)):
        names = [
            (place if by_place else ALL, month if by_month else ALL)
            for place, month in zip(municipalities, months, strict=True)
        ]
        distinct = sorted(set(names)) or ([(ALL, ALL)] if not (by_place or by_month) else [])
        number = {name: position for position, name in enumerate(distinct)}
        yield Level(distinct, np.array([number[name] for name in names], dtype=np.int64))


def _rates(
    level: Level, sums: dict[str, Ints | Floats], wrong: Interval, evidence: dict[str, int]
) -> list[dict[str, object]]:
    """Return the estimate of each group; ``wrong`` is what was missed, less what is false."""
    mean, low, high = _from(sums["unmatched"] + sums["review"], wrong)
    rows: list[dict[str, object]] = []
    for n, (municipality, period) in enumerate(level.names):
        judged = int(sums["judged"][n])
        shares = [min(1.0, value / judged) if judged else None for value in (mean[n], low[n], high[n])]
        rows.append(
            {"municipality_code": municipality, "period": period, "judged": judged,
             "unmatched": int(sums["unmatched"][n] + sums["review"][n]), "absent": mean[n], "absent_low": low[n],
             "absent_high": high[n], "gap_rate": shares[0], "gap_rate_low": shares[1], "gap_rate_high": shares[2],
             **evidence}
        )  # fmt: skip
    return rows


def _parts(
    level: Level, sums: dict[str, Ints | Floats], drawn: tuple[Interval, Interval, Interval], waiting: Ints | Floats
) -> list[dict[str, object]]:
    """Return the parts of each group: counted ones as they are, errors as drawn, and what is left as truly absent."""
    missed, false, wrong = drawn
    without = sums["unmatched"] + sums["review"] + sums["pending"]
    counted = {
        "raw_difference": sums["incidents"] - sums["reports"],
        "scope": sums["excluded"],
        "not_yet_arrived": waiting,
        "covered": sums["covered"],
        "follow_ups": sums["matched"] - sums["reports"],
    }
    told = {name: (column, column, column) for name, column in counted.items()}
    told |= {"missed_links": missed, "false_links": _from(0, false), "truly_absent": _from(without - waiting, wrong)}
    columns = [(part, *(column.astype(np.float64).tolist() for column in ends)) for part, ends in told.items()]
    return [
        {"municipality_code": municipality, "period": period, "part": part,
         "expected": expected[n], "low": low[n], "high": high[n]}
        for n, (municipality, period) in enumerate(level.names)
        for part, expected, low, high in columns
    ]  # fmt: skip


def _from(total: Ints | Floats | int, drawn: Interval) -> Interval:
    """Return the interval of what is left of a total."""
    mean, low, high = drawn
    return total - mean, total - high, total - low


def _write(db: Engine, name: str, rows: list[dict[str, object]]) -> None:
    declared = contracts.table(name)
    db.run(declared.ddl())
    if rows:
        db.append(name, pd.DataFrame(rows, columns=[c.name for c in declared.columns]))
