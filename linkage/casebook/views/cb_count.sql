-- Incidents by municipality and month, by their status.
WITH counted AS (
    SELECT municipality_code, date_trunc('month', day) AS month, status, count(*) AS incidents
    FROM cb_status GROUP BY ALL
), told AS (
    SELECT coalesce(municipality_code, 'onbekend') AS municipality_code, CAST(month AS DATE) AS month, sum(incidents) AS incidents,
           sum(incidents) FILTER (status = 'matched_reference') AS by_number,
           sum(incidents) FILTER (status = 'matched_timely') AS timely,
           sum(incidents) FILTER (status IN ('matched_late', 'matched_very_late')) AS late,
           sum(incidents) FILTER (status = 'covered_open_case') AS covered,
           sum(incidents) FILTER (status = 'review') AS review,
           sum(incidents) FILTER (status = 'pending') AS pending,
           sum(incidents) FILTER (status = 'unmatched') AS unmatched,
           sum(incidents) FILTER (status = 'excluded') AS excluded
    FROM counted GROUP BY ALL
)
SELECT municipality_code, month, CAST(coalesce(COLUMNS(* EXCLUDE (municipality_code, month)), 0) AS BIGINT) FROM told
