-- Incidents that count with the delay of their report, or the days without one; what an open case covers waits for none.
SELECT CASE WHEN status LIKE 'matched%' THEN delay_days END AS delay_days, age_days,
       status = 'pending' AS is_pending, coalesce(i.municipality_code, 'onbekend') AS cell_municipality,
       strftime(i.day, '%Y-%m') AS cell_month
FROM cb_standing i JOIN cb_status USING (incident_no)
WHERE NOT is_excluded AND status <> 'covered_open_case'
