-- The gap by the first cause that applies.
SELECT 'cause' AS figure, cause AS part, municipality_code, day, 1 AS numerator, 0 AS denominator, 0 AS censored
FROM kpi_incident WHERE status = 'unmatched'
