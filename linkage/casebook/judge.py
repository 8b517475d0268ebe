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
    *("cb_next_incident", "cb_next_report", "cb_came_incident", "cb_came_report"),
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
        _tie(db, night)
        while _spread(db):
            pass
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
    which an open case may cover, and of which something else is told: whether it counts, or a tie."""
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
        UNION SELECT coalesce(i.incident_no, was.incident_no)
        FROM cb_standing i FULL JOIN {JUDGED} was ON was.incident_no = i.incident_no
        WHERE i.incident_no IS NULL OR was.incident_no IS NULL OR was.excluded_as IS DISTINCT FROM i.excluded_as
            OR was.original_no IS DISTINCT FROM i.original_no
        UNION SELECT incident_no FROM cb_standing SEMI JOIN {touched.OTHER_REPORTS} USING (household_id)
        """
    )
    db.run(f"CREATE OR REPLACE TEMP TABLE {INCIDENTS} AS FROM cb_next_incident")
    db.run(f"CREATE OR REPLACE TEMP TABLE {REPORTS} AS FROM cb_next_report")


def _tie(db: Engine, night: Night) -> None:
    """Write ``cb_knot`` (incident_no, report_no): which hang together, now or the night before; some twice."""
    limits = night.config.limits
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE cb_knot AS
        SELECT incident_no, report_no FROM shared_people
        UNION ALL SELECT incident_no, report_no FROM link_edge
        UNION ALL SELECT incident_no, report_no FROM cb_tie
        UNION ALL SELECT incident_no, report_no FROM {TIES}
        UNION ALL SELECT incident_no, report_no FROM cb_standing i JOIN report_base r USING (household_id)
            WHERE r.day - i.day BETWEEN -{limits.early_days} AND {limits.very_late_days}
        """
    )


def _spread(db: Engine) -> bool:
    """Add the reports that are tied to the incidents that came last, and the other way round; return whether there
    were any."""
    for came, key, by, other in (
        ("cb_came_report", "report_no", "cb_next_incident", "incident_no"),
        ("cb_came_incident", "incident_no", "cb_next_report", "report_no"),
    ):
        known = REPORTS if key == "report_no" else INCIDENTS
        db.run(
            f"CREATE OR REPLACE TEMP TABLE {came} AS "
            f"SELECT DISTINCT {key} FROM cb_knot SEMI JOIN {by} USING ({other}) ANTI JOIN {known} USING ({key})"
        )
    for kind, known in (("report", REPORTS), ("incident", INCIDENTS)):
        db.run(f"CREATE OR REPLACE TEMP TABLE cb_next_{kind} AS FROM cb_came_{kind}")
        db.run(f"INSERT INTO {known} FROM cb_next_{kind}")
    return bool(db.rows("FROM cb_next_incident UNION ALL FROM cb_next_report LIMIT 1"))
