-- Incidents that were entered twice.
SELECT 'incidents' AS figure, 'all' AS part, municipality_code, source_id, day,
       incidents * CAST(cause IS NOT DISTINCT FROM 'technical_duplicate' AS INTEGER) AS numerator, incidents AS denominator,
       0 AS censored
FROM kpi_count
