-- Incidents by their own date and place, reports of the police by theirs.
SELECT 'net' AS figure, 'all' AS part, municipality_code, day, incidents AS numerator, 0 AS denominator, 0 AS censored
FROM kpi_count WHERE is_counted
UNION ALL
SELECT 'net', 'all', municipality_code, day, 0, 1, 0 FROM kpi_report WHERE reporter = 'politie'
