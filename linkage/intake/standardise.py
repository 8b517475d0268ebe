"""Persons of current records to mentions: each distinct value is standardised once and joined back.

Python sees distinct names, dates and addresses only; the rows themselves stay in the database. A row that is what it
was the night before keeps its mention, and a mention has one number for good, which follows from its key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from linkage import basis, contracts
from linkage.config import Config
from linkage.engine.base import Engine
from linkage.intake import common, touch
from linkage.intake.text import address, dates, given, surname
from linkage.intake.text.fold import words
from linkage.numbers import MENTION_ID, RECORD_NO

Progress = Callable[[str], None]

PERSON = """
SELECT p.source_id, {chain} AS chain, {kind} AS record_kind, p.{record} AS record_id, p.person_seq, p.{role} AS role,
       p.{relation} AS relation, p.{number} AS source_person_id, p.sex, coalesce(p.surname, '') AS raw_surname,
       coalesce(p.surname_prefix, '') AS raw_prefix, coalesce(p.partner_surname, '') AS raw_partner,
       coalesce(p.name_use, '') AS raw_name_use,
       coalesce(p.initials, '') AS raw_initials, coalesce(p.given_names, '') AS raw_given,
       coalesce(p.call_name, '') AS raw_call, coalesce(p.birth_date_raw, '') AS raw_birth,
       coalesce(p.birth_country, '') AS raw_country, p.bsn_hmac, p.v_number_hmac, {phone} AS phone_hmac,
       coalesce(p.street, '') AS raw_street, coalesce(CAST(p.house_number AS VARCHAR), '') AS raw_number,
       coalesce(p.house_letter, '') AS raw_letter, coalesce(p.addition, '') AS raw_addition,
       coalesce(p.postcode, '') AS raw_postcode, coalesce(p.city, '') AS raw_city,
       p.municipality_code AS address_municipality_code, p.address_type, coalesce(p.secret_address, false) AS is_secret,
       r.event_date, r.municipality_code
FROM {table} p LEFT JOIN {event} r ON r.source_id = p.source_id AND r.record_id = p.{record}
"""
INCIDENT = """(SELECT source_id, incident_number AS record_id, CAST(reported_at AS DATE) AS event_date,
    incident_municipality_code AS municipality_code FROM police_incident WHERE true {only})"""
CASE = """(SELECT source_id, case_id AS record_id, CAST(min(received_at) AS DATE) AS event_date,
    arg_min(municipality_code, received_at) AS municipality_code
    FROM steunpunt_report WHERE case_id IS NOT NULL AND record_status IS DISTINCT FROM 'ingetrokken' {only}
    GROUP BY source_id, case_id)"""
OLDEST = 115
"""Years of age above which a birth date is an error."""

GROUPS: dict[str, tuple[str, ...]] = {
    "surname": ("raw_surname", "raw_prefix", "raw_partner", "raw_name_use", "has_given"),
    "given": ("raw_given", "raw_call", "raw_initials"),
    "birth": ("raw_birth", "raw_country"),
    "address": ("raw_street", "raw_number", "raw_letter", "raw_addition", "raw_postcode", "raw_city"),
}
"""Columns that are standardised together."""


KEY = "source_id, record_kind, record_id, person_seq"
STAGE = "mentions"


def standardise(db: Engine, config: Config, progress: Progress, *, from_scratch: bool = False) -> None:
    """Bring ``mention`` up to the persons of the current records; what is as it was the night before stays.

    Writes ``fresh_mention`` (mention_id: new, or saying something else than before), ``gone_mention``, and
    ``was_mention``, what these said before; ``recoded_mention`` are the fresh ones, and others whose row changed. With
    ``from_scratch`` all are standardised again, and all are fresh.
    """
    found = basis.fingerprint(db, _version())
    is_kept = not from_scratch and basis.holds(db, STAGE, found, ("mention", "common_identifier"))
    basis.forget(db, STAGE)
    if not is_kept:
        db.run(contracts.table("mention").ddl())
        common.forget(db)
    only_touched = is_kept and db.has(touch.renewed("police_person"))
    _gather(db, only_touched=only_touched)
    _set_apart(db, only_touched=only_touched)
    for group, columns in GROUPS.items():
        listed = ", ".join(columns)
        distinct = db.frame(f"SELECT DISTINCT {listed} FROM fresh_row ORDER BY ALL")
        progress(f"{len(distinct)} different {group} values")
        made = pd.DataFrame(_MAKERS[group](distinct), columns=_COLUMNS[group], dtype=object)
        if made.empty:  # of no values the engine would guess the type
            made = made.astype("string[python]")
        db.register(f"standard_{group}", pd.concat([distinct, made], axis=1))
    _write(db)
    common.drop(db, MENTION_ID, "SELECT mention_id FROM fresh_row", config.linkage.common_value_cap)
    _tell(db)
    basis.keep(db, STAGE, found)
    for name in ("person_row", "fresh_row", *(f"standard_{g}" for g in GROUPS)):
        db.run(f"DROP TABLE {name}")
    touch.drop_renewed(db)


def _gather(db: Engine, *, only_touched: bool) -> None:
    """Write ``person_row``: the persons of both chains with their raw fields, blank for nothing.

    With ``only_touched`` these are the persons of touched records, all of which were written tonight.
    """

    def told(table: str, record: str, event: str, **columns: str) -> str:
        rows = touch.renewed(table) if only_touched else table
        only = f"AND {record} IN (SELECT {record} FROM {rows})" if only_touched else ""
        return PERSON.format(table=rows, record=record, event=event.format(only=only), **columns)

    police = told(
        "police_person", "incident_number", INCIDENT, chain="'police'", kind="'incident'", role="role",
        relation="relation_to_suspect", number="source_person_id", phone="p.phone_hmac",
    )  # fmt: skip
    steunpunt = told(
        "steunpunt_person", "case_id", CASE, chain="'steunpunt'", kind="'case'", role="role_in_household",
        relation="relation_code", number="client_id", phone="CAST(NULL AS VARCHAR)",
    )  # fmt: skip
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE person_row AS
        SELECT *, raw_given <> '' OR raw_call <> '' OR raw_initials <> '' AS has_given, hash(told, ?) AS row_hash,
               {MENTION_ID} AS mention_id, {RECORD_NO} AS record_no
        FROM ({police} UNION ALL {steunpunt}) told
        """,
        [_version()],
    )


