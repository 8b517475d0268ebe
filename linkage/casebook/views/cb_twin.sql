-- Pairs of incidents of one source, at one address, with a person in common, within the hours of a technical duplicate.
WITH entry AS (
    SELECT *, row_number() OVER (ORDER BY reported_at, incident_number, source_id) AS rank
    FROM incident_base WHERE NOT is_withdrawn AND dv_flag IS DISTINCT FROM false
), near AS (
    SELECT l.incident_no AS later_no, e.incident_no AS earlier_no, l.rank AS later_rank, e.rank AS earlier_rank
    FROM entry e JOIN entry l ON l.source_id = e.source_id AND l.postcode_address = e.postcode_address
    WHERE e.rank < l.rank AND l.moment - e.moment <= $duplicate_hours * 3600
    UNION
    SELECT l.incident_no, e.incident_no, l.rank, e.rank
    FROM entry e JOIN entry l ON l.source_id = e.source_id AND l.street_address = e.street_address
    WHERE e.rank < l.rank AND l.moment - e.moment <= $duplicate_hours * 3600
), person AS (
    SELECT DISTINCT record_no AS incident_no, person_id
    FROM mention JOIN mention_person USING (mention_id)
    SEMI JOIN (SELECT unnest([later_no, earlier_no]) AS record_no FROM near) USING (record_no)
)
SELECT DISTINCT near.*
FROM near JOIN person e ON e.incident_no = earlier_no JOIN person l ON l.incident_no = later_no
    AND l.person_id = e.person_id
