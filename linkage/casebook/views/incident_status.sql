-- Every incident with its one status.
SELECT i.source_id, i.incident_number, s.status,
       CASE WHEN s.status = 'excluded' THEN i.excluded_as
            WHEN s.status <> 'unmatched' THEN NULL
            WHEN h.no_names THEN 'no_names'
            WHEN h.no_birth_date THEN 'no_birth_date'
            WHEN h.invalid_postcode THEN 'invalid_postcode'
            WHEN h.near_hit_name THEN 'near_hit_name'
            WHEN h.near_hit_date THEN 'near_hit_date'
            WHEN h.known_under_other_member THEN 'known_under_other_member'
            WHEN h.other_region THEN 'other_region'
            WHEN a.incident_no IS NOT NULL THEN 'advice_same_day_place'
            ELSE 'no_trace' END AS cause,
       r.report_id, r.source_id AS report_source_id,
       CASE WHEN s.status LIKE 'matched%' THEN j.probability
            WHEN s.status = 'review' THEN j.possible_probability END AS match_probability,
       CASE WHEN s.status LIKE 'matched%' THEN s.delay_days END AS delay_days,
       s.age_days, o.incident_number AS duplicate_of,
       CASE WHEN s.status = 'covered_open_case' THEN j.covering_report_id END AS covering_report_id,
       CASE WHEN s.status = 'covered_open_case' THEN j.covering_report_source_id END AS covering_report_source_id
FROM cb_standing i JOIN cb_status s USING (incident_no) JOIN incident_judged j USING (incident_no) $among
LEFT JOIN incident_hint h USING (incident_no)
LEFT JOIN cb_advice a USING (incident_no)
LEFT JOIN report_base r ON r.report_no = CASE WHEN s.status LIKE 'matched%' THEN s.report_no END
LEFT JOIN incident_base o ON o.incident_no = CASE WHEN i.excluded_as = 'technical_duplicate' THEN i.original_no END
