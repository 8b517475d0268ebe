"""A proof is true only where the query that it spares finds nothing, and it is true of a night that is right."""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkage import quality
from linkage.config import Config
from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import ContractError
from linkage.quality import expectations, proofs, statements
from linkage.quality.proofs import Proof
from linkage.quality.suite import STOP, Check
from tests.spec.quality import clean_night

pytestmark = pytest.mark.filterwarnings("ignore")

NOT_OF_THE_CLEAN_NIGHT: set[str] = set()
"""Checks of which the small night holds too few rows for their proof."""


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBEngine]:
    with DuckDBEngine(tmp_path_factory.mktemp("night") / "work.duckdb") as db:
        clean_night.build(db)
        yield db


@cache
def checks() -> dict[str, Check]:
    """Return the checks with a query of their own, of all gates."""
    found = [c for gate in quality.GATES for c in quality.suite(gate, Config(), "r").checks]
    return {c.id: c for c in found if statements.query(c) and c.table in clean_night.TABLES}


@cache
def every_proof() -> tuple[Proof, ...]:
    told = [proof for gate in quality.GATES for proof in quality.suite(gate, Config(), "r").proofs]
    return tuple(proofs.of(list(checks().values()), told))


def holds(db: DuckDBEngine, proof: Proof) -> list[str]:
    """Name the checks of which a proof says that nothing breaks them."""
    [told] = db.rows(proof.holds)
    assert len(told) == len(proof.of)
    return [name for name, is_kept in zip(proof.of, told, strict=True) if is_kept is True and name in checks()]


def wrong(db: DuckDBEngine, name: str) -> int:
    query = statements.query(checks()[name])
    assert query is not None
    return int(db.rows(query[0])[0][0])


def reads(proof: Proof) -> set[str]:
    return set(re.findall(r"\w+", proof.holds)) & set(clean_night.TABLES)


def test_all_is_proven_of_a_night_that_is_right(night: DuckDBEngine) -> None:
    """A proof that never holds would only cost time."""
    proven = {name for proof in every_proof() for name in holds(night, proof)}
    named = {name for proof in every_proof() for name in proof.of if name in checks()}
    assert named - proven == NOT_OF_THE_CLEAN_NIGHT


def columns(db: DuckDBEngine) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for table, column in db.rows("SELECT table_name, column_name FROM duckdb_columns() ORDER BY ALL"):
        if table in clean_night.TABLES:
            found.setdefault(str(table), []).append(str(column))
    return found


@cache
def known() -> dict[str, list[str]]:
    with DuckDBEngine() as db:
        clean_night.build(db)
        return columns(db)


def places(proof: Proof) -> list[tuple[str, str]]:
    """Return the tables and columns that a proof reads."""
    words = set(re.findall(r"\w+", proof.holds))
    return [(t, c) for t in sorted(reads(proof)) for c in known()[t] if c in words]


TO_ROWS = ("gone", "double", "often")
TO_VALUES = ("null", "null everywhere", "of another row", "odd")


def each_alone(proof: Proof) -> Iterator[tuple[Any, ...]]:
    """Yield every kind of fault, in every column that a proof reads."""
    for place in places(proof):
        is_first = place == next(other for other in places(proof) if other[0] == place[0])
        for what in (*TO_ROWS, *TO_VALUES) if is_first else TO_VALUES:
            for one, other in itertools.product(range(2), range(5) if what == "odd" else [1]):
                yield place, what, one, other


def faults(proof: Proof) -> st.SearchStrategy[list[tuple[Any, ...]]]:
    """What is done to some of the rows that a proof reads."""
    rows = st.integers(0, 30)
    fault = st.tuples(st.sampled_from(places(proof)), st.sampled_from((*TO_ROWS, *TO_VALUES)), rows, rows)
    return st.lists(fault, min_size=2, max_size=4)


def plant(db: DuckDBEngine, fault: tuple[Any, ...]) -> None:
    """Make one fault; a table without rows is left as it is."""
    (table, column), what, one, other = fault
    if (chosen := clean_night.two_rows(db, table, one, other)) is None:
        return
    here, there = chosen
    if what == "gone":
        db.run(f"DELETE FROM {table} WHERE rowid = {here}")
    elif what == "double":
        db.run(f"INSERT INTO {table} SELECT * FROM {table} WHERE rowid = {here}")
    elif what == "often":
        db.run(f"INSERT INTO {table} SELECT {table}.* FROM {table}, range(25) WHERE {table}.rowid = {here}")
    elif what == "null":
        db.run(f'UPDATE {table} SET "{column}" = NULL WHERE rowid = {here}')
    elif what == "null everywhere":
        for other_table in (t for t, named in known().items() if column in named):
            db.run(f'UPDATE {other_table} SET "{column}" = NULL WHERE rowid % {one % 3 + 1} = 0')
    elif what == "of another row":
        db.run(
            f'UPDATE {table} SET "{column}" = (SELECT "{column}" FROM {table} WHERE rowid = {there}) '
            f"WHERE rowid = {here}"
        )
    else:
        _odd(db, table, column, here, other)


