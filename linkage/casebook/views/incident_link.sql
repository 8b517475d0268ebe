-- Incidents and reports that belong together. A withdrawn incident keeps its report used up, but has no link any more.
SELECT i.source_id AS incident_source_id, i.incident_number, r.source_id AS report_source_id, r.report_id,
       l.link_class, l.about AS match_probability, l.delay_days, l.persons AS shared_persons, l.reason,
       l.probability AS persons_probability
FROM cb_link l JOIN cb_incident i USING (incident_no) JOIN cb_report r USING (report_no)
WHERE i.excluded_as IS DISTINCT FROM 'withdrawn'
