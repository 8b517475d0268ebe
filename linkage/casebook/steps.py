"""The method of the casebook, in order: a name is a query in ``views/``, a function is a step that SQL cannot do."""

from __future__ import annotations

from collections.abc import Callable

from linkage.casebook.duplicates import find_duplicates
from linkage.casebook.gap import take_apart
from linkage.casebook.references import read_references
from linkage.casebook.sql import Night
from linkage.casebook.weigh import weigh
from linkage.engine.base import Engine

STEPS: tuple[str | Callable[[Engine, Night], None], ...] = (
    "cb_incident",  # incidents with their household, their address and what excludes them
    "cb_report",  # reports that may answer an incident
    "cb_twin",  # incidents of one place, person and night
    find_duplicates,  # … of which the earliest stays
    "cb_standing",  # the incidents that count, with the reason why others do not
    read_references,  # numbers in the references of reports, repaired
    "cb_named",  # incidents that a report names
    "cb_shared",  # incidents and reports with a person in common
    "cb_candidate",  # incidents that a report may answer, through persons, household or a possible person
    "cb_edge",  # … with what the likelihood of that rests on
    "cb_exposure",  # where reports about something else would stand
    weigh,  # how likely each is, weighed together with all others of the family
    "cb_answer",  # the one that each report answers: named, or else the latest
    "cb_link",  # … with its class
    "cb_open",  # incidents during an open case of the household
    "cb_chosen",  # the report that answers each incident
    "cb_status",  # the first rule that applies
    "cb_hint",  # what explains that an incident stayed unmatched
    take_apart,  # the gap as an estimate, and what the difference of two totals is made of
)

VIEWS: tuple[str, ...] = (
    "incident_link",
    "link_candidate",
    "incident_status",
    "incident",
    "case_report",
    "involvement",
    "person",
    "unified_case",
    "case_timeline",
    "gap",
)
"""Published tables, in the order in which they are written."""

LASTING: tuple[str, ...] = ("person", "involvement")
"""Published tables of which a row rests on its own family alone, in the order in which their rows can be told apart."""

WORK = (*(step for step in STEPS if isinstance(step, str)), "cb_duplicate", "cb_reference", "cb_about")
