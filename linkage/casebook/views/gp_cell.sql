-- Incidents by municipality and month, by what the estimate needs of them, and the reports of the police beside them.
WITH incident AS (
    SELECT coalesce(municipality_code, 'onbekend') AS municipality_code, strftime(day, '%Y-%m') AS month,
           count(*) AS incidents,
           count(*) FILTER (status NOT IN ('excluded', 'pending')) AS judged,
           count(*) FILTER (status = 'excluded') AS excluded, count(*) FILTER (status = 'pending') AS pending,
           count(*) FILTER (status = 'covered_open_case') AS covered,
           count(*) FILTER (status = 'unmatched') AS unmatched,
           count(*) FILTER (status = 'unmatched' AND NOT is_yes) AS known, count(*) FILTER (status = 'review') AS review,
           count(*) FILTER (status LIKE 'matched%') AS matched,
           count(*) FILTER (status IN ('matched_timely', 'matched_late', 'matched_very_late')) AS answered
    FROM cb_standing JOIN cb_status USING (incident_no) LEFT JOIN gp_review USING (incident_no) GROUP BY ALL
), report AS (
    SELECT coalesce(municipality_code, 'onbekend') AS municipality_code, strftime(day, '%Y-%m') AS month,
           count(*) AS reports
    FROM report_base WHERE is_by_police GROUP BY ALL
)
SELECT municipality_code, month, COLUMNS(incident.* EXCLUDE (municipality_code, month)), reports
FROM incident FULL JOIN report USING (municipality_code, month) ORDER BY 1, 2
