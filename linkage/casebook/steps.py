"""The method of the casebook, in order: a name is a query in ``views/``, a function is a step that SQL cannot do."""

from __future__ import annotations

from collections.abc import Callable

from linkage.casebook.duplicates import find_duplicates
from linkage.casebook.gap import take_apart
from linkage.casebook.hints import explain
from linkage.casebook.judge import choose
from linkage.casebook.references import read_references
from linkage.casebook.sql import Night
from linkage.casebook.weigh import weigh
from linkage.engine.base import Engine

STEPS: tuple[str | Callable[[Engine, Night], None], ...] = (
    "incident_base",  # incidents with their household, their address and what excludes them
    "report_base",  # reports that may answer an incident
    "cb_twin",  # incidents of one place, person and night
    find_duplicates,  # … of which the earliest stays
    "cb_standing",  # the incidents that count, with the reason why others do not
    read_references,  # numbers in the references of reports, repaired
    "cb_named",  # incidents that a report names
    "shared_people",  # incidents and reports with a person in common
    "cb_possible",  # … or with people who may be one
    choose,  # the incidents to judge, with all that hangs together with them
    "cb_candidate",  # those that a report may answer, through persons, household or a possible person
    "cb_edge",  # … with what the likelihood of that rests on
    weigh,  # how likely each is, weighed together with all others of the family
    "cb_answer",  # the one that each report answers: named, or else the latest
    "cb_link",  # … with its class
    "cb_open",  # incidents during an open case of the household
    "cb_chosen",  # the report that answers each incident
    "incident_judged",  # … with what else there is about it
    "cb_status",  # the first rule that applies
    explain,  # what explains that an incident stayed unmatched
    take_apart,  # the gap as an estimate, and what the difference of two totals is made of
)

READ = ("mention_person", "mention_household", "mention", "person_base", "police_incident", "steunpunt_report")
"""Tables of which a night reads the touched rows only, where it is known which these are."""

TOUCHED = {
    "incident_base": "incident_no IN (SELECT incident_no FROM cb_touched_incident)",
    "report_base": "report_no IN (SELECT report_no FROM cb_touched_report)",
    "shared_people": "(incident_no IN (SELECT incident_no FROM cb_touched_incident) "
    "OR report_no IN (SELECT report_no FROM cb_touched_report))",
}
"""Steps whose tables are kept, as a row rests on its records, their people and their household alone; and which rows a
night looks at."""

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

RETOLD = "SELECT source_id, incident_number AS record_id FROM cb_retold"
PUBLISHED: dict[str, tuple[tuple[str, ...], str, str]] = {
    "incident": (READ, "(source_id, incident_number)", "SELECT source_id, incident_number FROM cb_touched_incident"),
    "case_report": (READ, "(source_id, report_id)", "SELECT source_id, report_id FROM cb_touched_report"),
    "involvement": (READ, "person_id", "SELECT person_id FROM cb_touched_person"),
    "person": (READ, "person_id", "SELECT person_id FROM cb_touched_person"),
    "case_timeline": (
        ("steunpunt_report", "report_base", "incident_base"),
        "(source_id, record_id)",
        f"{RETOLD} UNION SELECT source_id, report_id AS record_id FROM cb_touched_report",
    ),
}
"""Published tables of which a row rests on its own records and family alone, or on these and a status: the tables of
which a night reads touched rows only, the key, and the touched keys."""

BY_DIFFERENCE = ("incident_link", "link_candidate", "unified_case")
"""Published tables of which few rows differ from night to night."""

LATER = {"incident": ("severity",), "unified_case": ("severity",)}
"""Columns of published tables that a later step fills."""

OF_JUDGED = "(SELECT incident_no FROM cb_judge_incident)"
JUDGED_KEYS = (
    f"SELECT source_id, incident_number FROM cb_standing WHERE incident_no IN {OF_JUDGED} "
    "UNION SELECT source_id, incident_number FROM cb_touched_incident"
)
JUDGED = {
    "incident_judged": f"incident_no IN {OF_JUDGED}",
    "incident_link": f"(incident_source_id, incident_number) IN ({JUDGED_KEYS})",
    "link_candidate": f"(incident_source_id, incident_number) IN ({JUDGED_KEYS})",
}
"""Tables of which a night that does not judge all incidents writes the rows of those that it does, and which these
are: who is gone is touched."""

KEPT = (*TOUCHED, "report_reference", *PUBLISHED, *BY_DIFFERENCE, "incident_judged", "incident_tie", "incident_status")
"""Tables of the night before without which all are made anew."""

WORK = (*(step for step in STEPS if isinstance(step, str) and step.startswith("cb_")), "cb_duplicate", "cb_advice")
