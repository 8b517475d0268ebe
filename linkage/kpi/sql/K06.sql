-- Incidents without any link, by their age; those that wait apart from the gap.
SELECT status AS figure, age AS part, municipality_code, day, incidents AS numerator, 0 AS denominator, 0 AS censored
FROM kpi_count WHERE status IN ('unmatched', 'pending')
