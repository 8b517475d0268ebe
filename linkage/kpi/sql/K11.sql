-- Households with three or more incidents, and whether anybody ever reported them.
WITH often AS (
    SELECT household_no FROM kpi_incident WHERE is_counted AND household_no IS NOT NULL GROUP BY household_no HAVING count(*) >= 3
), last_of AS (
    SELECT household_no, max(day) AS day, arg_max(municipality_code, (reported_at, municipality_code)) AS municipality_code
    FROM kpi_incident SEMI JOIN often USING (household_no) WHERE is_counted GROUP BY household_no
), reported AS (
    SELECT DISTINCT household_no FROM kpi_report SEMI JOIN often USING (household_no)
), judged AS (
    SELECT o.*, u.severity, r.household_no IS NULL AS is_alone
    FROM last_of o LEFT JOIN (SELECT hash(household_id) AS household_no, severity FROM unified_case) u USING (household_no)
    LEFT JOIN reported r USING (household_no)
)
SELECT 'households' AS figure, 'all' AS part, municipality_code, day, CAST(is_alone AS INTEGER) AS numerator,
       1 AS denominator, 0 AS censored
FROM judged
UNION ALL
SELECT 'colour', severity, municipality_code, day, 1, 0, 0 FROM judged WHERE is_alone
