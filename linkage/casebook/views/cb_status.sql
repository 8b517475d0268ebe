-- The status of an incident: the first rule that applies.
WITH possible AS (
    SELECT incident_no, max(about) AS about FROM cb_link WHERE link_class = 'possible' GROUP BY incident_no
), judged AS (
    SELECT i.incident_no, greatest(i.known_until - i.day, least($as_of - i.day, 0)) AS age_days, c.delay_days,
           i.excluded_as IS NOT NULL AS is_excluded,
           c.link_class = 'reference' AS is_named,
           c.report_no IS NOT NULL AS is_linked,
           o.incident_no IS NOT NULL AS is_covered,
           p.incident_no IS NOT NULL AS is_possible,
           c.report_no, c.about AS probability, p.about AS possible_probability, o.report_id AS covering_report_id,
           o.source_id AS covering_report_source_id
    FROM cb_standing i LEFT JOIN cb_chosen c USING (incident_no) LEFT JOIN cb_open o USING (incident_no)
    LEFT JOIN possible p USING (incident_no)
)
SELECT *,
       CASE WHEN is_excluded THEN 'excluded'
            WHEN is_named THEN 'matched_reference'
            WHEN is_linked AND delay_days <= $timely THEN 'matched_timely'
            WHEN is_linked AND delay_days <= $late THEN 'matched_late'
            WHEN is_covered THEN 'covered_open_case'
            WHEN is_linked THEN 'matched_very_late'
            WHEN is_possible THEN 'review'
            WHEN age_days < $late THEN 'pending'
            ELSE 'unmatched' END AS status
FROM judged
