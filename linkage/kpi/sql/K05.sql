-- Every incident taken in, by its status.
SELECT 'status' AS figure, status AS part, municipality_code, day, 1 AS numerator, 0 AS denominator, 0 AS censored
FROM kpi_incident
