-- Incidents that it is not sure which report answers, with each report that may and names no number: how likely that one
-- is, and how likely the report is about any incident at all. Left out is what is answered beyond doubt, and what an
-- open case would cover without its answer.
WITH free AS (
    SELECT a.incident_no, a.report_no, a.about, sum(a.about) OVER (PARTITION BY a.report_no) AS whole
    FROM link_edge a ANTI JOIN cb_named n ON n.report_no = a.report_no
), counted AS (
    SELECT incident_no, coalesce(i.municipality_code, 'onbekend') AS cell_municipality, strftime(i.day, '%Y-%m') AS cell_month,
           CASE WHEN s.status IN ('unmatched', 'review') THEN s.status ELSE 'answered' END AS standing
    FROM cb_standing i JOIN cb_status s USING (incident_no) LEFT JOIN gp_review r USING (incident_no)
    WHERE (s.status = 'unmatched' AND r.is_yes IS DISTINCT FROM false) OR s.status = 'review'
        OR (s.status IN ('matched_timely', 'matched_late', 'matched_very_late')
            AND NOT s.is_covered
            AND incident_no NOT IN (SELECT incident_no FROM free WHERE about >= $certain))
)
SELECT c.*, f.report_no, f.about, f.whole FROM counted c JOIN free f USING (incident_no)
ORDER BY f.report_no, c.incident_no
