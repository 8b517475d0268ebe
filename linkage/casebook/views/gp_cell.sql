-- Incidents by municipality and month, by what the estimate needs of them, and the reports of the police beside them.
WITH known AS (
    SELECT coalesce(municipality_code, 'onbekend') AS municipality_code, CAST(date_trunc('month', day) AS DATE) AS month,
           count(*) AS known
    FROM cb_status JOIN gp_review USING (incident_no) WHERE status = 'unmatched' AND NOT is_yes GROUP BY ALL
), report AS (
    SELECT coalesce(municipality_code, 'onbekend') AS municipality_code, CAST(month AS DATE) AS month, sum(reports) AS reports
    FROM (
        SELECT municipality_code, date_trunc('month', day) AS month, count(*) AS reports
        FROM report_base WHERE is_by_police GROUP BY ALL
    ) GROUP BY ALL
)
SELECT row_number() OVER (ORDER BY municipality_code, month) - 1 AS cell, municipality_code, month,
       strftime(month, '%Y-%m') AS period, incidents, incidents - excluded - pending AS judged, excluded, pending, covered,
       unmatched, known, review, by_number + timely + late AS matched, timely + late AS answered, reports
FROM cb_count FULL JOIN report USING (municipality_code, month) LEFT JOIN known USING (municipality_code, month)
