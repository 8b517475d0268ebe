-- Incidents and reports that may be about them, with what the likelihood of that rests on; numbers from 0 without gaps.
WITH care AS (SELECT DISTINCT source_id, incident_number FROM care_report),
edge AS (
    SELECT c.incident_no, c.report_no, c.delay_days, c.probability, r.is_by_police,
           CASE WHEN NOT r.is_by_police OR s.intake_channel IS NULL THEN 0
                WHEN (upper(trim(s.intake_channel)) = 'CORV') = (care.incident_number IS NOT NULL) THEN 1
                ELSE 2 END AS channel_agrees,
           c.report_no IN (SELECT report_no FROM cb_named) AS names_a_number,
           c.incident_no IN (SELECT incident_no FROM cb_named) AS is_named
    FROM cb_candidate c JOIN cb_standing i USING (incident_no) JOIN cb_report r USING (report_no)
    JOIN steunpunt_report s ON s.source_id = r.source_id AND s.report_id = r.report_id
    LEFT JOIN care ON care.source_id = i.source_id AND care.incident_number = i.incident_number
    WHERE coalesce(i.excluded_as, 'outside_region') = 'outside_region'
)
SELECT *, dense_rank() OVER (ORDER BY report_no) - 1 AS report, dense_rank() OVER (ORDER BY incident_no) - 1 AS incident
FROM edge ORDER BY report_no, incident_no
