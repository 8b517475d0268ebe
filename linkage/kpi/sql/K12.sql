-- Matched incidents whose report came late.
SELECT 'late' AS figure, 'all' AS part, municipality_code, unit, channel, day,
       incidents * CAST(status IN ('matched_late', 'matched_very_late') AS INTEGER) AS numerator,
       incidents AS denominator, 0 AS censored
FROM kpi_count WHERE status LIKE 'matched%'
