"""Small worlds for the tests of households and the casebook, as intake and the linkage leave them."""

from __future__ import annotations

from datetime import date
from typing import Any
from zlib import crc32

import pandas as pd

from linkage import casebook, contracts
from linkage.config import Config
from linkage.engine.duckdb import DuckDBEngine
from linkage.entities import household
from linkage.entities.household_addresses import IS_STAY
from linkage.intake.standardise import MENTION_ID, RECORD_NO
from linkage.pairs import PERSONS
from linkage.pairs.coding import write_bands
from tests.mentions import mention, mention_table

AS_OF = date(2025, 3, 31)
POLICE, STEUNPUNT = "politie-nn", "vt-drenthe"
INTAKE = ("police_incident", "police_person", "care_report", "steunpunt_report", "steunpunt_person")

Values = dict[str, Any]


class World:
    """Incidents, reports and people who are known by a name of their own: ``"anna"`` is always the same person."""

    def __init__(self, config: Config | None = None) -> None:
        self.config = config or Config()
        self.tables: dict[str, list[Values]] = {name: [] for name in INTAKE}
        self.mentions: list[Values] = []
        self.people: list[str] = []
        self.born: dict[str, str | None] = {}
        self.possible: list[tuple[str, str, float]] = []
        self.listed: list[tuple[str, int | None, str]] = []
        self.db = DuckDBEngine()

    def incident(self, number: int | str, reported: str, *people: str | Values, **values: Any) -> World:
        """Add an incident; a person is a name, ``name:role``, or a dict with ``name`` and columns of a mention."""
        number = f"PL0100-2025{number:06d}" if isinstance(number, int) else number
        told = {"source_id": POLICE, "dv_flag": True, "record_status": "nieuw", "incident_municipality_code": "GM0118"}
        told |= {"incident_number": number, "reported_at": moment(reported)} | values
        self.tables["police_incident"].append(told)
        for seq, person in enumerate(people, 1):
            row = self._mention(person, "slachtoffer", told["source_id"], "incident", number, seq, told["reported_at"])
            row |= {"chain": "police"}
            told_postcode = row.pop("told_postcode", row.get("postcode"))
            self.tables["police_person"].append(
                {"source_id": told["source_id"], "incident_number": number, "person_seq": seq, "bsn_status": "absent"}
                | {"role": row["role"], "postcode": told_postcode, "secret_address": False}
            )
        return self

    def care(self, number: int | str, care_report_number: str) -> World:
        """Add a care report of the police."""
        number = f"PL0100-2025{number:06d}" if isinstance(number, int) else number
        row = {"source_id": POLICE, "incident_number": number, "care_report_number": care_report_number}
        self.tables["care_report"].append(row)
        return self

    def report(
        self, report_id: str, received: str, *people: str | Values, case: str | None = None, **values: Any
    ) -> World:
        """Add a report; its people are those of its case, and stand there once."""
        case_id = case or f"C-{report_id}"
        told = {
            "source_id": STEUNPUNT,
            "contact_type": "melding",
            "record_status": "nieuw",
            "municipality_code": "GM0118",
        }
        told |= {"reporter_category": "politie", "report_id": report_id, "case_id": case_id}
        told |= {"received_at": moment(received)} | values
        told["closed_at"] = moment(told["closed_at"]) if told.get("closed_at") else None
        self.tables["steunpunt_report"].append(told)
        for seq, person in enumerate(people, 1):
            row = self._mention(person, "slachtoffer", told["source_id"], "case", case_id, seq, told["received_at"])
            row |= {"chain": "steunpunt"}
            self.tables["steunpunt_person"].append(
                {"source_id": told["source_id"], "case_id": case_id, "person_seq": seq, "bsn_status": "absent"}
                | {"secret_address": False, "member_from": row.pop("member_from", None)}
                | {"member_to": row.pop("member_to", None)}
            )
        return self

    def maybe(self, one: str, other: str, probability: float = 0.7) -> World:
        """Let two people possibly be one."""
        self.possible.append((*sorted((one, other)), probability))  # type: ignore[arg-type]
        return self

    def _mention(
        self, person: str | Values, role: str, source: str, kind: str, record: str, seq: int, at: str
    ) -> Values:
        told = dict(person) if isinstance(person, dict) else {"name": person}
        name, _, given_role = told.pop("name").partition(":")
        born = told.pop("born", self.born.get(name, birthday(name)))
        self.born[name] = born
        row = {"role": given_role or role, "surname": surname(name), "source_id": source, "record_kind": kind}
        row |= {"record_id": record, "person_seq": seq, "event_date": at[:10]}
        if born and len(born) == 4:
            row |= {"birth_earliest": f"{born}-01-01", "birth_latest": f"{born}-12-31", "birth_precision": "year"}
            row |= {"birth_year": int(born)}
        elif born:
            row |= {"birth_date": born}
        row = mention(**{column: value for column, value in (row | told).items() if value is not None})
        self.mentions.append(row)
        self.people.append(name)
        return row

    def load(self) -> World:
        """Write all tables that intake and the linkage leave, with the numbers that mentions have for good."""
        for name, rows in self.tables.items():
            fill(self.db, name, rows)
        order = sorted(range(len(self.mentions)), key=lambda i: tuple(str(self.mentions[i][k]) for k in KEY))
        mention_table(self.db, [self.mentions[i] for i in order])
        people = pd.DataFrame({"number": range(len(order)), "person_id": [f"p-{self.people[i]}" for i in order]})
        self.db.register("person_of", people.astype({"number": "int32", "person_id": "object"}))
        self.db.run(
            f"CREATE OR REPLACE TABLE mention_person AS SELECT {MENTION_ID} AS mention_id, person_id "
            "FROM mention JOIN person_of ON number = mention_id"
        )
        self.db.run(f"UPDATE mention SET mention_id = {MENTION_ID}, record_no = {RECORD_NO}")
        self.db.run(
            "CREATE OR REPLACE TABLE person_base AS SELECT person_id, any_value(sex) AS sex, "
            "max(birth_earliest) AS birth_earliest, min(birth_latest) AS birth_latest, "
            "CAST(min(birth_year) AS SMALLINT) AS birth_year, CAST(count(*) AS INTEGER) AS mentions, "
            f"min(surname) FILTER ({IS_STAY}) AS address_surname "
            "FROM mention JOIN mention_person USING (mention_id) GROUP BY person_id"
        )
        if not self.db.has("pair"):
            self.db.run(contracts.table("pair").ddl())
        rows = [{"person_id_a": f"p-{a}", "person_id_b": f"p-{b}", "match_probability": p} for a, b, p in self.possible]
        fill(self.db, "possible_person_link", rows)
        return self

    def households(self, run_id: str = "run-1") -> World:
        """Write all tables up to the households."""
        self.load()
        household.build(self.db, self.config, run_id=run_id, mint=mint, listed=self.listed)
        return self

    def reconcile(self, as_of: date = AS_OF) -> World:
        """Write all tables of the case view that the casebook makes."""
        self.households()
        write_bands(self.db, PERSONS)
        casebook.build(self.db, self.config, as_of=as_of, progress=lambda _: None)
        return self

    def statuses(self) -> dict[str, str]:
        """Return the status of each incident by the last digits of its number."""
        return {short(n): s for n, s in self.db.rows("SELECT incident_number, status FROM incident_status")}

    def status(self, number: int = 1) -> tuple[Any, ...]:
        """Return status, cause, report and delay of one incident."""
        return self.db.rows(
            "SELECT status, cause, report_id, delay_days FROM incident_status WHERE incident_number LIKE ?",
            [f"%{number:06d}"],
        )[0]

    def links(self) -> set[tuple[str, str, str]]:
        """Return incident, report and class of every link."""
        rows = self.db.rows("SELECT incident_number, report_id, link_class FROM incident_link")
        return {(short(number), report, kind) for number, report, kind in rows}

    def groups(self) -> set[frozenset[str]]:
        """Return the households as sets of names."""
        found: dict[str, set[str]] = {}
        for household_id, person_id in self.db.rows("SELECT household_id, person_id FROM household_member"):
            found.setdefault(household_id, set()).add(person_id.removeprefix("p-"))
        return {frozenset(names) for names in found.values()}


