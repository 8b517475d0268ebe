"""Persons to households: the people who live or lived in family ties.

A household is relation and time; an address is only evidence (privacy regulations of Veilig Thuis).
Adults are joined by records, then by addresses; children never join two households, they belong to the
household of each record that names them. `EVIDENCE` and `GROUPS` are the method.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from linkage import basis, components
from linkage.config import Config
from linkage.engine.base import Engine
from linkage.entities import (
    household_addresses,
    household_components,
    household_edges,
    household_ids,
    household_members,
    moved_families,
    touched,
)

Step = Callable[[Engine, Config], None]

EVIDENCE: tuple[Step, ...] = (
    household_edges.standings,
    household_addresses.stays,
    household_addresses.protect,
    household_edges.record_edges,
    household_edges.address_edges,
)
GROUPS: tuple[Step, ...] = (
    household_components.join_adults,
    household_components.place_records,
    household_components.place_children,
)

STAGE = "households"
KEPT = ("mention_household", "record_household", "known_household", "household_id_history", "household_member",
        "household", "household_component", household_addresses.KEPT)  # fmt: skip
"""Tables of the night before without which all households are made anew."""
WORK = (
    *touched.WORK,
    *household_addresses.WORK,
    "hh_mention",
    "hh_edge",
    "hh_group",
    "hh_record",
    "hh_loose",
    "hh_mention_group",
    "hh_group_id",
    "hh_told",
    "hh_here",
    "hh_home",
    "hh_joined",
    "hh_counted",
    "hh_tied",
    "placed_household",
    "was_household",
    "returned_household",
)
"""Tables of this stage that nobody else reads; dropped at its end."""


Listed = Sequence[tuple[str, int | None, str]]
"""Postcode, house number or none, suffix or nothing: addresses that are known to be no family's."""


def build(db: Engine, config: Config, *, run_id: str, mint: Callable[[str, str], str], listed: Listed = ()) -> None:
    """Write ``household``, ``household_member``, ``record_household``, ``mention_household`` and the history of ids.

    Keeps ``household_component`` and ``protected_address`` for the next night. Reads ``mention``, ``mention_person``,
    ``person_base``, ``police_incident``, ``steunpunt_report``, ``steunpunt_person`` and, for stable ids, what the night
    before left. Where it is told what changed since (`touched.OF_TONIGHT`), all of these
    are brought up to date for the families that this concerns; they are left in ``touched_household``, as they were and
    as they are.
    """
    household_addresses.listed(db, listed)
    found = basis.fingerprint(db, _code(), config.households, sorted(listed, key=str))
    only_touched = basis.holds(db, STAGE, found, KEPT) and touched.find(db, config)
    basis.forget(db, STAGE)
    for name in ("touched_household", "moved_mention"):
        db.run(f"DROP TABLE IF EXISTS {name}")
    _find_evidence(db, config, only_touched=only_touched)
    for step in GROUPS:
        step(db, config)
    household_ids.keep_ids(db, run_id=run_id, mint=mint, only_touched=only_touched)
    household_components.tie(db, only_touched=only_touched)
    household_members.describe(db, only_touched=only_touched)
    if only_touched:
        moved_families.tell(db)
    basis.keep(db, STAGE, found)
    for name in WORK:
        db.run(f"DROP TABLE IF EXISTS {name}")


def _find_evidence(db: Engine, config: Config, *, only_touched: bool) -> None:
    """Write ``hh_mention``, ``hh_stay`` and ``hh_edge``, of all or of the touched families.

    Of these it was told before which addresses are protected.
    """
    with db.shown(touched.SHOWN if only_touched else {}):
        for step in EVIDENCE:
            if not only_touched or step is not household_addresses.protect:
                step(db, config)


@cache
def _code() -> str:
    names = ("household_addresses", "household_components", "household_edges", "household_ids", "household_members",
             "ids", "touched")  # fmt: skip
    here = Path(__file__)
    return basis.code(here, Path(components.__file__), *(here.with_name(f"{name}.py") for name in names))
