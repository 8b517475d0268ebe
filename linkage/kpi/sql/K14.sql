-- Incidents by whether a minor is involved.
SELECT 'incidents' AS figure, minors AS part, municipality_code, day, incidents AS numerator, 0 AS denominator, 0 AS censored
FROM kpi_family
