-- Incidents that a report may answer: through persons, through the household, or through a possible person.
WITH by_household AS (
    SELECT i.incident_no, r.report_no, r.day - i.day AS delay_days
    FROM cb_incident i JOIN cb_report r ON r.household_id = i.household_id
        AND r.day - i.day BETWEEN -$early AND $very_late
)
SELECT incident_no, report_no, delay_days, persons, weight, probability,
       CASE WHEN best >= $deterministic THEN 'deterministic' ELSE 'probabilistic' END AS link_class
FROM cb_shared
UNION ALL
SELECT incident_no, report_no, delay_days, 0, 0, $household_probability, 'household'
FROM by_household ANTI JOIN cb_shared USING (incident_no, report_no)
UNION ALL
SELECT incident_no, report_no, delay_days, persons, 0, probability, 'possible'
FROM cb_maybe ANTI JOIN cb_shared USING (incident_no, report_no)
    ANTI JOIN by_household USING (incident_no, report_no)
