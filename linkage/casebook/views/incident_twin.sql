-- Pairs of incidents of one source, at one address, with a person in common, within the hours of a technical duplicate.
WITH entry AS (
    SELECT incident_no, source_id, incident_number, reported_at, moment, postcode_address, street_address
    FROM incident_base WHERE NOT is_withdrawn AND dv_flag IS DISTINCT FROM false
), one AS (
    FROM entry $among
), near AS (
    SELECT o, e FROM one o JOIN entry e ON e.source_id = o.source_id AND e.postcode_address = o.postcode_address
        AND e.incident_no <> o.incident_no AND abs(e.moment - o.moment) <= $duplicate_hours * 3600
    UNION ALL
    SELECT o, e FROM one o JOIN entry e ON e.source_id = o.source_id AND e.street_address = o.street_address
        AND e.incident_no <> o.incident_no AND abs(e.moment - o.moment) <= $duplicate_hours * 3600
), told AS (
    SELECT DISTINCT CASE WHEN is_first THEN e.incident_no ELSE o.incident_no END AS later_no,
           CASE WHEN is_first THEN o.incident_no ELSE e.incident_no END AS earlier_no
    FROM (SELECT *, (o.reported_at, o.incident_number) < (e.reported_at, e.incident_number) AS is_first FROM near)
), person AS (
    SELECT DISTINCT record_no AS incident_no, person_id
    FROM mention JOIN mention_person USING (mention_id)
    SEMI JOIN (SELECT unnest([later_no, earlier_no]) AS record_no FROM told) USING (record_no)
)
SELECT DISTINCT later_no, earlier_no
FROM told JOIN person e ON e.incident_no = earlier_no JOIN person l ON l.incident_no = later_no
    AND l.person_id = e.person_id
