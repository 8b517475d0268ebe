-- How many incidents there are of each kind and year, for what asks nothing else of them.
SELECT source_id, municipality_code, unit, channel, status, is_counted, cause, min(day) AS day, count(*) AS incidents,
       CASE WHEN age_days <= 7 THEN '0-7' WHEN age_days <= 14 THEN '8-14' WHEN age_days <= 42 THEN '15-42'
            WHEN age_days <= 90 THEN '43-90' WHEN age_days <= 180 THEN '91-180' ELSE '>180' END AS age
FROM kpi_incident
GROUP BY source_id, municipality_code, unit, channel, status, is_counted, cause, age, year(day)
