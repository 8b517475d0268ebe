-- Matched incidents whose report came late.
SELECT 'late' AS figure, 'all' AS part, municipality_code, unit, channel, day,
       CAST(status IN ('matched_late', 'matched_very_late') AS INTEGER) AS numerator, 1 AS denominator, 0 AS censored
FROM kpi_incident WHERE status LIKE 'matched%'
