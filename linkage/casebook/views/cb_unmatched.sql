-- Incidents that nothing explains yet.
SELECT i.incident_no, i.day, i.household_id, i.municipality_code
FROM cb_standing i JOIN cb_status USING (incident_no) WHERE status = 'unmatched'
