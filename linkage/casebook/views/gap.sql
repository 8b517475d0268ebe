-- Incidents by municipality and month, each in one of the parts; the bounds count every review one way.
WITH counted AS (
    SELECT coalesce(municipality_code, 'onbekend') AS municipality_code,
           CAST(date_trunc('month', day) AS DATE) AS month, count(*) AS incidents,
           count(*) FILTER (status IN ('matched_reference', 'matched_timely')) AS matched,
           count(*) FILTER (status IN ('matched_late', 'matched_very_late')) AS late,
           count(*) FILTER (status = 'covered_open_case') AS covered,
           count(*) FILTER (status = 'review') AS review,
           count(*) FILTER (status = 'pending') AS pending,
           count(*) FILTER (status = 'unmatched') AS unmatched,
           count(*) FILTER (status = 'excluded') AS excluded
    FROM cb_standing JOIN cb_status USING (incident_no) GROUP BY ALL
)
SELECT *, unmatched / nullif(incidents - excluded - pending - review, 0) AS gap_rate,
       unmatched / nullif(incidents - excluded - pending, 0) AS gap_rate_low,
       (unmatched + review) / nullif(incidents - excluded - pending, 0) AS gap_rate_high
FROM counted ORDER BY 1, 2
