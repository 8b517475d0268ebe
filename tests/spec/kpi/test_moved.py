"""What mentions tell of the indicators, counted by those that came and went, is what all of them count to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkage import contracts, indicators, kpi, tonight
from linkage.engine.duckdb import DuckDBEngine
from linkage.kpi import moved

Said = tuple[str, int | None, int, int, str | None, int]
"""Source, client number, month, municipality and surname of a mention, and whose it is."""
Night = dict[int, Said]

SAID = st.tuples(
    st.sampled_from(("pol", "vt", "vt-2")),
    st.sampled_from((None, 1, 2)),
    st.integers(1, 2),
    st.integers(1, 2),
    st.sampled_from((None, "jansen")),
    st.integers(1, 3),
)
NIGHTS = st.dictionaries(st.integers(1, 7), SAID, max_size=7)


def mention(number: int, said: Said) -> dict[str, Any]:
    source, client, month, place, surname, _ = said
    return {
        "mention_id": number,
        "source_id": source,
        "chain": "police" if source == "pol" else "steunpunt",
        "source_person_id": client,
        "event_date": f"2025-{month:02d}-0{number}",
        "municipality_code": f"GM000{place}",
        "surname": surname,
        "role": "onbekend",
    }


def put(db: DuckDBEngine, night: Night, numbers: set[int]) -> None:
    for number in sorted(numbers):
        row = mention(number, night[number])
        names, places = ", ".join(row), ", ".join("?" * len(row))
        db.run(f"INSERT INTO mention ({names}) VALUES ({places})", list(row.values()))


def whose(db: DuckDBEngine, night: Night, numbers: set[int]) -> None:
    db.insert("mention_person", [(number, f"P{night[number][-1]}") for number in sorted(numbers)])


def begin(db: DuckDBEngine, night: Night) -> None:
    """Write a night and table ``kpi`` as it counts."""
    for name in ("mention", "mention_person"):
        db.run(contracts.table(name).ddl().replace(" NOT NULL", ""))
    db.run(contracts.table("municipality").ddl())
    put(db, night, set(night))
    whose(db, night, set(night))
    kpi._write_figures(db)
    cells(db, is_kept=False)
    db.run(f"CREATE TABLE kpi AS {kpi._query('kpi_cell', {})}")


def go_on(db: DuckDBEngine, before: Night, after: Night) -> None:
    """Bring the tables up to another night as the stages do, and tell what they tell."""
    said = {n for n in before.keys() | after.keys() if before.get(n, ())[:-1] != after.get(n, ())[:-1]}
    others = {n for n in before.keys() | after.keys() if before.get(n, (0,))[-1] != after.get(n, (0,))[-1]}
    persons = {night[n][-1] for night in (before, after) for n in said | others if n in night}
    near = {n for n in after if after[n][-1] in persons}
    listed = {name: f"({', '.join(map(str, {0, *rows}))})" for name, rows in (("said", said), ("near", near | others))}
    db.run(f"CREATE OR REPLACE TEMP TABLE was_mention AS FROM mention WHERE mention_id IN {listed['said']}")
    db.run(f"DELETE FROM mention WHERE mention_id IN {listed['said']}")
    db.run(f"DELETE FROM mention_person WHERE mention_id IN {listed['near']}")
    put(db, after, said & after.keys())
    whose(db, after, near)
    for name in ("fresh_mention", "mention_cluster"):
        db.run(f"CREATE OR REPLACE TEMP TABLE {name} (mention_id BIGINT)")
    db.run("CREATE OR REPLACE TEMP TABLE other_mention (mention_id BIGINT, now_id VARCHAR, was_id VARCHAR)")
    db.insert("fresh_mention", [(n,) for n in said & after.keys()])
    db.insert("mention_cluster", [(n,) for n in near])
    ids = [[f"P{night[n][-1]}" if n in night else None for night in (after, before)] for n in others]
    db.insert("other_mention", [(n, *of) for n, of in zip(others, ids, strict=True)])


def cells(db: DuckDBEngine, *, is_kept: bool) -> list[tuple[Any, ...]]:
    for name, columns in (
        ("fact", "numerator BIGINT, denominator BIGINT, censored BIGINT"),
        ("amount", "amount INTEGER, records BIGINT"),
        ("person", "numerator BIGINT"),
    ):
        db.run(f"CREATE OR REPLACE TEMP TABLE kpi_{name} ({kpi.HEAD}, {columns})")
    sides = moved.sides(db, is_kept=is_kept)
    for indicator in indicators.indicators():
        for sign, tables in sides.get(indicator.code, ()):
            with db.shown(tables):
                kpi._count(db, indicator, kpi._query(f"{indicator.code}.mentions", {}), sign)
    return db.rows(f"FROM ({kpi._query('kpi_cell', {})}) ORDER BY ALL")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(before=NIGHTS, after=NIGHTS, same=st.sets(st.integers(1, 7)))
def test_what_came_and_went_counts_to_what_all_count_to(
    before: Night, after: Night, same: set[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    after = {n: before[n] if n in same and n in before else said for n, said in after.items()}
    path: Path = tmp_path_factory.mktemp("moved") / "night.duckdb"
    with DuckDBEngine(path) as db:
        begin(db, before)
    with DuckDBEngine(path) as db, pytest.MonkeyPatch.context() as patch:
        patch.setattr(tonight, "MANY", 1)
        tonight.note(db)
        kpi._write_figures(db)
        go_on(db, before, after)
        by_moved = cells(db, is_kept=True)
        was = db.rows("FROM kpi_was")
        assert cells(db, is_kept=False) == by_moved
        assert not was or {row[:2] for row in was} <= set(moved.FIGURES)


def test_mentions_that_were_written_anew_are_all_counted(tmp_path: Path) -> None:
    night: Night = {1: ("vt", 1, 1, 1, None, 1), 2: ("vt", 2, 1, 1, None, 1)}
    with DuckDBEngine(tmp_path / "night.duckdb") as db:
        begin(db, night)
    with DuckDBEngine(tmp_path / "night.duckdb") as db, pytest.MonkeyPatch.context() as patch:
        patch.setattr(tonight, "MANY", 1)
        tonight.note(db)
        go_on(db, night, night)
        assert len(moved.sides(db, is_kept=True)["K20"]) == 2
        assert db.rows("SELECT sum(denominator) FROM kpi_was WHERE figure = 'clients' AND scope = 'all'") == [(2,)]
        assert moved.sides(db, is_kept=False)["K20"] == ((1, {}),)
        db.run("CREATE OR REPLACE TABLE mention AS FROM mention")
        assert moved.sides(db, is_kept=True) == {code: ((1, {}),) for code, _ in moved.FIGURES}
        assert db.rows("FROM kpi_was") == []
