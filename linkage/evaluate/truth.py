"""The truth files of a folder as tables: every value as text, keys checked, empty values null."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from linkage.engine.base import Engine
from linkage.errors import StoreError, UsageError

MENTION_COLUMNS = ("source_id", "record_kind", "record_id", "person_seq", "true_person_id", "true_household_id")
REPORT_COLUMNS = ("report_id", "incident_number")
INCIDENT_COLUMNS = ("incident_number", "report_id", "why")
SOURCE = "report_source_id"
"""A column that the files may have: two steunpunten may use the same numbers."""


def load_mentions(scratch: Engine, truth: Path) -> list[str]:
    """Load the mentions of the truth and return its further columns, by which subgroups are told."""
    columns = _load(scratch, truth, "mention_truth", MENTION_COLUMNS)
    further = sorted(set(columns) - set(MENTION_COLUMNS))
    values = ", ".join(f"nullif(trim({quoted(column)}), '') AS {quoted(column)}" for column in further)
    scratch.run(
        f"""CREATE TABLE truth_mention AS
            SELECT source_id, record_kind, record_id, TRY_CAST(person_seq AS INTEGER) AS person_seq,
              nullif(trim(true_person_id), '') AS true_person_id,
              nullif(trim(true_household_id), '') AS true_household_id,
              row_number() OVER (ORDER BY source_id, record_kind, record_id, person_seq) AS row_no
              {"," if values else ""} {values}
            FROM mention_truth"""
    )
    wrong = scratch.rows("SELECT count(*) FROM truth_mention WHERE person_seq IS NULL")[0][0]
    if wrong:
        raise UsageError(f"mention_truth: {wrong} rows have no whole number as person_seq")
    keys = ", ".join(MENTION_COLUMNS[:4])
    twice = scratch.rows(f"SELECT count(*) - count(DISTINCT ({keys})) FROM truth_mention")[0][0]
    if twice:
        raise UsageError(f"mention_truth: {twice} rows repeat a key ({keys}), each mention may stand there once")
    return further


def load_incidents(scratch: Engine, truth: Path) -> bool:
    """Load the incidents of the truth with the report that each led to; return whether it is told by its source."""
    columns = _load(scratch, truth, "incident_truth", INCIDENT_COLUMNS)
    scratch.run(
        f"""CREATE TABLE truth_incident AS
           SELECT incident_number, {_report(columns)} AS report_id, nullif(trim(why), '') AS why
           FROM incident_truth"""
    )
    return SOURCE in columns


def _report(columns: Iterable[str]) -> str:
    """Return the SQL of a report: its number, after its source where the truth has that."""
    source = f"trim({SOURCE}) || ' ' || " if SOURCE in columns else ""
    return f"{source}nullif(trim(report_id), '')"


def load_reports(scratch: Engine, truth: Path) -> None:
    """Load the reports of the truth with the incident that each is about.

    Without the file ``report_truth`` an incident's report is the only one about it.
    """
    columns: list[str] = []
    if any((truth / f"report_truth{suffix}").is_file() for suffix in (".parquet", ".csv")):
        columns = _load(scratch, truth, "report_truth", REPORT_COLUMNS)
    else:
        scratch.run("CREATE TABLE report_truth AS SELECT report_id, incident_number FROM truth_incident")
    scratch.run(
        f"""CREATE TABLE truth_report AS SELECT DISTINCT {_report(columns)} AS report_id, incident_number
           FROM report_truth WHERE nullif(trim(incident_number), '') IS NOT NULL"""
    )


def _load(scratch: Engine, truth: Path, name: str, needed: Iterable[str]) -> list[str]:
    """Load a truth file with every value as text, and return its columns."""
    path = next((p for p in (truth / f"{name}.parquet", truth / f"{name}.csv") if p.is_file()), None)
    if path is None:
        raise UsageError(f"truth {truth} has no {name}.csv and no {name}.parquet")
    reader = "read_parquet(?)" if path.suffix == ".parquet" else "read_csv(?, header = true, all_varchar = true)"
    try:
        scratch.run(f"CREATE TABLE {name} AS SELECT CAST(COLUMNS(*) AS VARCHAR) FROM {reader}", [str(path)])
    except StoreError:
        raise UsageError(f"truth file {path} cannot be read as {path.suffix[1:]}") from None
    columns = [str(row[0]) for row in scratch.rows(f"DESCRIBE {name}")]
    missing = [column for column in needed if column not in columns]
    if missing:
        raise UsageError(f"truth file {path} has no column {', '.join(missing)}")
    return columns


def quoted(column: str) -> str:
    """Return a column of the truth as an identifier."""
    return '"' + column.replace('"', '""') + '"'
