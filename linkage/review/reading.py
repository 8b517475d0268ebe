"""What a reviewer reads of a mention: the words as delivered, without an address that must stay closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linkage.engine.base import Engine


@dataclass(frozen=True)
class Mention:
    """One person as named on one record. ``address`` is None where none was given, ``birth`` is as delivered."""

    mention_id: int
    source_id: str
    record_kind: str
    record_id: str
    person_seq: int
    record_no: int
    person_id: str
    role: str | None
    relation: str | None
    surname: str
    partner: str
    given_names: str
    call_name: str
    initials: str
    sex: str | None
    birth: str
    birth_country: str
    source_person_id: str | None
    bsn_status: str
    age: int | None
    is_child: bool | None
    address: str | None
    address_type: str | None
    is_protected: bool
    """The address may be shown to nobody, or to nobody without a stated reason."""
    household_id: str | None
    has_phone: bool

    @property
    def name(self) -> str:
        """Return a name to point with: the call name or given names, and the surname."""
        return " ".join(part for part in (self.call_name or self.given_names or self.initials, self.surname) if part)


@dataclass(frozen=True)
class Record:
    """The record on which somebody is named."""

    record_no: int
    source_id: str
    record_kind: str
    record_id: str
    happened_on: date | None
    about: str | None
    status: str | None
    municipality_code: str | None
    delivery_id: str | None


def mentions(db: Engine, where: str, values: list[object]) -> list[Mention]:
    """Return mentions by a condition on ``m`` (mention) and ``mp`` (mention_person), in the order of their records."""
    return [_mention(dict(zip(_NAMES, row, strict=True))) for row in db.rows(_MENTIONS.format(where=where), values)]


def mention(db: Engine, mention_id: int) -> Mention | None:
    """Return a mention, None when the night has none of that number."""
    return next(iter(mentions(db, "m.mention_id = ?", [mention_id])), None) if _is_id(mention_id) else None


def record(db: Engine, record_no: int) -> Record | None:
    """Return a record, None when the night has none of that number."""
    found = db.rows(_RECORD, [record_no]) if _is_id(record_no) else []
    return Record(*found[0]) if found else None


def protected_persons(db: Engine, persons: list[str]) -> bool:
    """Tell whether the address of one of these persons, or of somebody of their households, must stay closed.

    One record may say that an address is secret and another, about the same home, forget to: so it is closed for all.
    """
    return bool(db.rows(_PROTECTED, [persons]))


def _is_id(number: int) -> bool:
    """Tell whether a number of an address fits the column that it is looked up in."""
    return 0 <= number < 2**63


def _mention(row: dict[str, Any]) -> Mention:
    number = " ".join(p for p in (row.pop("house_number"), row.pop("house_letter"), row.pop("addition")) if p)
    street = " ".join(p for p in (row.pop("street"), number) if p)
    town = " ".join(p for p in (row.pop("postcode"), row.pop("city")) if p)
    return Mention(
        **row
        | {
            "surname": " ".join(p for p in (row.pop("surname_prefix"), row["surname"]) if p),
            "partner": " ".join(p for p in (row.pop("partner_prefix"), row.pop("partner_surname")) if p),
            "given_names": row["given_names"] or "",
            "call_name": row["call_name"] or "",
            "initials": row["initials"] or "",
            "birth_country": row["birth_country"] or "",
            "birth": row.pop("birth_date_raw") or "",
            "address": ", ".join(p for p in (street, town) if p) or None,
        }
    )


_AS_DELIVERED = (
    "surname", "surname_prefix", "partner_surname", "partner_prefix", "initials", "given_names", "call_name", "sex",
    "birth_date_raw", "birth_country", "bsn_status", "street", "house_number", "house_letter", "addition", "postcode",
    "city", "address_type",
)  # fmt: skip
_NAMES = (
    "mention_id", "source_id", "record_kind", "record_id", "person_seq", "record_no", "person_id", "role", "relation",
    "source_person_id", "age", "is_child", "household_id", "is_protected", "has_phone", *_AS_DELIVERED,
)  # fmt: skip

# Whoever is asked for comes first: a left join by itself reads every row of the records that it joins.
_MENTIONS = f"""
WITH asked AS MATERIALIZED (
    SELECT m.*, mp.person_id FROM mention m JOIN mention_person mp USING (mention_id) WHERE {{where}}
),
named AS (FROM involvement WHERE record_id IN (SELECT record_id FROM asked)),
police AS (FROM police_person WHERE incident_number IN (SELECT record_id FROM asked)),
steunpunt AS (FROM steunpunt_person WHERE case_id IN (SELECT record_id FROM asked))
SELECT m.mention_id, m.source_id, m.record_kind, m.record_id, m.person_seq, m.record_no, m.person_id,
       coalesce(v.role, m.role), coalesce(p.relation_to_suspect, s.relation_code), m.source_person_id, v.age_at_event,
       v.is_child, v.household_id,
       m.address_is_secret OR coalesce(m.address_type IN ('opvang', 'verblijf', 'brief'), false),
       m.phone_hmac IS NOT NULL, {", ".join(f"coalesce(p.{c}, s.{c})" for c in _AS_DELIVERED)}
FROM asked m
LEFT JOIN named v USING (source_id, record_kind, record_id, person_seq)
LEFT JOIN police p ON m.record_kind = 'incident' AND p.source_id = m.source_id
    AND p.incident_number = m.record_id AND p.person_seq = m.person_seq
LEFT JOIN steunpunt s ON m.record_kind = 'case' AND s.source_id = m.source_id
    AND s.case_id = m.record_id AND s.person_seq = m.person_seq
ORDER BY m.event_date, m.source_id, m.record_kind, m.record_id, m.person_seq
"""

_RECORD = """
WITH asked AS MATERIALIZED (FROM mention WHERE record_no = ? ORDER BY mention_id LIMIT 1)
SELECT m.record_no, m.source_id, m.record_kind, m.record_id, m.event_date,
       coalesce(i.mk_description, i.mk_code, array_to_string(r.nature_of_violence, ', ')), s.status,
       m.municipality_code, coalesce(i.delivery_id, r.delivery_id)
FROM asked m
LEFT JOIN (FROM police_incident WHERE incident_number IN (SELECT record_id FROM asked)) i
    ON m.record_kind = 'incident' AND i.source_id = m.source_id AND i.incident_number = m.record_id
LEFT JOIN (FROM incident_status WHERE incident_number IN (SELECT record_id FROM asked)) s
    ON m.record_kind = 'incident' AND s.source_id = m.source_id AND s.incident_number = m.record_id
LEFT JOIN (SELECT source_id, case_id, min_by(nature_of_violence, received_at) AS nature_of_violence,
                  max_by(delivery_id, received_at) AS delivery_id
           FROM steunpunt_report WHERE case_id IN (SELECT record_id FROM asked) GROUP BY ALL) r
    ON m.record_kind = 'case' AND r.source_id = m.source_id AND r.case_id = m.record_id
"""

_PROTECTED = """
WITH asked AS (SELECT unnest(?) AS person_id), homes AS (
    SELECT household_id FROM household_member SEMI JOIN asked USING (person_id)
), near AS (
    SELECT person_id FROM asked UNION SELECT person_id FROM household_member SEMI JOIN homes USING (household_id)
)
SELECT 1 FROM mention JOIN mention_person USING (mention_id) SEMI JOIN near USING (person_id)
WHERE address_is_secret OR address_type IN ('opvang', 'verblijf', 'brief') LIMIT 1
"""
