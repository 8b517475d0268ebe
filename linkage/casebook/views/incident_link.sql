-- Incidents and reports that belong together.
SELECT i.source_id AS incident_source_id, i.incident_number, r.source_id AS report_source_id, r.report_id,
       l.link_class, l.probability AS match_probability, l.delay_days, l.persons AS shared_persons
FROM cb_link l JOIN cb_standing i USING (incident_no) JOIN cb_report r USING (report_no)
ORDER BY 1, 2, 3, 4
