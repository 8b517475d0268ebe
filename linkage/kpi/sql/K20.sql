-- Incidents that were entered twice; persons whom one source knows under several client numbers.
SELECT 'incidents' AS figure, 'all' AS part, municipality_code, source_id, day,
       CAST(cause IS NOT DISTINCT FROM 'technical_duplicate' AS INTEGER) AS numerator, 1 AS denominator, 0 AS censored
FROM kpi_incident
UNION ALL
SELECT 'clients', 'all',
       coalesce(arg_max(coalesce(place.counted_as_code, m.municipality_code), (event_date, record_id)), 'onbekend'),
       source_id, max(event_date),
       CAST(count(DISTINCT m.source_person_id) > 1 AS INTEGER), 1, 0
FROM mention m JOIN mention_person USING (mention_id) LEFT JOIN municipality place USING (municipality_code)
WHERE m.chain = 'steunpunt' AND m.source_person_id IS NOT NULL GROUP BY source_id, person_id
