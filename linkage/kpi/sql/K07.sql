-- What may still get a report: its time is not known yet.
SELECT 'censored' AS figure, 'all' AS part, municipality_code, day, CAST(status = 'pending' AS INTEGER) AS numerator,
       1 AS denominator, 0 AS censored
FROM kpi_incident WHERE is_counted