KEY = ("source_id", "record_kind", "record_id", "person_seq")


def birthday(name: str) -> str:
    """Return a birth date of an adult, another one for nearly every name."""
    return f"{date.fromordinal(date(1940, 1, 1).toordinal() + crc32(name.encode()) % 21_000):%Y%m%d}"


def surname(name: str) -> str:
    """Return a surname that looks like no other."""
    return "".join("bcdfghjklmnprstv"[int(digit, 16)] for digit in f"{crc32(name.encode()):08x}")


def short(number: str) -> str:
    """Return the last digits of an incident number without leading zeros."""
    return number[-6:].lstrip("0")


def moment(text: str) -> str:
    """Return a moment; a day alone is noon."""
    return text if len(text) > 10 else f"{text} 12:00:00"


def mint(kind: str, founding: str) -> str:
    """Mint an id that a reader of a failing test can trace."""
    return f"{kind[0]}-{founding}"


def fill(db: DuckDBEngine, name: str, rows: list[Values]) -> None:
    """Write a declared table from rows that give some of its columns."""
    declared = contracts.table(name)
    fillers = {"INTEGER": 0, "BIGINT": 0, "VARCHAR": "-", "BOOLEAN": False}
    table = [
        {c.name: row.get(c.name, fillers.get(c.type) if c.required else None) for c in declared.columns} for row in rows
    ]
    db.run(declared.ddl())
    if not table:
        return
    db.connection.register("_rows", pd.DataFrame(table, dtype=object))
    casts = ", ".join(f'CAST("{c.name}" AS {c.type}) AS "{c.name}"' for c in declared.columns)
    db.run(f'INSERT INTO "{name}" BY NAME SELECT {casts} FROM _rows')
    db.connection.unregister("_rows")
