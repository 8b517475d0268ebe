-- Incidents with what the indicators ask of them; those that count (P) are is_counted. The first link is the first report to come.
WITH first_link AS (
    SELECT hash(incident_source_id, incident_number) AS incident_no, min(delay_days) AS delay_days
    FROM incident_link WHERE link_class <> 'possible' GROUP BY ALL
), care AS (
    SELECT hash(source_id, incident_number) AS incident_no,
           arg_min(coalesce(channel, 'onbekend'), (sent_at IS NULL, sent_at, care_report_number)) AS channel
    FROM care_report GROUP BY ALL
), judged AS (
    SELECT hash(source_id, incident_number) AS incident_no, status, cause, age_days FROM incident_status
), police AS (
    SELECT hash(source_id, incident_number) AS incident_no, police_unit_code, care_report_made FROM police_incident
)
SELECT incident_no, source_id, reported_at, CAST(reported_at AS DATE) AS day,
       coalesce(municipality_code, 'onbekend') AS municipality_code,
       CASE WHEN household_id IS NOT NULL THEN hash(household_id) END AS household_no, children_involved, status,
       status <> 'excluded' AS is_counted, cause, age_days, CAST(reported_at AS DATE) + delay_days AS linked_day,
       coalesce(police_unit_code, 'onbekend') AS unit,
       CASE WHEN channel IS NOT NULL THEN channel WHEN care_report_made THEN 'onbekend' ELSE 'geen' END AS channel,
       channel IS NOT NULL OR coalesce(care_report_made, false) AS has_care_report
FROM (SELECT hash(source_id, incident_number) AS incident_no, * FROM incident)
JOIN judged USING (incident_no) JOIN police USING (incident_no)
LEFT JOIN first_link USING (incident_no) LEFT JOIN care USING (incident_no)
