"""Which answers between records of two nights the one has and the other has not."""

from __future__ import annotations

from linkage.engine.base import Engine, Row

INCIDENT, REPORT = "hash(source_id, incident_number)", "hash(source_id, report_id)"
"""Records are joined by a hash of their key, which is quicker than by strings."""

_ANSWERS = """
WITH was AS MATERIALIZED ({was}), is_now AS MATERIALIZED ({is_now}),
moved AS MATERIALIZED (
  SELECT *, true AS is_lost FROM was ANTI JOIN is_now USING (incident, report)
  UNION ALL SELECT *, false FROM is_now ANTI JOIN was USING (incident, report)),
answer AS (
  SELECT source_id, incident, is_lost FROM moved {standing}
  UNION ALL SELECT source_id, incident, NULL FROM was SEMI JOIN is_now USING (incident, report))
SELECT source_id, count(*) FILTER (is_lost IS DISTINCT FROM false), count(*) FILTER (is_lost),
  count(*) FILTER (NOT is_lost)
FROM answer ANTI JOIN ({excluded}) USING (incident) GROUP BY ROLLUP (source_id) ORDER BY source_id NULLS FIRST
"""


def between(db: Engine, old: str, new: str) -> list[Row]:
    """Return for all sources (null) and each: answers of the old night that may stand, those that are gone, the new.

    They lead from an incident that counts in both nights to a report that is in both. An answer of a night leads from
    an incident to a report of that night, as its gate held: only those that one night alone has are looked up.
    """
    incidents = [f"SELECT {INCIDENT} AS incident FROM {night}.incident_status" for night in (old, new)]
    reports = [f"SELECT {REPORT} AS report FROM {night}.case_report" for night in (old, new)]
    standing = [_among_moved("incident", told) for told in incidents] + [
        _among_moved("report", told) for told in reports
    ]
    return db.rows(
        _ANSWERS.format(
            was=_links(old),
            is_now=_links(new),
            standing=" ".join(standing),
            excluded=" UNION ALL ".join(f"{told} WHERE status = 'excluded'" for told in incidents),
        )
    )


def _links(night: str) -> str:
    return (
        "SELECT incident_source_id AS source_id, hash(incident_source_id, incident_number) AS incident, "
        f"hash(report_source_id, report_id) AS report FROM {night}.incident_link WHERE link_class <> 'possible'"
    )


def _among_moved(end: str, told: str) -> str:
    return f"SEMI JOIN (SELECT {end} FROM ({told}) WHERE {end} IN (SELECT {end} FROM moved)) USING ({end})"
