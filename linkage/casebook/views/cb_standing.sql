-- Whether an incident counts: the first reason that excludes it, or none.
SELECT i.*, d.original_no,
       CASE WHEN is_withdrawn THEN 'withdrawn'
            WHEN dv_flag = false THEN 'not_dv'
            WHEN d.original_no IS NOT NULL THEN 'technical_duplicate'
            WHEN len($region) > 0 AND NOT coalesce(list_contains($region, municipality_code), false)
                THEN 'outside_region'
            WHEN known_persons = 0 THEN 'no_person_data' END AS excluded_as
FROM cb_incident i LEFT JOIN cb_duplicate d USING (incident_no)
