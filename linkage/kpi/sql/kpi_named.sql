-- Who is named on the incidents that count.
SELECT i.incident_no, v.person_id, v.is_child
FROM involvement v JOIN kpi_incident i
    ON v.record_kind = 'incident' AND v.source_id = i.source_id AND v.record_id = i.incident_number
WHERE i.is_counted AND v.standing IS DISTINCT FROM 'outsider'
