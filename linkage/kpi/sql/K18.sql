-- The gap by the first cause that applies.
SELECT 'cause' AS figure, cause AS part, municipality_code, day, incidents AS numerator, 0 AS denominator, 0 AS censored
FROM kpi_count WHERE status = 'unmatched'
