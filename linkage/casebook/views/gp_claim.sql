-- Incidents that it is not sure which report answers, with each report that may and names no number: how likely that one
-- is, and how likely the report is about any incident at all. Left out is what is answered beyond doubt, and what an
-- open case would cover without its answer. Added up in whole numbers, as a sum differs in its last bits with the order.
WITH free AS (
    SELECT incident_no, report_no, about FROM link_edge ANTI JOIN cb_named USING (report_no)
), counted AS (
    SELECT incident_no, coalesce(municipality_code, 'onbekend') AS municipality_code,
           CAST(date_trunc('month', day) AS DATE) AS month,
           CASE WHEN status IN ('unmatched', 'review') THEN status ELSE 'answered' END AS standing
    FROM cb_status LEFT JOIN gp_review r USING (incident_no)
    WHERE (status = 'unmatched' AND r.is_yes IS DISTINCT FROM false) OR status = 'review'
        OR (status IN ('matched_timely', 'matched_late', 'matched_very_late') AND NOT is_covered
            AND incident_no NOT IN (SELECT incident_no FROM free WHERE about >= $certain))
), claim AS (
    SELECT incident_no, report_no, about, standing, cell
    FROM free JOIN counted USING (incident_no) JOIN gp_cell USING (municipality_code, month)
), told AS (
    SELECT report_no, sum(CAST(round(about * 1e9) AS BIGINT)) / 1e9 AS whole
    FROM free SEMI JOIN claim USING (report_no) GROUP BY report_no
)
SELECT incident_no, cell, standing, report_no, about, whole FROM claim JOIN told USING (report_no)
