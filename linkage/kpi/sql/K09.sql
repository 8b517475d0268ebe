-- Services that ended within ten weeks, of those that are old enough; by the day of their start.
SELECT 'in_time' AS figure, 'all' AS part, municipality_code, service_start AS day,
       CAST(is_due AND coalesce(service_end <= service_start + 70, false) AS INTEGER) AS numerator,
       CAST(is_due AS INTEGER) AS denominator, CAST(NOT is_due AS INTEGER) AS censored
FROM (SELECT *, service_start <= $as_of - 70 AS is_due FROM kpi_report)
WHERE service_start IS NOT NULL
