"""Which report belongs to which incident: two rules of thumb, the rule agreed on, and the likeliest assignment."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from rich.console import Console
from rich.progress import track

from benchmarks import figures
from linkage import casebook, config, entities, intake, pairs
from linkage.engine.duckdb import DuckDBEngine
from linkage.entities import household
from linkage.evaluate import evaluate
from linkage.privacy import Keys
from linkage.simulate import write_sample

INCIDENTS = 1000
SEEDS = (21, 22, 23, 24, 25)
MEASURES = {
    "incident_links": "exact",
    "incident_links_every_report": "both channels",
    "incident_links_by_family": "by family",
    "incident_has_report": "has a report",
}
NOTE = (
    "Mean F1 over the seeds. Exact: the one report that the truth gives an incident; both channels: all reports about "
    "it; by family: a report of the incident's own family. The rules of thumb use our persons: nearest report, for "
    "each incident that of a shared person with the fewest days between; nearest incident, the same for each report."
)

_NEAREST = """
WITH met AS (
    SELECT DISTINCT i.source_id AS incident_source_id, i.incident_number, r.source_id AS report_source_id, r.report_id,
           r.received_at, i.reported_at, CAST(r.received_at AS DATE) - CAST(i.reported_at AS DATE) AS delay_days
    FROM incident i JOIN incident_status s USING (source_id, incident_number)
    JOIN involvement a ON a.record_kind = 'incident' AND a.source_id = i.source_id AND a.record_id = i.incident_number
        AND a.standing <> 'outsider'
    JOIN involvement b ON b.record_kind = 'case' AND b.person_id = a.person_id
    JOIN case_report r ON r.contact_type = 'melding' AND r.source_id = b.source_id AND r.case_id = b.record_id
    WHERE s.status <> 'excluded' AND delay_days BETWEEN -1 AND 365
)
SELECT incident_source_id, incident_number, report_source_id, report_id, 'probabilistic' AS link_class,
       CAST(NULL AS DOUBLE) AS match_probability
FROM met
QUALIFY row_number() OVER (PARTITION BY {each} ORDER BY abs(delay_days), received_at, reported_at, report_id,
    incident_number) = 1
"""
RULES = {
    "nearest report": _NEAREST.format(each="incident_source_id, incident_number"),
    "nearest incident": _NEAREST.format(each="report_source_id, report_id"),
}


def links(console: Console, *, incidents: int, noises: Sequence[str], seeds: Sequence[int]) -> dict[str, Any]:
    """Measure every rule on every region, print the table and the reliability, and keep the figures."""
    regions = [(noise, seed) for noise in noises for seed in seeds]
    found = {r: _region(incidents, *r) for r in track(regions, console=console, transient=True)}
    rows = []
    for noise in noises:
        for rule in next(iter(found.values())):
            scores = [[found[noise, seed][rule]["agreement"][m]["f1"] for seed in seeds] for m in MEASURES]
            rows.append([noise, rule, *(f"{mean(score):.4f}" for score in scores)])
    title = f"Incident to report, {len(seeds)} regions of {incidents} incidents"
    figures.show(console, title, ["noise", "rule", *MEASURES.values()], rows, NOTE)
    _reliability(console, found)
    kept = {"incidents": incidents, "regions": [[*r, told] for r, told in found.items()]}
    console.print(f"kept in {figures.save('links', kept)}")
    return kept


def _reliability(console: Console, found: dict[tuple[str, int], dict[str, Any]]) -> None:
    """Add the classes of all regions up: what was promised, and how much of it is right."""
    for rule in ("latest", "likeliest"):
        added: dict[str, list[float]] = {}
        for told in found.values():
            for name, row in told[rule]["link_reliability"].items():
                total = added.setdefault(name, [0, 0, 0])
                for n, value in enumerate((1, row["promised"], row["right"])):
                    total[n] += row["links"] * value
        rows = [
            [name, int(n), f"{promised / n:.3f}", f"{right / n:.3f}"]
            for name, (n, promised, right) in sorted(added.items())
        ]
        title = f"Links by match probability, all regions, {rule}"
        figures.show(console, title, ["probability", "links", "promised", "right"], rows, "")


def _region(incidents: int, noise: str, seed: int) -> dict[str, dict[str, Any]]:
    settings, keys = config.load(), Keys(b"a key for measuring, not for pseudonyms")

    def quiet(_: str) -> None:
        pass

    with tempfile.TemporaryDirectory(prefix="inbeeld-bench-") as name:
        folder = Path(name)
        write_sample(folder, incidents=incidents, noise=noise, seed=seed, nights=1)
        with DuckDBEngine(folder / "work.duckdb") as db:
            taken = intake.take_in(db, settings, inbox=folder / "inbox", run_id="1", seen=(), keys=keys, progress=quiet)
            assert taken.as_of is not None
            intake.standardise(db, settings, quiet)
            pairs.link(db, settings, quiet)
            entities.resolve(db, settings, run_id="1", mint=keys.mint, progress=quiet)
            household.build(db, settings, run_id="1", mint=keys.mint)
            told = {}
            for rule in ("latest", "likeliest"):
                chosen = settings.model_copy(
                    update={"casebook": settings.casebook.model_copy(update={"assignment": rule})}
                )
                casebook.build(db, chosen, as_of=taken.as_of, progress=quiet)
                told[rule] = evaluate(db, folder / "truth").as_dict()
            for rule, query in RULES.items():
                db.run(f"CREATE OR REPLACE TABLE incident_link AS {query}")
                db.run(
                    "UPDATE incident_status SET status = CASE WHEN incident_number IN (SELECT incident_number FROM "
                    "incident_link) THEN 'matched_timely' ELSE 'unmatched' END"
                )
                told[rule] = evaluate(db, folder / "truth").as_dict()
            return {rule: told[rule] for rule in (*RULES, "latest", "likeliest")}
