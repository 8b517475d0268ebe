"""Persons to households: the people who live or lived in family ties.

A household is relation and time; an address is only evidence (privacy regulations of Veilig Thuis).
Adults are joined by records, then by addresses; children never join two households, they belong to the
household of each record that names them. `STEPS` is the method.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from linkage.config import Config
from linkage.engine.base import Engine
from linkage.entities import household_components, household_edges, household_ids, household_members

Step = Callable[[Engine, Config], None]

STEPS: tuple[Step, ...] = (
    household_edges.standings,
    household_edges.record_edges,
    household_edges.protected_addresses,
    household_edges.address_edges,
    household_components.join_adults,
    household_components.place_records,
    household_components.place_children,
)

WORK = (
    "hh_mention",
    "hh_edge",
    "hh_stay",
    "hh_listed",
    "hh_protected",
    "hh_group",
    "hh_record",
    "hh_loose",
    "hh_mention_group",
    "hh_group_id",
    "hh_told",
    "hh_here",
    "hh_home",
    "hh_joined",
)
"""Tables of this stage that nobody else reads; dropped at its end."""


Listed = Sequence[tuple[str, int | None, str]]
"""Postcode, house number or none, suffix or nothing: addresses that are known to be no family's."""


def build(db: Engine, config: Config, *, run_id: str, mint: Callable[[str, str], str], listed: Listed = ()) -> None:
    """Write ``household``, ``household_member``, ``record_household``, ``mention_household`` and the history of ids.

    Reads ``mention``, ``mention_person``, ``person_base``, ``police_incident``, ``police_person``,
    ``steunpunt_person`` and, for stable ids, the ``known_household`` of the night before.
    """
    household_edges.listed_addresses(db, listed)
    for step in STEPS:
        step(db, config)
    household_ids.keep_ids(db, run_id=run_id, mint=mint)
    household_members.describe(db, config)
    for name in WORK:
        db.run(f"DROP TABLE IF EXISTS {name}")
