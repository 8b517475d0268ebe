-- Households with three or more incidents, and whether anybody ever reported them.
WITH often AS (
    SELECT household_id FROM kpi_incident WHERE is_counted AND household_id IS NOT NULL GROUP BY household_id HAVING count(*) >= 3
), last_of AS (
    SELECT household_id, max(day) AS day, arg_max(municipality_code, (reported_at, source_id, incident_number)) AS municipality_code
    FROM kpi_incident SEMI JOIN often USING (household_id) WHERE is_counted GROUP BY household_id
), judged AS (
    SELECT o.*, u.severity, household_id NOT IN (SELECT household_id FROM kpi_report WHERE household_id IS NOT NULL) AS is_alone
    FROM last_of o LEFT JOIN unified_case u USING (household_id)
)
SELECT 'households' AS figure, 'all' AS part, municipality_code, day, CAST(is_alone AS INTEGER) AS numerator,
       1 AS denominator, 0 AS censored
FROM judged
UNION ALL
SELECT 'colour', severity, municipality_code, day, 1, 0, 0 FROM judged WHERE is_alone
