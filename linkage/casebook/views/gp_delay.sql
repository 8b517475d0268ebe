-- Incidents that count, by the delay of their report, or the days without one; and those that a report may still come for,
-- by their cell. What an open case covers waits for none.
WITH counted AS (
    SELECT CASE WHEN status LIKE 'matched%' THEN delay_days END AS delay_days,
           CASE WHEN status NOT LIKE 'matched%' THEN age_days END AS age_days, status = 'pending' AS is_pending,
           CASE WHEN status = 'pending' THEN coalesce(municipality_code, 'onbekend') END AS municipality_code,
           CASE WHEN status = 'pending' THEN date_trunc('month', day) END AS month, count(*) AS incidents
    FROM cb_status WHERE NOT is_excluded AND status <> 'covered_open_case' GROUP BY ALL
)
SELECT delay_days, age_days, is_pending, cell, counted.incidents
FROM counted LEFT JOIN gp_cell USING (municipality_code, month)
