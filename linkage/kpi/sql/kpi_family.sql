-- Incidents that count, by whether a minor is among those named or in the household; what the police told counts too.
SELECT i.*, CASE WHEN bool_or(c.is_minor) OR any_value(i.children_involved) > 0 THEN 'yes'
                 WHEN bool_or(c.person_id IS NOT NULL AND c.is_minor IS NULL) OR count(c.person_id) = 0 THEN 'unknown'
                 ELSE 'no' END AS minors
FROM kpi_incident i LEFT JOIN kpi_child c USING (source_id, incident_number)
WHERE i.is_counted GROUP BY ALL
