"""Great Expectations on DuckDB, counts only. The one place that imports it (three seconds: import lazily).

Three things of Great Expectations 1.24 are worked around here. It hands its connection back before it
has read the rows, which empties DuckDB's cursor. It resolves every expectation apart, some twenty milliseconds
each, so ours is one for a gate. And a failed check carries sample values by default; ours only has counts.
"""

from __future__ import annotations

import json
import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Literal, NamedTuple

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

import great_expectations as gx
import sqlalchemy as sa
from duckdb_engine import ConnectionWrapper
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.datasource.fluent.sql_datasource import SQLDatasource
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from sqlalchemy.pool import StaticPool

from linkage.engine.duckdb import DuckDBEngine
from linkage.quality import asking
from linkage.quality.asking import Found
from linkage.quality.proofs import NOTHING, Proof, Since
from linkage.quality.suite import FEW, Check

COUNTS_ONLY = {"result_format": "BASIC", "partial_unexpected_count": 0, "include_unexpected_rows": False}


class Measured(NamedTuple):
    """What was measured of one check; the counts are None where it could not be computed.

    ``parts`` are those that break it by themselves: their name, and their counts.
    """

    passed: bool
    failing_rows: int | None
    total_rows: int | None
    parts: tuple[tuple[str, int, int], ...] = ()


NOT_COMPUTED = Measured(passed=False, failing_rows=None, total_rows=None)


class DuckDBExecutionEngine(SqlAlchemyExecutionEngine):
    """Keeps one connection for all queries of a measurement."""

    @contextmanager
    def get_connection(self) -> Iterator[sa.Connection]:
        """Yield the connection, and keep it until `close`."""
        if self._connection is None:
            self._connection = self.engine.connect()
        yield self._connection

    def forget(self) -> None:
        """End the transaction that a failed query broke, so that the next one can run."""
        if self._connection is not None:
            self._connection.rollback()

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self.engine.dispose()


class DuckDBDatasource(SQLDatasource):
    """Registers ``context.data_sources.add_duckdb``."""

    type: Literal["duckdb"] = "duckdb"  # type: ignore[assignment]

    @property
    def execution_engine_type(self) -> Any:
        """The engine that DuckDB needs."""
        return DuckDBExecutionEngine


class BrokenRows(TableMetricProvider):
    """Rows that break each check of a gate: what one row tells is counted for all checks of a table in one scan."""

    metric_name = "table.broken_rows"
    value_keys = ("asked",)

    @metric_value(engine=SqlAlchemyExecutionEngine)
    def _count(cls, *, execution_engine: Any, metric_value_kwargs: Any, **_: Any) -> dict[str, Found]:  # noqa: N805
        return asking.answer(execution_engine, json.loads(metric_value_kwargs["asked"]))


class ExpectPromisesToBeKept(BatchExpectation):
    """Expect that each check is broken by no more than its share, or its number, of rows.

    One expectation for a gate: Great Expectations resolves some hundred checks one by one in eight seconds, however
    few rows there are.
    """

    asked: str
    """What to measure, as JSON: Great Expectations copies what it is given a hundred times, a text is not copied."""
    limits: str
    """The share and the number of rows that may break each check, as JSON."""

    metric_dependencies: ClassVar[tuple[str, ...]] = ("table.broken_rows",)
    success_keys: ClassVar[tuple[str, ...]] = ("asked", "limits")
    domain_keys: ClassVar[tuple[str, ...]] = ("batch_id",)

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: Any = None,  # noqa: ARG002
        execution_engine: Any = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        found: dict[str, Found] = metrics["table.broken_rows"]
        limits = json.loads(self.limits)
        checks = {name: _judged(limits[name], counted) for name, counted in found.items()}
        kept = all(passed for passed, *_ in checks.values())
        return {"success": kept and len(found) == len(limits), "result": {"checks": checks}}


def _judged(limits: Sequence[float], found: Found) -> list[Any]:
    """Return whether a check is kept, wrong rows, rows, and the parts that break it."""
    (share, least), (wrong, total, parts) = limits, found
    broken = [part for part in parts if part[1] >= max(least, FEW) and part[1] > share * part[2]]
    return [not broken and (wrong < least or wrong <= share * total), wrong, total, broken]


def measure(
    db: DuckDBEngine, checks: Sequence[Check], told: Sequence[Proof] = (), since: Since = NOTHING
) -> dict[str, Measured]:
    """Return for each check its counts and whether it held; ``told`` are the proofs of its suite.

    ``since`` is what is known of the night before: the counts are the same with it.

    Works on a cursor of the open working database, because DuckDB refuses a second, read-only opening
    of a file in a process that holds it open for writing.
    """
    measured = {c.id: NOT_COMPUTED for c in checks}
    if checks:
        with _datasource(db) as source:
            measured |= _validate(source, checks, told, since)
    return measured


@contextmanager
def _datasource(db: DuckDBEngine) -> Iterator[Any]:
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)  # its error log quotes DuckDB, which quotes rows
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    [(database, schema)] = db.rows("SELECT current_database(), current_schema()")

    def connect() -> ConnectionWrapper:
        # A cursor for each of its engines: a cursor is in one transaction at a time.
        cursor = db.connection.cursor()
        cursor.execute(f'USE "{database}"."{schema}"')
        return ConnectionWrapper(cursor)

    source = context.data_sources.add_duckdb(
        "working database",
        connection_string="duckdb:///:memory:",
        create_temp_table=False,
        kwargs={"creator": connect, "poolclass": StaticPool},
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield source
        finally:
            source.get_execution_engine().close()
            source.get_engine().dispose()


def _validate(source: Any, checks: Sequence[Check], told: Sequence[Proof], since: Since) -> dict[str, Measured]:
    """Measure all tables as one batch: each expectation apart takes Great Expectations twenty milliseconds.

    Take the counts and nothing else: an error's text may quote a row.
    """
    asked = asking.questions(checks, told, since)
    limits = {c.id: [c.max_share, c.min_failing] for c in checks}
    promises = ExpectPromisesToBeKept(asked=json.dumps(asked), limits=json.dumps(limits))
    asset = source.add_table_asset("gate", table_name=checks[0].table)
    batch = asset.add_batch_definition_whole_table("gate").get_batch()
    suite = gx.ExpectationSuite(name="gate", expectations=[promises])
    [result] = batch.validate(suite, result_format=COUNTS_ONLY).results
    return _measured(result)


def _measured(result: Any) -> dict[str, Measured]:
    return {
        name: Measured(passed, wrong, total, tuple((str(part), n, of) for part, n, of in parts))
        for name, (passed, wrong, total, parts) in result.result.get("checks", {}).items()
    }
