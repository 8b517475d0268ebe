"""Families of which a night may say something else than the night before, and writing only what became of them.

A row may become another for two reasons: the records of the family changed, or the day did. `MOVED` says of whom either
may be so; who is not among them stands as before, but for days that are counted up to tonight.
"""

from __future__ import annotations

from datetime import date, timedelta

from linkage import contracts
from linkage.engine.base import Engine

MOVED = "fm_moved"
"""Households that are looked at, made by ``views/fm_moved.sql``."""
OF_MOVED = f"household_id IN (FROM {MOVED})"
IS_LOOKED_AT = f"(household_id IS NULL OR {OF_MOVED})"
"""What has no household is nobody's, and may be another one's tomorrow."""
WORK = (MOVED, "fm_now", "fm_other")
NARROWED = {
    "fm_incident": ("incident",),
    "fm_report": ("case_report",),
    "household_known_at": ("involvement",),
    "household_child": ("household_member",),
    "household_handover": ("incident",),
    "household_today": ("household_child", "household_handover", "report_term", "unified_case"),
}
"""Of which tables the query of another reads rows of the household alone that it tells of."""
LEAP_DAY, DAY_AFTER = 229, 301


def since(db: Engine, as_of: date) -> date | None:
    """Return the day that the tables tell of; None where they do not say, or it is after ``as_of``."""
    days = db.rows("SELECT DISTINCT as_of FROM household_today")
    return days[0][0] if len(days) == 1 and days[0][0] <= as_of else None


def birthdays(first: date, last: date) -> list[int]:
    """Return the days after ``first`` up to ``last`` as month and day in one number.

    Whoever was born on 29 February has a birthday on 1 March in other years.
    """
    days = (first + timedelta(number) for number in range(1, min((last - first).days, 366) + 1))
    found = {day.month * 100 + day.day for day in days}
    return sorted(found | ({LEAP_DAY} if DAY_AFTER in found else set()))


def last_born(day: date) -> date:
    """Return the last day of birth of whom the engine takes to be 18 on a day: with one of 29 February on the 28th."""
    if (day.month, day.day) == (LEAP_DAY // 100, LEAP_DAY % 100):
        day -= timedelta(1)
    last = day.replace(year=day.year - 18)
    after = last + timedelta(1)
    return after if after.month * 100 + after.day == LEAP_DAY else last


def look_at(db: Engine, name: str, query: str, *, into: str) -> None:
    """Write a temporary table from the query of ``name``, which reads the rows of `MOVED` alone where that will do."""
    with db.narrowed(dict.fromkeys(NARROWED.get(name, ()), IS_LOOKED_AT)):
        db.run(f"CREATE OR REPLACE TEMP TABLE {into} AS {query}")


def renew(db: Engine, name: str, query: str) -> None:
    """Write what became another of a table for `MOVED`; ``query`` makes the whole table. A row is told by its hash."""
    columns = ", ".join(column.name for column in contracts.table(name).columns)
    look_at(db, name, f"SELECT {columns} FROM ({query}) WHERE {IS_LOOKED_AT}", into="fm_now")
    was, now = (
        f"(SELECT rowid AS place, hash({columns}) AS said FROM {rows})"
        for rows in (f"{name} WHERE {IS_LOOKED_AT}", "fm_now")
    )
    db.run(
        "CREATE OR REPLACE TEMP TABLE fm_other AS SELECT was.place AS was, now.place AS now "
        f"FROM {was} AS was FULL JOIN {now} AS now USING (said) WHERE was.place IS NULL OR now.place IS NULL"
    )
    db.run(f"DELETE FROM {name} WHERE rowid IN (SELECT was FROM fm_other)")
    db.run(f"INSERT INTO {name} BY NAME FROM fm_now WHERE rowid IN (SELECT now FROM fm_other)")


def count_on(db: Engine, before: date, as_of: date) -> None:
    """Let days count on to tonight where nothing else happened: of hand-overs that are open, and of households."""
    days = (as_of - before).days
    if not days:
        return
    is_open = "days_open IS NOT NULL"
    db.run(f"UPDATE household_handover SET days_open = days_open + {days} WHERE {is_open} AND NOT {OF_MOVED}")
    db.run(
        f"UPDATE household_today SET as_of = as_of + {days}, days_since_incident = days_since_incident + {days}, "
        f"days_out_of_view = days_out_of_view + {days}, oldest_handover_days = oldest_handover_days + {days} "
        f"WHERE NOT {OF_MOVED}"
    )
