-- Incidents that count, by whether a minor is among those named or in the household; what the police told counts too.
WITH child AS (
    SELECT incident_no, bool_or(is_minor) AS is_any, bool_or(is_minor IS NULL) AS is_open FROM kpi_child GROUP BY incident_no
), unnamed AS MATERIALIZED (
    SELECT incident_no, household_id, day FROM kpi_incident WHERE is_counted AND incident_no NOT IN (SELECT incident_no FROM kpi_named)
), nobody AS (
    SELECT incident_no FROM unnamed WHERE incident_no NOT IN (
        SELECT incident_no FROM unnamed u JOIN household_member m USING (household_id)
        WHERE m.valid_until IS NULL OR m.valid_until > u.day)
)
SELECT i.municipality_code, i.day, i.status, i.has_care_report,
       CASE WHEN c.is_any OR i.children_involved > 0 THEN 'yes'
            WHEN c.is_open OR i.incident_no IN (FROM nobody) THEN 'unknown' ELSE 'no' END AS minors
FROM kpi_incident i LEFT JOIN child c USING (incident_no)
WHERE i.is_counted
