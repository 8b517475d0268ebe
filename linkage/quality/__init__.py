"""The quality gates: what must hold before the night goes on, and before anything is published.

A gate is a suite in ``schemas/quality`` together with what the declarations of its tables promise.
Great Expectations measures it; only counts leave the measurement, never a value of a row.
"""

from __future__ import annotations

import gc
import importlib
import sys
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import ModuleType
from zoneinfo import ZoneInfo

import pandas as pd

from linkage import basis, contracts, tonight
from linkage.config import Config
from linkage.engine.duckdb import DuckDBEngine
from linkage.quality import later
from linkage.quality.proofs import NOTHING, Since
from linkage.quality.suite import INFO, STOP, WARN, Check, Suite, suite

__all__ = ["GATES", "INFO", "STOP", "WARN", "Check", "Result", "Suite", "Verdict", "check", "suite"]

GATES = ("delivery", "mentions", "case_view")
"""In the order of the night."""

MOST_NAMES = 5
"""A message names no more sources or columns than this."""

UNUSED = ("altair", "scipy.stats", "mistune", "jsonschema", "tzlocal")
"""What Great Expectations imports for charts, tests of distributions, pages and JSON."""


@dataclass(frozen=True)
class Result:
    """One check and the rows that broke it; both counts are None when it could not be computed.

    ``parts`` are the deliveries of tonight that break it by themselves: name, wrong rows, rows.
    """

    check: Check
    passed: bool
    failing_rows: int | None
    total_rows: int | None
    parts: tuple[tuple[str, int, int], ...] = ()
    names: tuple[str, ...] = ()

    @property
    def apart(self) -> str | None:
        """The deliveries of tonight that break it by themselves, with their counts."""
        return ", ".join(f"{wrong} of {total} of {name}" for name, wrong, total in self.parts[:MOST_NAMES]) or None

    @property
    def message(self) -> str:
        """One line: which table and column, what must hold, how many rows break it, what to do."""
        where = ".".join(filter(None, (self.check.table, self.check.column)))
        if self.failing_rows is None:
            return f"{where}: {self.check.id} could not be computed; compare the table with its declaration"
        limit = f", at most {self.check.max_share:.4g} allowed" if self.check.max_share else ""
        which = f" ({', '.join(self.names)})" if self.names else ""
        counted = self.apart or f"{self.failing_rows} of {self.total_rows}"
        return (
            f"{where}: {self.check.description} [{self.check.id}]: {counted} do not{limit}{which}; {self.check.advice}"
        )


@dataclass(frozen=True)
class Verdict:
    """What a gate found."""

    gate: str
    results: tuple[Result, ...]

    @property
    def passed(self) -> bool:
        """No check that stops has failed."""
        return not self.failures

    @property
    def failures(self) -> tuple[str, ...]:
        """One line for each failed check that stops the run."""
        return self._messages(STOP)

    @property
    def warnings(self) -> tuple[str, ...]:
        """One line for each failed check that only warns."""
        return self._messages(WARN)

    def _messages(self, severity: str) -> tuple[str, ...]:
        return tuple(r.message for r in self.results if not r.passed and r.check.severity == severity)


def check(
    db: DuckDBEngine | Path, config: Config, *, gate: str, run_id: str, checked_at: datetime | None = None
) -> Verdict:
    """Measure one gate and keep the outcome in ``check_result``.

    A working database is measured through a second cursor on its own connection, so it stays open for
    writing. A path is opened read-only and nothing is kept in it.
    """
    if isinstance(db, Path):
        with DuckDBEngine(db, read_only=True) as opened:
            return Verdict(gate, _measure(opened, suite(gate, config, run_id)))
    wanted = suite(gate, config, run_id)
    asked = _asked(db, wanted, run_id)
    verdict = Verdict(gate, _measure(db, wanted, _since(db, wanted, run_id, asked)))
    _keep(db, verdict, run_id, checked_at)
    basis.keep(db, f"gate {gate}", asked)
    return verdict


def _asked(db: DuckDBEngine, wanted: Suite, run_id: str) -> str:
    """Return a hash of what a gate asks, and of the code that asks it."""
    files = (*sorted(Path(__file__).parent.glob("*.py")), Path(tonight.__file__))
    return basis.fingerprint(db, basis.code(*files), repr(wanted).replace(run_id, "$run.id"))


