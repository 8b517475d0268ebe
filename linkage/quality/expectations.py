"""Great Expectations on DuckDB, counts only. The one place that imports it (nine seconds: import lazily).

Three things of Great Expectations 1.24 are worked around here. It hands its connection back before it
has read the rows, which empties DuckDB's cursor. Its own row condition returns the rows it found, so
ours counts them. And a failed check carries sample values by default, so the result format asks for none.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Literal, NamedTuple

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

import great_expectations as gx
import great_expectations.expectations as shipped
import sqlalchemy as sa
from duckdb_engine import ConnectionWrapper
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.core.metric_function_types import MetricPartialFunctionTypes
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.datasource.fluent.sql_datasource import SQLDatasource
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_partial, metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from sqlalchemy.pool import StaticPool

from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import StoreError
from linkage.quality.suite import Check

COUNTS_ONLY = {"result_format": "BASIC", "partial_unexpected_count": 0, "include_unexpected_rows": False}


class Measured(NamedTuple):
    """What was measured of one check; the counts are None where it could not be computed."""

    passed: bool
    failing_rows: int | None
    total_rows: int | None


NOT_COMPUTED = Measured(passed=False, failing_rows=None, total_rows=None)


class DuckDBExecutionEngine(SqlAlchemyExecutionEngine):
    """Keeps one connection for all queries of a measurement."""

    @contextmanager
    def get_connection(self) -> Iterator[sa.Connection]:
        """Yield the connection, and keep it until `close`."""
        if self._connection is None:
            self._connection = self.engine.connect()
        yield self._connection

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


class RowsWhere(TableMetricProvider):
    """Rows for which a predicate is true; all predicates of a table are counted in one query."""

    metric_name = "table.rows_where"
    value_keys = ("where",)

    @metric_partial(
        engine=SqlAlchemyExecutionEngine,
        partial_fn_type=MetricPartialFunctionTypes.AGGREGATE_FN,
        domain_type=MetricDomainTypes.TABLE,
    )
    def _count(cls, *, metric_domain_kwargs: Any, metric_value_kwargs: Any, **_: Any) -> Any:  # noqa: N805
        return (
            sa.literal_column(f"count(CASE WHEN {metric_value_kwargs['where']} THEN 1 END)"),
            metric_domain_kwargs,
            {},
        )


class RowsOf(TableMetricProvider):
    """Rows that a query returns and rows that it looked at, both counted by the database."""

    metric_name = "table.rows_of"
    value_keys = ("rows", "total")

    @metric_value(engine=SqlAlchemyExecutionEngine)
    def _count(cls, *, execution_engine: Any, metric_value_kwargs: Any, **_: Any) -> list[int]:  # noqa: N805
        query = _counted(metric_value_kwargs["rows"], metric_value_kwargs["total"])
        [counts] = execution_engine.execute_query(sa.text(query.replace(":", "\\:"))).fetchall()
        return [int(count) for count in counts]


class _ExpectFewRows(BatchExpectation):
    """Up to a share of the rows, or fewer than a number of rows, may be wrong."""

    max_share: float = 0.0
    min_failing: int = 1

    domain_keys: ClassVar[tuple[str, ...]] = ("batch_id",)

    def _counts(self, metrics: dict[str, Any]) -> tuple[int, int]:
        raise NotImplementedError

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: Any = None,  # noqa: ARG002
        execution_engine: Any = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        failing, total = self._counts(metrics)
        success = failing < self.min_failing or failing <= self.max_share * total
        return {"success": success, "result": {"unexpected_count": failing, "element_count": total}}


class ExpectFewRowsWhere(_ExpectFewRows):
    """Expect that hardly any row, by default none, satisfies a predicate."""

    where: str

    metric_dependencies: ClassVar[tuple[str, ...]] = ("table.rows_where", "table.row_count")
    success_keys: ClassVar[tuple[str, ...]] = ("where", "max_share", "min_failing")

    def _counts(self, metrics: dict[str, Any]) -> tuple[int, int]:
        return metrics["table.rows_where"], metrics["table.row_count"]


class ExpectFewRowsOf(_ExpectFewRows):
    """Expect that a query over several tables returns hardly any row, by default none."""

    rows: str
    total: str

    metric_dependencies: ClassVar[tuple[str, ...]] = ("table.rows_of",)
    success_keys: ClassVar[tuple[str, ...]] = ("rows", "total", "max_share", "min_failing")

    def _counts(self, metrics: dict[str, Any]) -> tuple[int, int]:
        failing, total = metrics["table.rows_of"]
        return failing, total


def measure(db: DuckDBEngine, checks: Sequence[Check]) -> dict[str, Measured]:
    """Return for each check its counts and whether it held.

    Works on a cursor of the open working database, because DuckDB refuses a second, read-only opening
    of a file in a process that holds it open for writing.
    """
    computable = [c for c in checks if _binds(db, c)]
    by_table: dict[str, list[Check]] = {}
    for check in computable:
        by_table.setdefault(check.table, []).append(check)
    measured = {c.id: NOT_COMPUTED for c in checks}
    with _datasource(db) as source:
        for table, its_checks in sorted(by_table.items()):
            measured |= _validate(source, table, its_checks)
    return measured


def _binds(db: DuckDBEngine, check: Check) -> bool:
    """Tell whether DuckDB can plan the check: a misnamed column must fail one check, not its whole table."""
    query = f'SELECT * FROM "{check.table}"'
    if check.kind == "where":
        query += f" WHERE {check.where}"
    elif check.kind == "rows":
        query = _counted(check.rows, _total(check))
    elif check.kind != "columns":
        names = ", ".join(f'"{name}"' for name in check.columns or (check.column,))
        query = f'SELECT {names} FROM "{check.table}"'
    try:
        db.rows(f"EXPLAIN {query}")
    except StoreError:
        return False
    return True


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


def _validate(source: Any, table: str, checks: Sequence[Check]) -> dict[str, Measured]:
    suite = gx.ExpectationSuite(name=table, expectations=[_expectation(c) for c in checks])
    batch = source.add_table_asset(table, table_name=table).add_batch_definition_whole_table(table).get_batch()
    outcome = batch.validate(suite, result_format=COUNTS_ONLY)
    by_id = {c.id: c for c in checks}
    return {
        (name := result.expectation_config.meta["check"]): _measured(by_id[name], result) for result in outcome.results
    }


def _measured(check: Check, result: Any) -> Measured:
    """Take the counts and nothing else: an error's text may quote a row."""
    counts = result.result
    if check.kind == "columns" and "observed_value" in counts:
        mismatched = counts.get("details", {}).get("mismatched", {})
        return Measured(bool(result.success), sum(map(len, mismatched.values())), len(check.columns))
    if "unexpected_count" not in counts:
        return NOT_COMPUTED
    return Measured(bool(result.success), int(counts["unexpected_count"] or 0), int(counts["element_count"]))


