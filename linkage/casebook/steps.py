"""The method of the casebook, in order: a name is a query in ``views/``, a function is a step that SQL cannot do."""

from __future__ import annotations

from collections.abc import Callable

from linkage.casebook.duplicates import find_duplicates
from linkage.casebook.gap import take_apart
from linkage.casebook.hints import NEEDED, explain
from linkage.casebook.judge import choose
from linkage.casebook.references import read_references
from linkage.casebook.renew import Touched
from linkage.casebook.sql import Night
from linkage.casebook.touched import find_near
from linkage.casebook.weigh import weigh
from linkage.engine.base import Engine

STEPS: tuple[str | Callable[[Engine, Night], None], ...] = (
    "report_base",  # reports that may answer an incident
    find_near,  # who of touched records is looked at
    "incident_base",  # incidents with their household, their address and what excludes them
    "incident_twin",  # incidents of one place, person and night
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
    "cb_count",  # … counted by municipality and month
    explain,  # what explains that an incident stayed unmatched
    take_apart,  # the gap as an estimate, and what the difference of two totals is made of
)

PEOPLE = ("mention_person", "mention_household", "mention", "person_base")

TOUCHED = {
    "report_base": Touched("report_no IN (SELECT report_no FROM cb_touched_report)", narrow=("steunpunt_report",)),
    "incident_base": Touched(
        "incident_no IN (SELECT incident_no FROM cb_touched_incident)", narrow=("police_incident", "mention")
    ),
    "incident_twin": Touched(
        was="later_no IN (SELECT incident_no FROM cb_touched_incident) "
        "OR earlier_no IN (SELECT incident_no FROM cb_touched_incident)",
        among="SEMI JOIN cb_touched_incident USING (incident_no)",
    ),
    "shared_people": Touched(
        "incident_no IN (SELECT incident_no FROM cb_met_incident) "
        "OR report_no IN (SELECT report_no FROM cb_met_report)",
        was="rowid IN (SELECT rowid FROM shared_people SEMI JOIN cb_met_incident USING (incident_no) "
        "UNION SELECT rowid FROM shared_people SEMI JOIN cb_met_report USING (report_no))",
        narrow=PEOPLE,
    ),
}
"""Steps whose tables are kept, as a row rests on its records, their people and their household alone; and which rows a
night looks at."""

OTHER = {
    "report_base": ("report_no", "case_no", "day", "household_id"),
    "shared_people": ("incident_no", "report_no"),
}
"""What is remembered of rows that are others."""

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
PUBLISHED = {
    "incident_status": Touched(
        was="rowid IN (SELECT place FROM cb_stood WHERE incident_no IS NULL OR incident_no IN (FROM cb_restated))",
        among="SEMI JOIN cb_restated USING (incident_no)",
    ),
    "incident": Touched(
        "(source_id, incident_number) IN (SELECT source_id, incident_number FROM cb_touched_incident)",
        narrow=(*PEOPLE, "police_incident"),
    ),
    "case_report": Touched(
        "(source_id, report_id) IN (SELECT source_id, report_id FROM cb_touched_report)", narrow=("steunpunt_report",)
    ),
    "involvement": Touched("person_id IN (FROM cb_retold_person)", narrow=PEOPLE),
    "person": Touched("person_id IN (FROM cb_retold_person)", narrow=PEOPLE),
    "unified_case": Touched(
        was="household_id IN (FROM cb_retold_family)", among="SEMI JOIN cb_retold_family USING (household_id)"
    ),
    "case_timeline": Touched(
        f"(source_id, record_id) IN ({RETOLD} UNION SELECT source_id, report_id AS record_id FROM cb_touched_report)",
        narrow=("steunpunt_report", "report_base", "incident_base"),
    ),
}
"""Published tables of which a row rests on its own records and family alone, or on these and a status; and which rows a
night looks at."""

BY_DIFFERENCE = ("incident_link", "link_candidate")
"""Published tables of which few rows differ from night to night."""

LATER = {"incident": ("severity",), "unified_case": ("severity",)}
"""Columns of published tables that a later step fills."""

OF_JUDGED = "(SELECT incident_no FROM cb_judge_incident)"
JUDGED_KEYS = (
    f"SELECT source_id, incident_number FROM cb_standing WHERE incident_no IN {OF_JUDGED} "
    "UNION SELECT source_id, incident_number FROM cb_touched_incident"
)
JUDGED = {
    "incident_judged": Touched(f"incident_no IN {OF_JUDGED}"),
    "incident_link": Touched(f"(incident_source_id, incident_number) IN ({JUDGED_KEYS})"),
    "link_candidate": Touched(f"(incident_source_id, incident_number) IN ({JUDGED_KEYS})"),
}
"""Tables of which a night that does not judge all incidents writes the rows of those that it does, and which these
are: who is gone is touched."""

KEPT = (*TOUCHED, "report_reference", *PUBLISHED, *BY_DIFFERENCE, "incident_judged", "incident_tie")
"""Tables of the night before without which all are made anew."""

WORK = (
    *(step for step in STEPS if isinstance(step, str) and step.startswith("cb_")),
    "cb_duplicate",
    *(f"cb_other_{name}" for name in OTHER),
    *NEEDED,
)
