-- Incidents that a report names by number, in time; the number of a technical duplicate stands for the one that stays.
-- Why says which number it is, and whether it had to be repaired; the plainest where there are several.
WITH care AS MATERIALIZED (
    SELECT source_id, incident_number, care_report_number, number
    FROM (SELECT *, regexp_replace(upper(care_report_number), '[^A-Z0-9]', '', 'g') AS number FROM care_report)
    SEMI JOIN report_reference USING (number)
), short AS (
    SELECT right(i.number, 10) AS number, min(incident_no) AS incident_no
    FROM incident_base i SEMI JOIN (SELECT number FROM report_reference WHERE NOT is_whole) s
        ON s.number = right(i.number, 10)
    GROUP BY ALL HAVING count(*) = 1
), hit AS (
    SELECT report_no, incident_no, incident_number AS written, 'number' AS reason
    FROM report_reference JOIN incident_base USING (number) WHERE is_whole
    UNION ALL SELECT report_no, incident_no, care_report_number, 'care_report_number'
    FROM report_reference JOIN care USING (number)
    JOIN (FROM incident_base SEMI JOIN care USING (incident_number)) USING (source_id, incident_number) WHERE is_whole
    UNION ALL SELECT report_no, incident_no, NULL, 'number_without_unit'
    FROM report_reference JOIN short USING (number) WHERE NOT is_whole
), told AS (
    SELECT r.report_no, i.incident_no, r.day - i.day AS delay_days,
           CASE WHEN hit.written IS NULL OR hit.written = trim(r.reporter_reference) THEN hit.reason
                ELSE hit.reason || '_repaired' END AS reason
    FROM hit JOIN cb_standing named USING (incident_no)
    JOIN cb_standing i ON i.incident_no = coalesce(named.original_no, named.incident_no)
    JOIN report_base r USING (report_no)
    WHERE r.day - i.day BETWEEN -$early AND $very_late
)
SELECT report_no, incident_no, delay_days, arg_min(reason, list_position(['number', 'number_repaired',
    'care_report_number', 'care_report_number_repaired', 'number_without_unit'], reason)) AS reason
FROM told GROUP BY report_no, incident_no, delay_days
