-- Incidents and reports that may belong together as well, beyond a chance in a hundred: what answers has its own table.
SELECT i.source_id AS incident_source_id, i.incident_number, r.source_id AS report_source_id, r.report_id,
       c.link_class AS candidate_class, a.about AS match_probability, c.delay_days, c.persons AS shared_persons
FROM link_edge a JOIN cb_candidate c USING (incident_no, report_no) JOIN cb_incident i USING (incident_no)
JOIN cb_report r USING (report_no)
ANTI JOIN cb_link l ON l.incident_no = a.incident_no AND l.report_no = a.report_no
WHERE a.about >= 0.01
