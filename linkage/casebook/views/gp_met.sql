-- Incidents that a probe names, and whether people or a household lead to one of those reports as well; young ones are
-- left out, like among the unmatched.
SELECT count(*) FILTER (is_met) AS met, count(*) FILTER (NOT is_met) AS unmet
FROM (
    SELECT p.incident_no, bool_or(c.incident_no IS NOT NULL) AS is_met
    FROM gp_probe p JOIN cb_standing i USING (incident_no) LEFT JOIN link_edge c USING (incident_no, report_no)
    WHERE i.known_until - i.day >= $late
    GROUP BY p.incident_no
)
