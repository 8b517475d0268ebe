-- Incidents by municipality and month, each in one of the parts; the bounds are the fitted interval, and never narrower
-- than when every review is counted one way.
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
), bounded AS (
    SELECT *, unmatched / nullif(incidents - excluded - pending - review, 0) AS gap_rate,
           unmatched / nullif(incidents - excluded - pending, 0) AS least_rate,
           (unmatched + review) / nullif(incidents - excluded - pending, 0) AS most_rate
    FROM counted
)
SELECT b.* EXCLUDE (least_rate, most_rate), least(least_rate, e.gap_rate_low) AS gap_rate_low,
       greatest(most_rate, e.gap_rate_high) AS gap_rate_high
FROM bounded b LEFT JOIN gap_estimate e
    ON e.municipality_code = b.municipality_code AND e.period = strftime(b.month, '%Y-%m')
ORDER BY 1, 2
