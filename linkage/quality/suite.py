"""What each gate checks: the promises of ``schemas/tables`` and the sentences of ``schemas/quality``."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

from linkage import contracts
from linkage.config import Config
from linkage.contracts import Column, Table
from linkage.errors import ContractError
from linkage.quality import proofs
from linkage.quality.proofs import Proof

STOP, WARN, INFO = "stop", "warn", "info"

BULK_ROWS = 20
"""A share in bulk stops the run from this many rows on, so that a few odd rows in a small delivery do not."""
FEW = 3
"""A share of a part counts from this many rows on, so that one odd row in a small delivery tells nothing."""


@dataclass(frozen=True)
class Check:
    """One thing that must hold, and the rows that break it.

    ``where`` is a predicate over one row that selects the wrong ones; ``rows`` is a query that returns
    one row for each wrong thing, for what one row cannot tell; the other kinds come from declarations.
    Up to ``max_share`` of the rows, or fewer than ``min_failing`` rows, may break a check. With ``show`` the
    message names what ``rows`` selects: sources, deliveries, files or columns, never a value of a record.
    ``both`` is a query of how many are wrong and of how many, where one scan tells what ``rows`` and ``total`` do.
    ``refers`` is the ``table.key`` to which ``column`` leads, where ``rows`` are those of a key that is not there.
    ``apart`` is an expression over one row that names the part to which it belongs, a delivery of tonight: what may
    break a check of all rows may not break one of a part either, from `FEW` rows on.
    """

    id: str
    table: str
    severity: str
    kind: str
    description: str
    description_nl: str
    advice: str = ""
    column: str | None = None
    where: str = ""
    rows: str = ""
    total: str = ""
    both: str = ""
    refers: str = ""
    show: bool = False
    apart: str = ""
    columns: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    max_share: float = 0.0
    min_failing: int = 1


@dataclass(frozen=True)
class Suite:
    """A gate: the tables that must be there, the checks on them, and what proves some of them at once."""

    gate: str
    required: tuple[str, ...]
    checks: tuple[Check, ...]
    advice: str
    proofs: tuple[Proof, ...] = ()


def suite(gate: str, config: Config, run_id: str = "") -> Suite:
    """Return the suite of a gate, with the run and the limits of the configuration filled in.

    Raises `ContractError` when a suite or a table's own check is malformed.
    """
    raw = _read(gate)
    declared = _tables(gate, raw)
    optional = frozenset(raw.get("optional", ()))
    where = f"schemas/quality/{gate}.toml"
    checks = [c for t in declared for c in _declared(t)]
    checks += [c for spec in raw.get("checks", ()) for c in _explicit(spec, where)]
    if apart := raw.get("apart"):
        checks = [replace(c, apart=apart["name"]) if c.table in apart["tables"] else c for c in checks]
    advice = str(raw["advice"])
    filled = tuple(sorted((_filled(c, config, run_id, advice) for c in checks), key=lambda c: c.id))
    double = [name for name, times in Counter(c.id for c in filled).items() if times > 1]
    if double:
        raise ContractError(f"{where}: more than one check is named {', '.join(sorted(double))}")
    required = tuple(t.name for t in declared if t.name not in optional)
    return Suite(gate, required, filled, advice, proofs.explicit(raw, filled, where))


def _read(gate: str) -> dict[str, Any]:
    path = contracts.SCHEMAS / "quality" / f"{gate}.toml"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ContractError(f"there is no gate {gate}: schemas/quality/{gate}.toml does not exist") from None
    except tomllib.TOMLDecodeError as error:
        raise ContractError(f"schemas/quality/{gate}.toml: {error}") from None


def _tables(gate: str, raw: dict[str, Any]) -> list[Table]:
    if "zone" in raw:
        return [t for t in contracts.tables(raw["zone"]) if t.name not in raw.get("except", ())]
    if "tables" in raw:
        return [contracts.table(name) for name in raw["tables"]]
    raise ContractError(f"schemas/quality/{gate}.toml names neither a zone nor tables")


def _declared(table: Table) -> Iterator[Check]:
    """Yield what the declaration of one table promises."""
    if table.key:
        yield _key(table)
    if table.zone == "case_view":
        yield _closed(table)
        yield from (_identifying(table, c) for c in table.columns if c.identifying)
    for column in table.columns:
        yield from (check for make in _PROMISES if (check := make(table, column)) is not None)
    for spec in table.checks:
        yield from _explicit({"table": table.name, **spec}, f"schemas/tables/{table.name}.toml")


def _key(table: Table) -> Check:
    names = ", ".join(table.key)
    return Check(
        id=f"{table.name}.key",
        table=table.name,
        column=table.key[0] if len(table.key) == 1 else None,
        severity=STOP,
        kind="unique",
        columns=table.key,
        description=f"the key ({names}) must be unique",
        description_nl=f"De sleutel ({names}) moet uniek zijn",
    )


def _closed(table: Table) -> Check:
    return Check(
        id=f"{table.name}.columns",
        table=table.name,
        severity=STOP,
        kind="columns",
        columns=tuple(c.name for c in table.columns),
        description="the table must have exactly the columns that are declared",
        description_nl="De tabel heeft precies de kolommen die zijn vastgelegd",
    )


def _identifying(table: Table, column: Column) -> Check:
    return _on(
        table,
        column,
        "identifying",
        kind="where",
        where="true",
        description="an identifying column must not be published",
        description_nl="Een herleidbare kolom mag niet in het ketenbeeld staan",
    )


def _on(table: Table, column: Column, name: str, *, severity: str = STOP, **spec: Any) -> Check:
    return Check(
        id=f"{table.name}.{column.name}.{name}", table=table.name, column=column.name, severity=severity, **spec
    )


def _required(table: Table, column: Column) -> Check | None:
    if not column.required:
        return None
    return _on(
        table,
        column,
        "required",
        kind="not_null",
        description="the column must be filled",
        description_nl="De kolom moet gevuld zijn",
    )


def _fill(table: Table, column: Column) -> Check | None:
    if column.fill is None:
        return None
    return _on(
        table,
        column,
        "fill",
        severity=WARN,
        kind="not_null",
        max_share=1 - column.fill,
        description=f"at least {column.fill:.0%} of the rows must be filled",
        description_nl=f"Minstens {column.fill:.0%} van de rijen moet gevuld zijn",
    )


def _codes(table: Table, column: Column) -> Check | None:
    if column.codes is None or (known := contracts.codes(column.codes)).open:
        return None
    values = tuple(known.codes)
    text = {
        "description": f"every value must be in code list {known.name}",
        "description_nl": f"Elke waarde staat in codelijst {known.name}",
    }
    if column.type.upper().endswith("[]"):
        listed = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
        return _on(table, column, "codes", kind="where", where=f'NOT list_has_all([{listed}], "{column.name}")', **text)
    return _on(table, column, "codes", kind="in_set", values=values, **text)


def _pattern(table: Table, column: Column) -> Check | None:
    if column.pattern is None:
        return None
    quoted = column.pattern.replace("'", "''")
    return _on(
        table,
        column,
        "pattern",
        kind="where",
        where=f"NOT regexp_full_match(\"{column.name}\", '{quoted}')",
        description="every value must have the declared form",
        description_nl="Elke waarde heeft de vastgelegde vorm",
    )


def _range(table: Table, column: Column) -> Check | None:
    low, high = column.minimum, column.maximum
    if low is None and high is None:
        return None
    text = {
        "description": f"every value must be {_bounds(low, 'at least', high, 'at most', ' and ')}",
        "description_nl": f"Elke waarde is {_bounds(low, 'minstens', high, 'hoogstens', ' en ')}",
    }
    if isinstance(low, str) or isinstance(high, str):
        wrong = [
            f"\"{column.name}\" {sign} '{bound}'" for sign, bound in (("<", low), (">", high)) if bound is not None
        ]
        return _on(table, column, "range", kind="where", where=" OR ".join(wrong), **text)
    return _on(table, column, "range", kind="between", minimum=low, maximum=high, **text)


def _bounds(low: float | str | None, least: str, high: float | str | None, most: str, also: str) -> str:
    return also.join(f"{word} {bound}" for word, bound in ((least, low), (most, high)) if bound is not None)


def _references(table: Table, column: Column) -> Check | None:
    if column.references is None:
        return None
    other, key = column.references.split(".")
    return _on(
        table,
        column,
        "references",
        kind="rows",
        refers=column.references,
        rows=f'SELECT 1 FROM "{table.name}" AS t WHERE t."{column.name}" IS NOT NULL '
        f'AND NOT EXISTS (SELECT 1 FROM "{other}" AS o WHERE o."{key}" = t."{column.name}")',
        description=f"every value must exist in {column.references}",
        description_nl=f"Elke waarde bestaat in {column.references}",
    )


Promise = Callable[[Table, Column], Check | None]

_PROMISES: tuple[Promise, ...] = (_required, _fill, _codes, _pattern, _range, _references)


def _explicit(spec: dict[str, Any], where: str) -> Iterator[Check]:
    """Make the check of a ``[[checks]]`` entry, and the stop of its ``stop_share``; ids start with the table."""
    allowed = {f.name for f in fields(Check)} - {"kind", "apart", "columns", "values", "minimum", "maximum"}
    allowed |= {"stop_share"}
    missing = {"id", "table", "severity", "description", "description_nl"} - set(spec)
    unknown = set(spec) - allowed
    if missing or unknown or ("where" in spec) == ("rows" in spec):
        problem = f"lacks {sorted(missing)}, has unknown {sorted(unknown)}, or has not one of where and rows"
        raise ContractError(f"{where}: check {spec.get('id', 'without id')}: {problem}")
    if spec["severity"] not in (STOP, WARN, INFO):
        raise ContractError(f"{where}: check {spec['id']}: severity is stop, warn or info")
    given = {key: value for key, value in spec.items() if key != "stop_share"}
    given |= {"id": f"{spec['table']}.{spec['id']}", "kind": "where" if "where" in spec else "rows"}
    yield Check(**given)
    if "stop_share" in spec:
        share = float(spec["stop_share"])
        yield replace(
            Check(**given),
            id=f"{given['id']}_in_bulk",
            severity=STOP,
            max_share=share,
            min_failing=BULK_ROWS,
            description=f"{spec['description']} (at most {share:.0%} may not)",
            description_nl=f"{spec['description_nl']} (hoogstens {share:.0%} niet)",
        )


def _filled(check: Check, config: Config, run_id: str, advice: str) -> Check:
    """Fill in ``$run.id`` and ``$section.key`` of the configuration, and the gate's advice where the check has none."""

    def value(match: re.Match[str]) -> str:
        if match[0] == "$run.id":
            return run_id
        try:
            return str(getattr(getattr(config, match[1]), match[2]))
        except AttributeError:
            raise ContractError(f"check {check.id}: the configuration has no {match[1]}.{match[2]}") from None

    text: dict[str, Any] = {
        name: re.sub(r"\$([a-z]+)\.([a-z_]+)", value, getattr(check, name))
        for name in ("where", "rows", "total", "both", "apart", "description", "description_nl")
    }
    return replace(check, advice=check.advice or advice, **text)
