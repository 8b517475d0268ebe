"""A delivery against the history of its source: what is far outside stops, what is usual or unknown does not."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from linkage import contracts
from linkage.audit import Figure, volumes
from linkage.config import Config, Volume
from linkage.engine.duckdb import DuckDBEngine

FIRST = datetime.fromisoformat("2025-01-06T02:00:00")
"""A Monday."""


class History:
    """Deliveries of one source, one a night, and what the newest is judged as."""

    def __init__(self, **limits: Any) -> None:
        self.config = Config(volume=Volume(**limits))
        self.db = DuckDBEngine()
        self.db.run(contracts.table("delivery").ddl())
        self.night = FIRST

    def nights(self, *rows: int, kind: str = "increment", run_id: str = "earlier", skip: int = 0) -> History:
        made = []
        for count in rows:
            self.night += timedelta(days=1 + skip)
            day, until = f"{self.night:%Y-%m-%d}", f"{self.night - timedelta(days=1):%Y-%m-%d}"
            made.append(
                f"('pol', '{day}', '{day}{kind}', '{run_id}', 'accepted', '{kind}', TIMESTAMP '{self.night}', '{day}', "
                f"{count}, DATE '{until}')"
            )
        self.db.run(
            "INSERT INTO delivery (source_id, delivery_id, content_hash, run_id, status, kind, extracted_at, version, "
            f"rows, covers_until) VALUES {', '.join(made)}"
        )
        return self

    def tonight(self, rows: int, kind: str = "increment", skip: int = 0) -> Figure:
        self.nights(rows, kind=kind, run_id="tonight", skip=skip)
        [figure] = volumes(self.db, self.config, run_id="tonight")
        return figure


USUAL = (96, 104, 99, 101, 95, 107, 92, 100, 98, 103) * 3


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [(1000, "stop"), (10, "stop"), (0, "stop"), (140, "ok"), (60, "ok"), (100, "ok")],
    ids=lambda value: str(value),
)
def test_after_thirty_normal_nights_ten_times_and_a_tenth_stop(rows: int, verdict: str) -> None:
    figure = History().nights(*USUAL).tonight(rows)
    assert (figure.verdict, figure.name, figure.before) == (verdict, "pol/2025-02-06", 99.5)


def test_a_short_history_judges_nothing() -> None:
    assert History().nights(*USUAL[:9]).tonight(1000).verdict == "small"
    assert History().nights(*USUAL[:10]).tonight(1000).verdict == "stop"


@pytest.mark.parametrize("rows", [0, 1, 9, 22])
def test_a_handful_of_rows_more_or_less_is_no_alarm_in_a_small_region(rows: int) -> None:
    assert History().nights(*[3, 2, 4, 0, 3, 5, 2] * 5).tonight(rows).verdict == "ok"


def test_a_delivery_that_covers_the_days_that_were_missed_is_as_large_as_they_are() -> None:
    assert History().nights(*USUAL).tonight(300).verdict == "stop"
    assert History().nights(*USUAL).tonight(300, skip=2).verdict == "ok"


def test_a_weekday_is_held_against_its_own_kind_once_there_are_enough() -> None:
    weeks = [400 if day == 0 else 100 for _ in range(10) for day in range(7)]
    history = History(min_weekday=8).nights(*weeks)
    assert history.tonight(400).verdict == "ok"
    assert History(min_weekday=8).nights(*weeks, 400).tonight(400).verdict == "stop"


def test_one_odd_delivery_that_was_accepted_does_not_widen_the_band() -> None:
    assert History().nights(*USUAL, 1000).tonight(1000).verdict == "stop"


def test_a_full_delivery_is_held_against_full_ones_only() -> None:
    history = History().nights(*USUAL).nights(5000, 5010, 5020, kind="full")
    assert history.tonight(2000, kind="full").verdict == "stop"
    assert History().nights(*USUAL).nights(5000, 5010, 5020, kind="full").tonight(4000, kind="full").verdict == "ok"
    assert History().nights(*USUAL).nights(5000, 5010, kind="full").tonight(200, kind="full").verdict == "small"


def test_the_line_names_the_delivery_and_figures_only() -> None:
    assert History().nights(*USUAL).tonight(1000).line == (
        "volume of delivery pol/2025-02-06: usually 100 rows (a day, of an increment), now 1000 (900 off, at most 50)"
    )
