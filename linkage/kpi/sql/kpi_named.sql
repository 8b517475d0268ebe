-- Who is named on the incidents that count.
SELECT incident_no, person_no, is_child
FROM (SELECT hash(source_id, record_id) AS incident_no, hash(person_id) AS person_no, is_child FROM involvement
      WHERE record_kind = 'incident' AND standing IS DISTINCT FROM 'outsider')
SEMI JOIN (FROM kpi_incident WHERE is_counted) USING (incident_no)
