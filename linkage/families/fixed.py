"""Tags, terms and recipients as ``schemas/`` has them, written as tables for the queries that use them."""

from __future__ import annotations

from typing import Any

from linkage import contracts
from linkage.definitions import family
from linkage.engine.base import Engine

CODED = ("nature_of_violence", "additional_info", "mk_code", "dv_form")
"""Evidence of a tag that is a list of codes; the others are numbers."""
TABLES = ("fm_tag", "fm_tag_code", "fm_term", "fm_recipient", "fm_unpromised")


def write(db: Engine) -> None:
    """Write the tables that `TABLES` names."""
    _write_tags(db)
    _write_terms(db)
    _write_recipients(db)
    _write_unpromised(db)


def _write_tags(db: Engine) -> None:
    """``fm_tag`` has the ages and numbers of each tag, ``fm_tag_code`` its codes."""
    db.run(
        "CREATE OR REPLACE TEMP TABLE fm_tag "
        "(tag VARCHAR, victim_from_age INTEGER, relations VARCHAR[], child_reports INTEGER)"
    )
    db.run("CREATE OR REPLACE TEMP TABLE fm_tag_code (tag VARCHAR, evidence VARCHAR, code VARCHAR)")
    for tag, spec in family()["tags"].items():
        relations = [str(relation).casefold() for relation in spec.get("relations", ())]
        db.insert("fm_tag", [(tag, spec.get("victim_from_age"), relations, spec.get("child_reports"))])
        db.insert("fm_tag_code", [(tag, name, code) for name in CODED for code in spec.get(name, ())])


def _write_terms(db: Engine) -> None:
    db.run(
        "CREATE OR REPLACE TEMP TABLE fm_term (term VARCHAR, starts VARCHAR, ends VARCHAR, days INTEGER, "
        "is_in_working_days BOOLEAN, is_extendable BOOLEAN)"
    )
    rows = [
        (
            term,
            spec["starts"],
            spec["ends"],
            spec["working_days"] if "working_days" in spec else 7 * spec["weeks"],
            "working_days" in spec,
            spec.get("extendable", False),
        )
        for term, spec in family()["terms"].items()
    ]
    db.insert("fm_term", rows)


def _write_recipients(db: Engine) -> None:
    known = contracts.codes("transfer_recipient")
    db.run("CREATE OR REPLACE TEMP TABLE fm_recipient (spelling VARCHAR, code VARCHAR)")
    db.insert("fm_recipient", [*((code, code) for code in known.codes), *known.fixes.items()])


def _write_unpromised(db: Engine) -> None:
    """``fm_unpromised``: fields that a source's profile does not hold, so that their absence says nothing."""
    db.run("CREATE OR REPLACE TEMP TABLE fm_unpromised (source_id VARCHAR, field VARCHAR)")
    if not db.has("delivery"):
        return
    accepted = "SELECT DISTINCT source_id, profile FROM delivery WHERE status = 'accepted' AND profile IS NOT NULL"
    promised: dict[str, set[str]] = {}
    for source, profile in db.rows(accepted):
        promised.setdefault(str(source), set()).update(_fields(contracts.profile(str(profile))))
    asked = {spec["ends"] for spec in family()["terms"].values()}
    rows = [(source, field) for source, has in sorted(promised.items()) for field in sorted(asked - has)]
    db.insert("fm_unpromised", rows)


def _fields(profile: dict[str, Any]) -> set[str]:
    columns = [column for file in profile["files"].values() for column in file["columns"].values()]
    return {name for c in columns for name in ([c["to"]] if isinstance(c["to"], str) else c["to"])}
