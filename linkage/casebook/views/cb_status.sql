-- The status of an incident: the first rule that applies.
WITH judged AS (
    SELECT incident_no, i.day, i.municipality_code, greatest(i.known_until - i.day, least($as_of - i.day, 0)) AS age_days,
           delay_days, i.excluded_as IS NOT NULL AS is_excluded, is_named, report_no,
           covering_report_id IS NOT NULL AS is_covered, possible_probability IS NOT NULL AS is_possible
    FROM cb_standing i JOIN incident_judged USING (incident_no)
)
SELECT incident_no, day, municipality_code, age_days, delay_days, is_excluded, report_no, is_covered,
       CASE WHEN is_excluded THEN 'excluded'
            WHEN is_named THEN 'matched_reference'
            WHEN report_no IS NOT NULL AND delay_days <= $timely THEN 'matched_timely'
            WHEN report_no IS NOT NULL AND delay_days <= $late THEN 'matched_late'
            WHEN is_covered THEN 'covered_open_case'
            WHEN report_no IS NOT NULL THEN 'matched_very_late'
            WHEN is_possible THEN 'review'
            WHEN age_days < $late THEN 'pending'
            ELSE 'unmatched' END AS status
FROM judged