def _expectation(check: Check) -> Any:
    gxe: Any = shipped
    column, meta = check.column, {"check": check.id}
    mostly = 1 - check.max_share
    match check.kind:
        case "not_null":
            return gxe.ExpectColumnValuesToNotBeNull(column=column, mostly=mostly, meta=meta)
        case "in_set":
            return gxe.ExpectColumnValuesToBeInSet(column=column, value_set=list(check.values), meta=meta)
        case "between":
            return gxe.ExpectColumnValuesToBeBetween(
                column=column, min_value=check.minimum, max_value=check.maximum, meta=meta
            )
        case "unique" if len(check.columns) == 1:
            return gxe.ExpectColumnValuesToBeUnique(column=check.columns[0], meta=meta)
        case "unique":
            return gxe.ExpectCompoundColumnsToBeUnique(column_list=list(check.columns), meta=meta)
        case "columns":
            return gxe.ExpectTableColumnsToMatchSet(column_set=list(check.columns), exact_match=True, meta=meta)
    limits: dict[str, Any] = {"max_share": check.max_share, "min_failing": check.min_failing}
    if check.kind == "where":
        return ExpectFewRowsWhere(where=check.where, meta=meta, **limits)
    return ExpectFewRowsOf(rows=check.rows, total=_total(check), meta=meta, **limits)


def _total(check: Check) -> str:
    return check.total or f'SELECT count(*) FROM "{check.table}"'


def _counted(rows: str, total: str) -> str:
    return f"SELECT (SELECT count(*) FROM ({rows})), ({total})"
