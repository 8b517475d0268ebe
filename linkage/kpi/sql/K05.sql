-- Every incident taken in, by its status.
SELECT 'status' AS figure, status AS part, municipality_code, day, incidents AS numerator, 0 AS denominator, 0 AS censored
FROM kpi_count
