-- Incidents that were entered twice; persons whom one source knows under several client numbers, where they were last.
WITH known AS (
    SELECT m.source_id, person_id, m.source_person_id, m.event_date, m.record_id,
           coalesce(place.counted_as_code, m.municipality_code) AS municipality_code
    FROM mention m JOIN mention_person USING (mention_id) LEFT JOIN municipality place USING (municipality_code)
    WHERE m.chain = 'steunpunt' AND m.source_person_id IS NOT NULL
), client AS (
    SELECT source_id, person_id, min(municipality_code) AS municipality_code, max(event_date) AS day,
           min(source_person_id) <> max(source_person_id) AS is_many,
           min(municipality_code) <> max(municipality_code) AS has_moved
    FROM known GROUP BY source_id, person_id
), last_of AS (
    SELECT source_id, person_id, arg_max(municipality_code, (event_date, record_id)) AS municipality_code
    FROM known SEMI JOIN (FROM client WHERE has_moved) USING (source_id, person_id) GROUP BY source_id, person_id
)
SELECT 'incidents' AS figure, 'all' AS part, municipality_code, source_id, day,
       CAST(cause IS NOT DISTINCT FROM 'technical_duplicate' AS INTEGER) AS numerator, 1 AS denominator, 0 AS censored
FROM kpi_incident
UNION ALL
SELECT 'clients', 'all', coalesce(l.municipality_code, c.municipality_code, 'onbekend'), source_id, c.day,
       CAST(c.is_many AS INTEGER), 1, 0
FROM client c LEFT JOIN last_of l USING (source_id, person_id)
