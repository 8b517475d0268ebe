-- Whether an incident counts: the first reason that excludes it, or none; and the day up to which a report of it would be
-- known (by the slowest, where two are expected to have one).
WITH reach AS (
    SELECT partner_id, any_value(coalesce(covers_until, DATE '1900-01-01')) AS covers_until
    FROM partner_area WHERE partner_kind = 'steunpunt' GROUP BY partner_id
), expected AS (
    SELECT expected_steunpunt, min(covers_until) AS covers_until
    FROM (
        SELECT expected_steunpunt, unnest(string_split(expected_steunpunt, '|')) AS partner_id
        FROM (SELECT DISTINCT expected_steunpunt FROM incident_base)
    ) JOIN reach USING (partner_id) GROUP BY expected_steunpunt
)
SELECT incident_no, source_id, incident_number, reported_at, day, municipality_code, household_id,
       least($as_of, coalesce(covers_until, $as_of)) AS known_until, d.original_no,
       CASE WHEN is_withdrawn THEN 'withdrawn'
            WHEN dv_flag = false THEN 'not_dv'
            WHEN d.original_no IS NOT NULL THEN 'technical_duplicate'
            WHEN len($region) > 0 AND NOT coalesce(list_contains($region, municipality_code), false)
                THEN 'outside_region'
            WHEN known_persons = 0 THEN 'no_person_data' END AS excluded_as
FROM incident_base i LEFT JOIN cb_duplicate d USING (incident_no) LEFT JOIN expected e USING (expected_steunpunt)