@cache
def _version() -> str:
    """Return a hash of the code that standardises: another version does not keep what this one made."""
    here = Path(__file__)
    texts = sorted(path for path in (here.parent / "text").rglob("*") if path.suffix in (".py", ".toml"))
    return basis.code(here, here.with_name("common.py"), *texts)


def _set_apart(db: Engine, *, only_touched: bool) -> None:
    """Write ``fresh_row``, the rows that are not what they were, and move what they were to ``was_mention``."""
    touched = f"WHERE record_no IN (SELECT {RECORD_NO} FROM touched_record)" if only_touched else ""
    db.run(
        f"CREATE OR REPLACE TEMP TABLE known_row AS SELECT rowid AS place, mention_id, row_hash FROM mention {touched}"
    )
    db.run("CREATE OR REPLACE TEMP TABLE fresh_row AS FROM person_row ANTI JOIN known_row USING (mention_id, row_hash)")
    db.run("CREATE OR REPLACE TEMP TABLE old_row AS FROM known_row ANTI JOIN person_row USING (mention_id, row_hash)")
    db.run("CREATE OR REPLACE TEMP TABLE was_mention AS FROM mention WHERE rowid IN (SELECT place FROM old_row)")
    db.run("DELETE FROM mention WHERE rowid IN (SELECT place FROM old_row)")
    for name in ("known_row", "old_row"):
        db.run(f"DROP TABLE {name}")