def _odd(db: DuckDBEngine, table: str, column: str, row: int, number: int) -> None:
    [(kind,)] = db.rows(
        "SELECT data_type FROM duckdb_columns() WHERE table_name = ? AND column_name = ?", [table, column]
    )
    values = {
        "INTEGER": [-1, 0, 2, 99],
        "BIGINT": [-1, 0, 2, 99],
        "VARCHAR": ["'ingetrokken'", "'advies'", "'odd'", "'excluded'", "'matched_timely'"],
        "DATE": ["DATE '1900-01-01'", "DATE '2099-01-01'"],
        "TIMESTAMP": ["TIMESTAMP '1900-01-01'", "TIMESTAMP '2099-01-01'"],
        "BOOLEAN": ["true", "false"],
    }.get(str(kind), ["NULL"])
    db.run(f'UPDATE {table} SET "{column}" = {values[number % len(values)]} WHERE rowid = {row}')


TOLD = [proof for gate in quality.GATES for proof in quality.suite(gate, Config(), "r").proofs]
MADE = [proof for proof in every_proof() if proof not in TOLD]
PROOFS = [*TOLD, *(next(p for p in MADE if len(p.of) == 1), next(p for p in MADE if 1 < len(p.of) < 5))]
"""Those that are written by hand, and one of each kind that is not."""


def hidden(db: DuckDBEngine, proof: Proof, planted: Iterable[tuple[Any, ...]]) -> list[str]:
    """Name the checks that are broken, and of which the proof says that they are not."""
    db.run("BEGIN TRANSACTION")
    try:
        for fault in planted:
            plant(db, fault)
        return [name for name in holds(db, proof) if wrong(db, name)]
    finally:
        db.run("ROLLBACK")


a_proof = pytest.mark.parametrize("proof", PROOFS, ids=lambda proof: f"{proof.of[0]} and {len(proof.of) - 1} more")


@a_proof
def test_whatever_is_wrong_a_proof_does_not_hide_it(proof: Proof, night: DuckDBEngine) -> None:
    assert [fault for fault in each_alone(proof) if hidden(night, proof, [fault])] == []


TOGETHER = {
    "an incident twice, once withdrawn": (
        "INSERT INTO police_incident SELECT * REPLACE ('ingetrokken' AS record_status) FROM police_incident"
    ),
    "a person of no mention": "INSERT INTO person (person_id, mentions) VALUES ('P0', 0)",
    "a person of nobody knows how many": "INSERT INTO person (person_id) VALUES ('P0')",
    "a person without a name": "INSERT INTO person (mentions) VALUES (0)",
    "a person in two rows": "INSERT INTO person SELECT * REPLACE (0 AS mentions) FROM person",
    "a household of nobody": "INSERT INTO household (household_id, members) VALUES ('H0', 0)",
    "a household without a name": "INSERT INTO household (members) VALUES (0)",
    "a household in two rows": "INSERT INTO household SELECT * REPLACE (0 AS members) FROM household",
    "a household of nobody knows how many": "INSERT INTO household (household_id) VALUES ('H0')",
    "a membership of no household": (
        "INSERT INTO household_member (person_id) SELECT person_id FROM person LIMIT 1; "
        "INSERT INTO household (members) VALUES (1)"
    ),
    "a membership of nobody": (
        "INSERT INTO household_member (household_id) SELECT 'H0'; "
        "INSERT INTO household (household_id, members) VALUES ('H0', 1)"
    ),
    "records without a number": "UPDATE mention SET record_no = NULL",
    "a record without a number": (
        "UPDATE mention SET record_no = NULL WHERE record_id = (SELECT min(record_id) FROM mention)"
    ),
    "one more person of each record, without its number": (
        "INSERT INTO mention SELECT * REPLACE (NULL AS record_no, person_seq + 30 AS person_seq, "
        "-mention_id AS mention_id) FROM mention"
    ),
    "all cases are advice": "UPDATE steunpunt_report SET contact_type = 'advies'",
    "all reports are advice": "UPDATE case_report SET contact_type = 'advies'",
    "an incident and its status without a source": (
        "UPDATE incident SET source_id = NULL; UPDATE incident_status SET source_id = NULL; "
        "UPDATE police_incident SET source_id = NULL"
    ),
    "a dossier in two rows": "INSERT INTO unified_case SELECT * REPLACE (0 AS incidents, 0 AS unmatched_incidents, "
    "0 AS case_reports) FROM unified_case",
    "a dossier of nobody knows how many": "UPDATE unified_case SET incidents = NULL",
    "a family in two rows": "INSERT INTO household_in_view SELECT * REPLACE (0 AS incidents, 0 AS reports) "
    "FROM household_in_view",
    "a number of two sources": "INSERT INTO incident SELECT * REPLACE ('pol2' AS source_id) FROM incident; "
    "INSERT INTO incident_status SELECT * REPLACE ('pol2' AS source_id) FROM incident_status",
    "a municipality of days that are not known": "UPDATE case_report SET received_at = NULL",
}
"""Faults of which one covers another."""


