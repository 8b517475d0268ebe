-- Incidents of a household up to its first report, where the data look back far enough.
WITH counted AS (
    SELECT incidents_before_report AS incidents, CAST(first_report_at AS DATE) AS day,
           coalesce(first_report_municipality_code, 'onbekend') AS municipality_code,
           CAST(first_report_at AS DATE) >= (SELECT min(day) FROM kpi_incident) + INTERVAL 24 MONTH AS is_known
    FROM household_in_view WHERE first_report_at IS NOT NULL
)
SELECT 'households' AS figure, CASE WHEN incidents >= 4 THEN '4+' ELSE CAST(incidents AS VARCHAR) END AS part,
       municipality_code, day, CAST(coalesce(is_known, false) AS INTEGER) AS numerator, 0 AS denominator,
       CAST(NOT coalesce(is_known, false) AS INTEGER) AS censored
FROM counted
