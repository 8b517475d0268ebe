-- What both chains together know of a household that stands on a record; its colour comes with the families.
WITH stands AS (
    SELECT incident_no, household_id, reported_at FROM cb_standing $among
), report AS (
    SELECT household_id, received_at, day, closed_at FROM report_base $among
), event AS (
    SELECT household_id, reported_at AS moment FROM stands WHERE household_id IS NOT NULL
    UNION ALL SELECT household_id, received_at FROM report WHERE household_id IS NOT NULL
), seen AS (
    SELECT household_id, min(moment) AS first_event_at, max(moment) AS last_event_at FROM event GROUP BY household_id
), counted AS (
    SELECT household_id, count(*) FILTER (status <> 'excluded') AS incidents,
           count(*) FILTER (status = 'unmatched') AS unmatched_incidents
    FROM stands JOIN cb_status USING (incident_no) GROUP BY household_id
), told AS (
    SELECT household_id, count(*) AS case_reports,
           bool_or(day <= $as_of AND (closed_at IS NULL OR CAST(closed_at AS DATE) > $as_of)) AS open_case
    FROM report GROUP BY household_id
), known AS (
    SELECT household_id, bool_or(record_kind = 'incident') AS known_at_police,
           bool_or(record_kind = 'case') AS known_at_steunpunt
    FROM (FROM involvement $among) WHERE household_id IS NOT NULL GROUP BY household_id
)
SELECT household_id, first_event_at, last_event_at, coalesce(incidents, 0) AS incidents,
       coalesce(case_reports, 0) AS case_reports, coalesce(open_case, false) AS open_case, members AS persons,
       minors AS children, CAST(NULL AS VARCHAR) AS severity, coalesce(unmatched_incidents, 0) AS unmatched_incidents, known_at_police,
       known_at_steunpunt
FROM seen JOIN household USING (household_id) JOIN known USING (household_id) LEFT JOIN counted USING (household_id)
LEFT JOIN told USING (household_id)
