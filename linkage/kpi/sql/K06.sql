-- Incidents without any link, by their age; those that wait apart from the gap.
SELECT status AS figure,
       CASE WHEN age_days <= 7 THEN '0-7' WHEN age_days <= 14 THEN '8-14' WHEN age_days <= 42 THEN '15-42'
            WHEN age_days <= 90 THEN '43-90' WHEN age_days <= 180 THEN '91-180' ELSE '>180' END AS part,
       municipality_code, day, 1 AS numerator, 0 AS denominator, 0 AS censored
FROM kpi_incident WHERE status IN ('unmatched', 'pending')
