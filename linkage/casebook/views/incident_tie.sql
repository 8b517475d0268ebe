-- Incidents and reports that something else ties than the two records: a number, or somebody who may be another.
SELECT 'number' AS tie, incident_no, report_no, hash(delay_days, reason) AS said FROM cb_named
UNION ALL SELECT 'person', incident_no, report_no, hash(delay_days, persons, probability) FROM cb_possible
