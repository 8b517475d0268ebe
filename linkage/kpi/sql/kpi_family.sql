-- How many incidents count in a year, by whether a minor is among those named or in the household; what the police told
-- counts too.
WITH child AS (
    SELECT incident_no, bool_or(is_minor) IS NOT NULL AS is_any FROM kpi_child GROUP BY incident_no
), unnamed AS MATERIALIZED (
    SELECT incident_no, household_no, day FROM kpi_incident ANTI JOIN kpi_named USING (incident_no) WHERE is_counted
), nobody AS (
    SELECT incident_no FROM unnamed WHERE incident_no NOT IN (
        SELECT incident_no FROM unnamed u JOIN household_member m ON hash(m.household_id) = u.household_no
        WHERE m.valid_until IS NULL OR m.valid_until > u.day)
)
SELECT i.municipality_code, min(i.day) AS day, i.status, i.has_care_report, count(*) AS incidents,
       CASE WHEN c.is_any OR i.children_involved > 0 THEN 'yes'
            WHEN c.incident_no IS NOT NULL OR i.incident_no IN (FROM nobody) THEN 'unknown' ELSE 'no' END AS minors
FROM kpi_incident i LEFT JOIN child c USING (incident_no)
WHERE i.is_counted GROUP BY i.municipality_code, year(i.day), i.status, i.has_care_report, minors
