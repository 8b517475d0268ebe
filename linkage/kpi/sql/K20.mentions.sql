-- Persons whom one source knows under several client numbers, where they were last.
WITH known AS MATERIALIZED (
    SELECT hash(m.source_id, p.person_id) AS client_no, m.source_id, hash(m.source_person_id) AS number, m.event_date,
           m.municipality_code
    FROM mention m JOIN mention_person p USING (mention_id)
    WHERE m.chain = 'steunpunt' AND m.source_person_id IS NOT NULL
), client AS (
    SELECT client_no, any_value(source_id) AS source_id, min(municipality_code) AS municipality_code, max(event_date) AS day,
           min(number) <> max(number) AS is_many, min(municipality_code) <> max(municipality_code) AS has_moved
    FROM known GROUP BY client_no
), last_of AS (
    SELECT client_no, arg_max(municipality_code, (event_date, municipality_code)) AS municipality_code
    FROM known SEMI JOIN (FROM client WHERE has_moved) USING (client_no) GROUP BY client_no
), counted AS (
    SELECT coalesce(l.municipality_code, c.municipality_code) AS place, source_id, min(day) AS day,
           count(*) FILTER (is_many) AS many, count(*) AS clients
    FROM client c LEFT JOIN last_of l USING (client_no) GROUP BY place, source_id, year(day)
)
SELECT 'clients' AS figure, 'all' AS part, coalesce(counted_as_code, place, 'onbekend') AS municipality_code, source_id, day,
       many AS numerator, clients AS denominator, 0 AS censored
FROM counted LEFT JOIN municipality ON municipality_code = place
