-- Incidents that nobody reported, known family or not, over what can be judged.
SELECT 'rate' AS figure, 'all' AS part, municipality_code, day,
       incidents * CAST(status IN ('unmatched', 'covered_open_case') AS INTEGER) AS numerator,
       incidents * CAST(status NOT IN ('review', 'pending') AS INTEGER) AS denominator,
       incidents * CAST(status IN ('review', 'pending') AS INTEGER) AS censored
FROM kpi_count WHERE is_counted
