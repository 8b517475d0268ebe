"""Does the interval of the gap hold the truth: simulated regions, each with its own seed, taken through a night."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks import figures
from linkage import casebook, config, entities, intake, pairs
from linkage.engine.duckdb import DuckDBEngine
from linkage.entities import household
from linkage.privacy import Keys
from linkage.simulate import write_sample

REGIONS = 200
INCIDENTS = 500
SEED = 1000
"""Of the first region; the others follow."""
NOTE = (
    "Truth: judged incidents (neither excluded nor pending) without a report in the extract whose true household "
    "had no open case. Bias and error in points (hundredths of the judged). Observed: unmatched and review over "
    "judged, as counted. Wilson's interval beside the coverage."
)

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
    SELECT incident_number, bool_or(nullif(report_id, '') IS NOT NULL) AS has_report FROM truth_incident GROUP BY ALL
)
SELECT count(*) AS judged,
       count(*) FILTER (NOT has_report AND c.incident_number IS NULL) AS absent,
       count(*) FILTER (has_report AND status IN ('unmatched', 'review')) AS missed,
       count(*) FILTER (NOT has_report AND c.incident_number IS NULL AND status LIKE 'matched%') AS false,
       count(*) FILTER (status IN ('unmatched', 'review')) AS observed
FROM incident_status s JOIN told USING (incident_number)
LEFT JOIN covered c ON c.source_id = s.source_id AND c.incident_number = s.incident_number
WHERE status NOT IN ('excluded', 'pending')
"""


@dataclass(frozen=True)
class Region:
    """What was true of a region, and what was told."""

    judged: int
    absent: int
    missed: int
    false: int
    observed: int
    told: float
    low: float
    high: float
    told_missed: float
    told_false: float

    @property
    def is_held(self) -> bool:
        """The truth is inside the interval."""
        return self.low <= self.absent <= self.high


def gap(console: Console, *, regions: int, incidents: int, noise: str, seed: int) -> dict[str, Any]:
    """Measure coverage and bias, print the table and keep the figures."""
    found = [_region(incidents, noise, seed + n) for n in track(range(regions), console=console, transient=True)]
    judged = np.array([r.judged for r in found])
    bias = 100 * np.array([r.told - r.absent for r in found]) / judged
    naive = 100 * np.array([r.observed - r.absent for r in found]) / judged
    width = 100 * np.array([r.high - r.low for r in found]) / judged
    held = sum(r.is_held for r in found)
    low, high = _wilson(held, regions)
    rows: Sequence[tuple[str, object]] = (
        ("regions", regions),
        ("truth, mean gap rate", f"{np.mean([r.absent / r.judged for r in found]):.4f}"),
        ("interval holds the truth", f"{held / regions:.3f} ({low:.3f} to {high:.3f})"),
        ("truth below, above", f"{sum(r.absent < r.low for r in found)}, {sum(r.absent > r.high for r in found)}"),
        ("mean width, points", f"{width.mean():.2f}"),
        ("bias, points", f"{bias.mean():+.3f} (error {bias.std() / regions**0.5:.3f})"),
        ("mean error, points", f"{abs(bias).mean():.3f}"),
        ("observed: bias, mean error", f"{naive.mean():+.3f}, {abs(naive).mean():.3f}"),
        ("missed links, told and true", f"{_mean(found, 'told_missed'):.2f}, {_mean(found, 'missed'):.2f}"),
        ("false links, told and true", f"{_mean(found, 'told_false'):.2f}, {_mean(found, 'false'):.2f}"),
    )
    figures.show(console, f"The gap of {regions} regions, {noise}", ["", "figure"], [list(row) for row in rows], NOTE)
    kept = {"noise": noise, "seed": seed, "incidents": incidents, "regions": [vars(r) for r in found]}
    console.print(f"kept in {figures.save('gap', kept)}")
    return kept


def _mean(found: Sequence[Region], name: str) -> float:
    return float(np.mean([getattr(region, name) for region in found]))


def _region(incidents: int, noise: str, seed: int) -> Region:
    with tempfile.TemporaryDirectory(prefix="inbeeld-bench-") as name:
        folder = Path(name)
        write_sample(folder, incidents=incidents, noise=noise, seed=seed, nights=1)
        with DuckDBEngine(folder / "work.duckdb") as db:
            _night(db, folder)
            for table in ("mention", "incident"):
                db.run(
                    f"CREATE TABLE truth_{table} AS FROM "
                    f"read_csv('{folder / 'truth' / f'{table}_truth.csv'}', header = true, all_varchar = true)"
                )
            truth = db.rows(_TRUTH)[0]
            where = "municipality_code = 'alle' AND period = 'alle'"
            told = db.rows(f"SELECT absent, absent_low, absent_high FROM gap_estimate WHERE {where}")[0]
            parts = dict(db.rows(f"SELECT part, expected FROM gap_part WHERE {where}"))
    return Region(*truth, *told, parts["missed_links"], -parts["false_links"])


def _night(db: DuckDBEngine, folder: Path) -> None:
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


def _wilson(held: int, regions: int) -> tuple[float, float]:
    from scipy.stats import binomtest

    interval = binomtest(held, regions).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)
