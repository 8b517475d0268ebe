"""A simulated region taken through a night, and what the estimate of its gap starts from, kept on disk with the truth.

The night is what costs; the estimate follows from what is kept in milliseconds. So a measurement that was stopped goes
on where it was, and another estimate is judged on the same nights. Remove ``benchmarks/out/gap`` after a change of the
linkage.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self, TypeVar
from unittest import mock

import numpy as np

from benchmarks.figures import OUT
from linkage import casebook, config, entities, intake, pairs
from linkage.casebook import estimate
from linkage.casebook.estimate import Cells, Doubts, Errors, Ints, Probes, draw
from linkage.engine.duckdb import DuckDBEngine
from linkage.entities import household
from linkage.privacy import Keys
from linkage.simulate import write_sample

KEPT = OUT / "gap"
Kind = TypeVar("Kind", Cells, Doubts, Probes, "Truth")
FORM = 2
"""Of what is kept; nights that were kept in another are simulated again."""

_TRUTH = """
WITH incident_home AS (
    SELECT DISTINCT source_id, record_id, true_household_id FROM truth_mention WHERE record_kind = 'incident'
), case_home AS (
    SELECT DISTINCT source_id, record_id, true_household_id FROM truth_mention WHERE record_kind = 'case'
), covered AS (
    SELECT DISTINCT i.source_id, i.incident_number
    FROM incident i JOIN incident_home h ON h.source_id = i.source_id AND h.record_id = i.incident_number
    JOIN case_home c USING (true_household_id)
    JOIN case_report r ON r.source_id = c.source_id AND r.case_id = c.record_id AND r.contact_type = 'melding'
        AND r.received_at < i.reported_at AND (r.closed_at IS NULL OR r.closed_at > i.reported_at)
), told AS (
    SELECT incident_number, bool_or(r.report_id IS NOT NULL) AS has_report
    FROM truth_incident t LEFT JOIN steunpunt_report r ON r.report_id = nullif(t.report_id, '') GROUP BY ALL
), judged AS (
    SELECT coalesce(i.municipality_code, 'onbekend') AS municipality_code,
           strftime(DATE '{as_of}' - age_days, '%Y-%m') AS period, status, has_report,
           NOT has_report AND c.incident_number IS NULL AS is_absent
    FROM incident_status s JOIN incident i USING (source_id, incident_number) JOIN told t USING (incident_number)
    LEFT JOIN covered c ON c.source_id = s.source_id AND c.incident_number = s.incident_number
    WHERE status NOT IN ('excluded', 'pending')
)
SELECT count(*) FILTER (is_absent) AS absent,
       count(*) FILTER (has_report AND status = 'unmatched') AS missed,
       count(*) FILTER (has_report AND status = 'review') AS missed_review,
       count(*) FILTER (is_absent AND status LIKE 'matched%') AS false
FROM gap_estimate e LEFT JOIN judged j USING (municipality_code, period)
WHERE e.municipality_code <> 'alle' AND e.period <> 'alle'
GROUP BY e.municipality_code, e.period ORDER BY e.municipality_code, e.period
"""

_HAS = """
SELECT CAST(any_value(has_report) AS INTEGER) FROM gp_claim JOIN cb_standing USING (incident_no) JOIN (
    SELECT incident_number, bool_or(r.report_id IS NOT NULL) AS has_report
    FROM truth_incident t LEFT JOIN steunpunt_report r ON r.report_id = nullif(t.report_id, '') GROUP BY ALL
) USING (incident_number) GROUP BY incident_no ORDER BY incident_no
"""


@dataclass(frozen=True)
class Truth:
    """What is true of each cell: incidents without a report, and the errors of the linkage."""

    absent: Ints
    missed: Ints
    """Unmatched, and there is a report."""
    missed_review: Ints
    false: Ints
    has: Ints
    """Of each incident in doubt whether it has a report in the extract, 0 or 1."""


@dataclass(frozen=True)
class Region:
    """A region by its size, noise and seed: what the estimate starts from, and what is true."""

    incidents: int
    noise: str
    seed: int
    municipalities: list[str]
    """Of each cell."""
    cells: Cells
    doubts: Doubts
    probes: Probes
    truth: Truth

    @classmethod
    def of(cls, incidents: int, noise: str, seed: int) -> Self:
        """Return a region: as it was kept, or else simulated now and kept."""
        path = KEPT / f"{incidents}-{noise}-{seed}.{FORM}.json"
        if not path.exists():
            made = cls(incidents, noise, seed, *_night(incidents, noise, seed))
            KEPT.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            part.write_text(json.dumps(asdict(made), default=np.ndarray.tolist) + "\n", encoding="utf-8")
            part.rename(path)
        return cls.read(path)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a region that was kept."""
        raw = json.loads(path.read_text(encoding="utf-8"))
        parts = {"cells": Cells, "doubts": Doubts, "probes": Probes, "truth": Truth}
        return cls(**raw | {name: _arrays(kind, raw[name]) for name, kind in parts.items()})


def _arrays(kind: type[Kind], raw: dict[str, Any]) -> Kind:
    values = {f.name: raw[f.name] for f in fields(kind)}
    return kind(**{name: np.array(value) if isinstance(value, list) else value for name, value in values.items()})


def _night(incidents: int, noise: str, seed: int) -> tuple[list[str], Cells, Doubts, Probes, Truth]:
    with tempfile.TemporaryDirectory(prefix="inbeeld-bench-") as name:
        folder = Path(name)
        write_sample(folder, incidents=incidents, noise=noise, seed=seed, nights=1)
        with DuckDBEngine(folder / "work.duckdb") as db:
            for table in ("mention", "incident"):
                db.run(
                    f"CREATE TABLE truth_{table} AS FROM "
                    f"read_csv('{folder / 'truth' / f'{table}_truth.csv'}', header = true, all_varchar = true)"
                )
            return _told(db, lambda: _link(db, folder))


def _told(db: DuckDBEngine, link: Callable[[], str]) -> tuple[list[str], Cells, Doubts, Probes, Truth]:
    """Return what the estimate starts from when a night is linked, and the truth about it."""
    has: list[int] = []

    def drawn(*given: Any, **named: Any) -> Errors:
        has.extend(int(value) for (value,) in db.rows(_HAS))
        return draw(*given, **named)

    with mock.patch.object(estimate, "draw", side_effect=drawn) as seen:
        as_of = link()
    told = np.array(db.rows(_TRUTH.format(as_of=as_of)), dtype=np.int64).reshape(-1, 4)
    where = "municipality_code <> 'alle' AND period <> 'alle' ORDER BY municipality_code, period"
    names = [str(row[0]) for row in db.rows(f"SELECT municipality_code FROM gap_estimate WHERE {where}")]
    return names, *seen.call_args.args[:3], Truth(*told.T, has=np.array(has, dtype=np.int64))


def _link(db: DuckDBEngine, folder: Path) -> str:
    settings, keys = config.load(), Keys(b"a key for measuring, not for pseudonyms")

    def quiet(_: str) -> None:
        pass

    found = intake.take_in(db, settings, inbox=folder / "inbox", run_id="1", seen=(), keys=keys, progress=quiet)
    assert found.as_of is not None
    intake.standardise(db, settings, quiet)
    pairs.link(db, settings, quiet)
    entities.resolve(db, settings, run_id="1", mint=keys.mint, progress=quiet)
    household.build(db, settings, run_id="1", mint=keys.mint)
    casebook.build(db, settings, as_of=found.as_of, progress=quiet)
    return found.as_of.isoformat()