def _since(db: DuckDBEngine, wanted: Suite, run_id: str, asked: str) -> Since:
    """Return what a gate knows of the published night, whose tables are those that it checked in that night.

    That is nothing where it asked something else then, or nobody noted where the rows of that night end.
    """
    if basis.of_stage(db, f"gate {wanted.gate}") != asked:
        return NOTHING
    first = tonight.first(db, {c.table for c in wanted.checks})
    right = db.rows(
        "SELECT check_id FROM check_result WHERE gate = $1 AND failing_rows = 0 "
        "AND run_id = (SELECT max(run_id) FROM check_result WHERE gate = $1 AND run_id <> $2)",
        [wanted.gate, run_id],
    )
    return Since(frozenset(str(row[0]) for row in right), first)


def _measure(db: DuckDBEngine, wanted: Suite, since: Since = NOTHING) -> tuple[Result, ...]:
    expectations = _great_expectations()
    there = {name for name in {*wanted.required, *(c.table for c in wanted.checks)} if db.has(name)}
    present = [c for c in wanted.checks if c.table in there]
    measured = expectations.measure(db, present, wanted.proofs, since)
    # What others send to the connection gets no more memory by itself.
    if db.is_narrow and any(measured[c.id].failing_rows is None for c in present):
        db.widen()
        measured = expectations.measure(db, present, wanted.proofs, since)
    results = [_missing(name, wanted) for name in wanted.required if name not in there]
    results += [_named(db, Result(c, *measured[c.id])) for c in present]
    return tuple(sorted(results, key=lambda r: r.check.id))


def _great_expectations() -> ModuleType:
    """Import it, without what takes longest and nobody here needs.

    Its 270,000 objects all stay: nobody looks for garbage among them, neither while it is imported nor later in the
    night. What it imports for checks that nobody here makes (`UNUSED`) is loaded when somebody asks for it. Its hundred
    models do not copy the fields of those that they extend to the last leaf.
    """
    name = "linkage.quality.expectations"
    if name in sys.modules:
        return sys.modules[name]
    was_on = gc.isenabled()
    gc.disable()
    try:
        with later.on_demand(*UNUSED), later.shallow_fields():
            return importlib.import_module(name)
    finally:
        gc.freeze()
        if was_on:
            gc.enable()


def _named(db: DuckDBEngine, result: Result) -> Result:
    if result.passed or not result.failing_rows or not result.check.show:
        return result
    found = db.rows(f"SELECT DISTINCT * FROM ({result.check.rows}) ORDER BY 1 LIMIT {MOST_NAMES}")
    return replace(result, names=tuple(str(row[0]) for row in found))


def _missing(table: str, wanted: Suite) -> Result:
    absent = Check(
        id=f"{table}.exists",
        table=table,
        severity=STOP,
        kind="exists",
        description="the table must exist",
        description_nl="De tabel moet bestaan",
        advice=wanted.advice,
    )
    return Result(absent, passed=False, failing_rows=1, total_rows=1)


def _keep(db: DuckDBEngine, verdict: Verdict, run_id: str, checked_at: datetime | None) -> None:
    declared = contracts.table("check_result")
    if not declared.is_in(db):
        db.run(declared.ddl())
    db.run("DELETE FROM check_result WHERE run_id = ? AND gate = ?", [run_id, verdict.gate])
    moment = checked_at.astimezone(ZoneInfo("Europe/Amsterdam")).replace(tzinfo=None) if checked_at else None
    # A statement with a parameter for each value is slow to plan.
    frame = pd.DataFrame(
        [
            (
                *(run_id, verdict.gate, c.id, c.table, c.column, c.severity, result.passed),
                *(result.failing_rows, result.total_rows, result.apart, c.description, c.description_nl, moment),
            )
            for result in verdict.results
            for c in (result.check,)
        ],
        columns=[c.name for c in declared.columns],
        dtype=object,
    )
    db.append(declared.name, frame.astype({"failing_rows": "Int64", "total_rows": "Int64"}))
