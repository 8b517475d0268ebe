-- What may still get a report: its time is not known yet.
SELECT 'censored' AS figure, 'all' AS part, municipality_code, day,
       incidents * CAST(status = 'pending' AS INTEGER) AS numerator, incidents AS denominator, 0 AS censored
FROM kpi_count WHERE is_counted
