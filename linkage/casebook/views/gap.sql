-- Incidents by municipality and month, each in one of the parts; the bounds are the fitted interval, and never narrower
-- than when every review is counted one way.
WITH bounded AS (
    SELECT municipality_code, month, incidents, by_number + timely AS matched, late, covered, review, pending, unmatched, excluded,
           unmatched / nullif(incidents - excluded - pending - review, 0) AS gap_rate,
           unmatched / nullif(incidents - excluded - pending, 0) AS least_rate,
           (unmatched + review) / nullif(incidents - excluded - pending, 0) AS most_rate
    FROM cb_count
)
SELECT b.* EXCLUDE (least_rate, most_rate), least(least_rate, e.gap_rate_low) AS gap_rate_low,
       greatest(most_rate, e.gap_rate_high) AS gap_rate_high
FROM bounded b LEFT JOIN gap_estimate e
    ON e.municipality_code = b.municipality_code AND e.period = strftime(b.month, '%Y-%m')
ORDER BY 1, 2
