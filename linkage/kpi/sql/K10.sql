-- Incidents of a household up to its first report, where the data look back far enough.
WITH first_case AS (
    SELECT household_id, min(day) AS day, arg_min(municipality_code, (received_at, source_id, report_id)) AS municipality_code
    FROM kpi_report WHERE household_id IS NOT NULL GROUP BY household_id
), counted AS (
    SELECT c.household_id, c.day, c.municipality_code, count(i.incident_number) AS incidents,
           c.day >= (SELECT min(day) FROM kpi_incident) + INTERVAL 24 MONTH AS is_known
    FROM first_case c LEFT JOIN kpi_incident i ON i.household_id = c.household_id AND i.is_counted AND i.day <= c.day
    GROUP BY ALL
)
SELECT 'households' AS figure, CASE WHEN incidents >= 4 THEN '4+' ELSE CAST(incidents AS VARCHAR) END AS part,
       municipality_code, day, CAST(coalesce(is_known, false) AS INTEGER) AS numerator, 0 AS denominator,
       CAST(NOT coalesce(is_known, false) AS INTEGER) AS censored
FROM counted
