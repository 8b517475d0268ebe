-- Incidents with what the indicators ask of them; those that count (P) are is_counted. The first link is the first report to come.
WITH first_link AS (
    SELECT incident_source_id AS source_id, incident_number, min(delay_days) AS delay_days
    FROM incident_link WHERE link_class <> 'possible' GROUP BY ALL
), care AS (
    SELECT source_id, incident_number, arg_min(coalesce(channel, 'onbekend'), (sent_at IS NULL, sent_at, care_report_number)) AS channel
    FROM care_report GROUP BY ALL
)
SELECT row_number() OVER () AS incident_no, source_id, i.incident_number, i.reported_at, CAST(i.reported_at AS DATE) AS day,
       coalesce(i.municipality_code, 'onbekend') AS municipality_code, i.household_id, i.children_involved, s.status,
       s.status <> 'excluded' AS is_counted, s.cause, s.age_days, CAST(i.reported_at AS DATE) + l.delay_days AS linked_day,
       coalesce(p.police_unit_code, 'onbekend') AS unit,
       CASE WHEN care.channel IS NOT NULL THEN care.channel WHEN p.care_report_made THEN 'onbekend' ELSE 'geen' END AS channel,
       care.channel IS NOT NULL OR coalesce(p.care_report_made, false) AS has_care_report
FROM incident i JOIN incident_status s USING (source_id, incident_number)
JOIN police_incident p USING (source_id, incident_number)
LEFT JOIN first_link l USING (source_id, incident_number) LEFT JOIN care USING (source_id, incident_number)