@pytest.mark.parametrize("fault", TOGETHER)
def test_a_fault_that_covers_another_is_not_hidden(fault: str, night: DuckDBEngine) -> None:
    night.run("BEGIN TRANSACTION")
    try:
        night.run(TOGETHER[fault])
        assert [name for proof in PROOFS for name in holds(night, proof) if wrong(night, name)] == []
    finally:
        night.run("ROLLBACK")


@a_proof
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_whatever_is_wrong_together_a_proof_does_not_hide_it(
    proof: Proof, data: st.DataObject, night: DuckDBEngine
) -> None:
    assert hidden(night, proof, data.draw(faults(proof))) == []


def test_a_column_that_is_just_filled_enough_is_proven_and_one_below_is_not(night: DuckDBEngine) -> None:
    [proof] = [p for p in TOLD if "mention.surname_fill" in p.of]
    night.run("BEGIN TRANSACTION")
    try:
        for filled in range(41):
            night.run("DELETE FROM mention")
            night.run(
                "INSERT INTO mention BY NAME SELECT 'pol' AS source_id, CASE WHEN i < ? THEN 'x' END AS surname, "
                "surname AS given_name, surname AS sex, surname AS postcode, "
                "CASE WHEN i < ? THEN DATE '2000-01-01' END AS birth_earliest FROM range(40) AS t (i)",
                [filled, filled],
            )
            assert holds(night, proof) == [name for name in proof.of if not wrong(night, name)]
    finally:
        night.run("ROLLBACK")


def measured(db: DuckDBEngine, *checks: Check, told: tuple[Proof, ...] = ()) -> list[tuple[Any, ...]]:
    return [tuple(r) for r in expectations.measure(db, checks, told).values()]


def made(name: str, **spec: Any) -> Check:
    text = {"description": "must hold", "description_nl": "Moet kloppen"}
    return Check(id=f"pet.{name}", table="pet", severity=STOP, **{"kind": "rows", **text, **spec})


@pytest.fixture
def pets() -> Iterator[DuckDBEngine]:
    with DuckDBEngine() as db:
        db.run("CREATE TABLE pet AS SELECT i AS number, 'cat' AS kind FROM range(9) AS t (i)")
        yield db


@pytest.mark.parametrize(
    ("holds", "wrong"),
    [
        ("true", 0),
        ("false", 9),
        ("NULL", 9),
        ("'true'", 9),
        ("1", 9),
        ("CAST(kind AS DATE) IS NULL FROM pet LIMIT 1", 9),
    ],
)
def test_only_what_is_proven_is_not_counted(holds: str, wrong: int, pets: DuckDBEngine) -> None:
    """Nothing but true is a proof, and one that cannot be computed proves nothing."""
    check = made("any", rows="SELECT 1 FROM pet")
    told = Proof((check.id,), f"SELECT {holds}")
    assert measured(pets, check, told=(told,)) == [(wrong == 0, wrong, 9, ())]


def test_a_proof_is_of_each_of_its_checks_apart(pets: DuckDBEngine) -> None:
    one, other = made("one", rows="SELECT 1 FROM pet"), made("other", rows="SELECT 1 FROM pet WHERE number > 0")
    told = Proof(("pet.not_here", other.id, one.id), "SELECT true, true, false")
    assert measured(pets, one, other, told=(told,)) == [(False, 9, 9, ()), (True, 0, 9, ())]


def test_a_proven_check_of_an_unknown_number_of_rows_is_not_computed(pets: DuckDBEngine) -> None:
    check = made("any", rows="SELECT 1 FROM pet", total="SELECT count(*) FROM nothing")
    assert measured(pets, check, told=(Proof((check.id,), "SELECT true"),)) == [(False, None, None, ())]


@pytest.mark.parametrize(
    ("proof", "told"),
    [
        ('of = ["pet.other"]\nholds = "SELECT true"', "not \\['pet.other'\\]"),
        ('of = ["pet.number"]', "a proof has of and holds"),
        ('of = ["pet.number"]\nholds = "SELECT true"', "not \\['pet.number'\\]"),
    ],
    ids=["of a check that is not there", "that says nothing", "of a check without a query"],
)
def test_a_malformed_proof_is_refused(proof: str, told: str) -> None:
    checks = [made("number", kind="where", where="true"), made("any", rows="SELECT 1")]
    with pytest.raises(ContractError, match=told):
        proofs.explicit(tomllib.loads(f"[[proofs]]\n{proof}"), checks, "pets.toml")
