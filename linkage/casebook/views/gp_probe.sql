-- Reports that name one incident by number: what the people on them would have told is held against it.
SELECT report_no, min(incident_no) AS incident_no
FROM cb_named JOIN cb_standing USING (incident_no) WHERE excluded_as IS NULL
GROUP BY report_no HAVING count(*) = 1