def _surnames(distinct: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    for row in distinct.itertuples(index=False):
        s = surname.parse(*row)
        yield s.surname, s.surname_2, s.prefix, s.joined, s.sound, s.sound_2, s.is_chain, " ".join(s.tokens)


def _givens(distinct: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    for row in distinct.itertuples(index=False):
        g = given.parse(*row)
        yield g.given_names, g.given_name, g.call_name, " ".join(g.variants), g.initials


def _births(distinct: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    for raw, country in distinct.itertuples(index=False):
        folded = words(country)
        earliest, latest, precision = dates.parse(raw, dates.is_abroad(folded))
        yield earliest and earliest.isoformat(), latest and latest.isoformat(), precision, folded


def _addresses(distinct: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    for row in distinct.itertuples(index=False):
        yield tuple(address.parse(*row))


_MAKERS: dict[str, Callable[[pd.DataFrame], Iterator[tuple[Any, ...]]]] = {
    "surname": _surnames,
    "given": _givens,
    "birth": _births,
    "address": _addresses,
}
_COLUMNS = {
    "surname": [
        "surname",
        "surname_2",
        "surname_prefix",
        "surname_joined",
        "surname_sound",
        "surname_2_sound",
        "is_name_chain",
        "tokens",
    ],
    "given": ["given_names", "given_name", "call_name", "variants", "initials"],
    "birth": ["earliest", "latest", "precision", "birth_country"],
    "address": ["postcode", "house_number", "house_suffix", "street", "city"],
}
_NOT_TEXT = ("is_name_chain", "tokens", "variants", "earliest", "latest", "precision", "house_number")


def _write(db: Engine) -> None:
    """Join the standardised values back."""
    joins = "\n".join(
        f"JOIN standard_{g} ON " + " AND ".join(f"standard_{g}.{c} = p.{c}" for c in columns)
        for g, columns in GROUPS.items()
    )
    texts = [c for columns in _COLUMNS.values() for c in columns if c not in _NOT_TEXT]
    blank = ", ".join(f"nullif({c}, '') AS {c}" for c in texts)
    db.run(
        f"""
        INSERT INTO mention BY NAME
        WITH joined AS (
            SELECT mention_id, record_no, row_hash, p.source_id, chain, record_kind, record_id, person_seq, event_date,
                   municipality_code, role,
                   nullif(lower(trim(relation)), '') AS relation, nullif(source_person_id, '') AS source_person_id,
                   CASE WHEN sex IN ('M', 'V', 'X') THEN sex END AS sex, {blank},
                   CAST(is_name_chain AS BOOLEAN) AS is_name_chain, CAST(house_number AS INTEGER) AS house_number,
                   list_sort(list_distinct(list_filter(
                       string_split(concat_ws(' ', tokens, given_names, call_name), ' '),
                       lambda word: word <> ''))) AS name_tokens,
                   list_filter(string_split(variants, ' '), lambda name: name <> '') AS given_variants,
                   CAST(earliest AS DATE) AS earliest, CAST(latest AS DATE) AS latest, precision,
                   bsn_hmac, v_number_hmac, phone_hmac, address_municipality_code, address_type,
                   is_secret OR coalesce(address_type, '') IN ('brief', 'opvang') AS address_is_secret,
                   precision <> 'none' AND (event_date IS NULL OR
                       (CAST(earliest AS DATE) <= event_date
                        AND date_diff('year', CAST(latest AS DATE), event_date) <= {OLDEST})) AS is_born
            FROM fresh_row p {joins}
        )
        SELECT * EXCLUDE (earliest, latest, precision, is_born),
               CASE WHEN is_born THEN earliest END AS birth_earliest,
               CASE WHEN is_born THEN latest END AS birth_latest,
               CASE WHEN is_born THEN precision ELSE 'none' END AS birth_precision,
               CASE WHEN is_born AND precision = 'day' THEN strftime(earliest, '%Y%m%d') END AS birth_date,
               CASE WHEN is_born THEN CAST(year(earliest) AS SMALLINT) END AS birth_year
        FROM joined
        """
    )


def _tell(db: Engine) -> None:
    """Write ``fresh_mention`` and ``gone_mention``; a row that changed may still say what it said."""
    said = ", ".join(c.name for c in contracts.table("mention").columns if c.name != "row_hash")
    db.run("INSERT INTO recoded_mention SELECT mention_id FROM fresh_row")
    # What was written tonight stands together, and the rest of the table is not read.
    [(first,)] = db.rows("SELECT min(rowid) FROM mention SEMI JOIN recoded_mention USING (mention_id)")
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE fresh_mention AS
        SELECT mention_id FROM (
            SELECT mention_id, hash({said}) AS said FROM mention
            WHERE rowid >= {first or 0} AND mention_id IN (FROM recoded_mention)
        ) ANTI JOIN (SELECT mention_id, hash({said}) AS said FROM was_mention) USING (mention_id, said)
        """
    )
    db.run(
        "CREATE OR REPLACE TEMP TABLE gone_mention AS SELECT mention_id FROM was_mention "
        "ANTI JOIN mention USING (mention_id)"
    )
    moved = "SELECT mention_id FROM fresh_mention UNION ALL SELECT mention_id FROM gone_mention"
    db.run(f"DELETE FROM was_mention WHERE mention_id NOT IN ({moved})")
