-- Minors on incidents, in their households, and in a household without being named on its incident.
SELECT figure, i.municipality_code, i.day, c.person_id AS counted_id
FROM kpi_child c JOIN kpi_incident i USING (source_id, incident_number),
     (VALUES ('named'), ('household'), ('unregistered')) AS f (figure)
WHERE c.is_minor AND (figure = 'household' OR c.is_named = (figure = 'named'))
