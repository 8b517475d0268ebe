"""Which incidents a night judges anew, where it is known which records are touched.

Which report answers an incident follows from both, from all others that these might be about or answer, and so on. So
what is touched is judged anew with all that hangs together with it, now or the night before. For all other incidents
`JUDGED` stands; how old they are, and what they are at that age, is another matter (``cb_status.sql``).
"""

from __future__ import annotations

from linkage import contracts
from linkage.casebook import difference, touched, weigh
from linkage.casebook.sql import Night, query
from linkage.engine.base import Engine

INCIDENTS, REPORTS = "cb_judge_incident", "cb_judge_report"
JUDGED, TIES = "incident_judged", "incident_tie"
KEPT = (JUDGED, TIES)
VIEWS = {
    "cb_incident": ("cb_standing", INCIDENTS, "incident_no"),
    "cb_report": ("report_base", REPORTS, "report_no"),
    "cb_shared": ("shared_people", INCIDENTS, "incident_no"),
    "cb_maybe": ("cb_possible", INCIDENTS, "incident_no"),
    "cb_number": ("cb_named", INCIDENTS, "incident_no"),
    "cb_was_edge": ("link_edge", INCIDENTS, "incident_no"),
}
"""What the queries that judge read: each table, or its rows of what is judged anew."""
WORK = (
    *(INCIDENTS, REPORTS, "cb_tie", "cb_knot"),
    *("cb_next_incident", "cb_next_report"),
)


def is_known(db: Engine) -> bool:
    """Tell whether `choose` has told which incidents are to be judged."""
    return db.has(INCIDENTS)


def choose(db: Engine, night: Night) -> None:
    """Write `VIEWS`; and the incidents and reports to judge, unless all are, as rates are learnt or told anew."""
    declared = contracts.table(TIES)
    db.run(declared.ddl("cb_tie", temporary=True))
    db.run(f"INSERT INTO cb_tie BY NAME {query(night, TIES)}")
    if touched.is_known(db) and weigh.stands(db, night):
        _begin(db)
        _spread(db, night)
    if not is_known(db) or not difference.bring(db, declared, "cb_tie", TIES):
        db.run(declared.ddl())
        db.run(f"INSERT INTO {TIES} FROM cb_tie")
    if not db.has("link_edge"):
        db.run(contracts.table("link_edge").ddl())
    for view, (table, chosen, key) in VIEWS.items():
        only = f"SEMI JOIN {chosen} USING ({key})" if is_known(db) else ""
        db.run(f"CREATE OR REPLACE TEMP VIEW {view} AS FROM {table} {only}")


def leave(db: Engine) -> None:
    """Drop what `choose` wrote for the night."""
    for view in VIEWS:
        db.run(f"DROP VIEW IF EXISTS {view}")
    for name in WORK:
        db.run(f"DROP TABLE IF EXISTS {name}")


def _begin(db: Engine) -> None:
    """Write what is touched or has other persons in common, with the incidents of families of reports that are others,
    which an open case may cover, and of which something else is told: a duplicate, or a tie."""
    was = f"SELECT incident_no, original_no FROM {JUDGED} WHERE original_no IS NOT NULL"
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE cb_next_report AS
        SELECT report_no FROM {touched.OTHER_REPORTS}
        UNION SELECT report_no FROM cb_other_shared_people
        UNION SELECT report_no FROM (FROM cb_tie EXCEPT FROM {TIES})
        UNION SELECT report_no FROM (FROM {TIES} EXCEPT FROM cb_tie)
        """
    )
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE cb_next_incident AS
        SELECT incident_no FROM {touched.INCIDENTS}
        UNION SELECT incident_no FROM cb_other_shared_people
        UNION SELECT incident_no FROM (FROM cb_tie EXCEPT FROM {TIES})
        UNION SELECT incident_no FROM (FROM {TIES} EXCEPT FROM cb_tie)
        UNION SELECT incident_no FROM (FROM cb_duplicate EXCEPT ({was}))
        UNION SELECT incident_no FROM (({was}) EXCEPT FROM cb_duplicate)
        UNION SELECT incident_no FROM cb_standing SEMI JOIN {touched.OTHER_REPORTS} USING (household_id)
        """
    )


def _spread(db: Engine, night: Night) -> None:
    """Write `INCIDENTS` and `REPORTS`: what `_begin` wrote, and all that hangs together with it, now or then.

    Who is no beginning hangs together as the night before: its candidates stand in ``link_edge``, and what has none
    there, as it does not count, hangs together with nothing but a number. A report that is another one begins with all
    incidents of its family, and with those that share other persons with it.
    """
    limits = night.config.limits
    in_time = f"r.day - i.day BETWEEN -{limits.early_days} AND {limits.very_late_days}"
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE cb_knot AS
        SELECT incident_no, report_no FROM link_edge
        UNION ALL SELECT incident_no, report_no FROM cb_tie
        UNION ALL SELECT incident_no, report_no FROM {TIES}
        UNION ALL SELECT incident_no, report_no FROM shared_people SEMI JOIN cb_next_incident USING (incident_no)
        UNION ALL SELECT incident_no, report_no FROM (FROM cb_standing SEMI JOIN cb_next_incident USING (incident_no)) i
            JOIN report_base r USING (household_id) WHERE {in_time}
        """
    )
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE {INCIDENTS} AS
        WITH RECURSIVE reached(incident_no) AS (
            FROM (FROM cb_next_incident
                  UNION SELECT incident_no FROM cb_knot SEMI JOIN cb_next_report USING (report_no))
            UNION SELECT beside.incident_no FROM reached JOIN cb_knot own USING (incident_no)
                JOIN cb_knot beside ON beside.report_no = own.report_no
        )
        FROM reached
        """
    )
    db.run(
        f"CREATE OR REPLACE TEMP TABLE {REPORTS} AS "
        f"FROM cb_next_report UNION SELECT report_no FROM cb_knot SEMI JOIN {INCIDENTS} USING (incident_no)"
    )
