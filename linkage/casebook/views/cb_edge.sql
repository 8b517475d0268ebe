-- Incidents and reports that may be about them, with what the likelihood of that rests on.
WITH care AS (SELECT DISTINCT source_id, incident_number FROM care_report),
naming AS (SELECT DISTINCT report_no FROM cb_number),
named AS (SELECT DISTINCT incident_no FROM cb_number)
SELECT c.incident_no, c.report_no, c.delay_days, c.probability, r.is_by_police,
       CASE WHEN NOT r.is_by_police OR r.intake_channel IS NULL THEN 0
            WHEN (upper(trim(r.intake_channel)) = 'CORV') = (care.incident_number IS NOT NULL) THEN 1
            ELSE 2 END AS channel_agrees,
       naming.report_no IS NOT NULL AS names_a_number, named.incident_no IS NOT NULL AS is_named
FROM cb_candidate c JOIN cb_incident i USING (incident_no) JOIN cb_report r USING (report_no)
LEFT JOIN care ON care.source_id = i.source_id AND care.incident_number = i.incident_number
LEFT JOIN naming ON naming.report_no = c.report_no LEFT JOIN named ON named.incident_no = c.incident_no
WHERE coalesce(i.excluded_as, 'outside_region') = 'outside_region'
