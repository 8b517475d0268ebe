-- Households by colour, now and by the rule a month ago.
WITH seen AS (
    SELECT household_id, reported_at AS moment, municipality_code FROM kpi_incident WHERE is_counted AND household_id IS NOT NULL
    UNION ALL SELECT household_id, received_at, municipality_code FROM kpi_report WHERE household_id IS NOT NULL
), stayed AS (
    SELECT household_id, min(municipality_code) AS municipality_code, min(municipality_code) <> max(municipality_code) AS has_moved
    FROM seen GROUP BY household_id
), place AS (
    SELECT household_id, municipality_code FROM stayed WHERE NOT has_moved
    UNION ALL SELECT household_id, arg_max(municipality_code, (moment, municipality_code))
    FROM seen SEMI JOIN (FROM stayed WHERE has_moved) USING (household_id) GROUP BY household_id
), graded AS (
    SELECT household_id, severity, list_position(['green', 'yellow', 'orange', 'red'], severity) AS grade,
           list_position(['green', 'yellow', 'orange', 'red'], severity_month_ago) AS before
    FROM household_colour
), moved AS (
    SELECT severity, coalesce(municipality_code, 'onbekend') AS municipality_code,
           CASE WHEN before IS NULL THEN 'new' WHEN grade > before THEN 'up' WHEN grade < before THEN 'down'
                ELSE 'same' END AS movement
    FROM graded LEFT JOIN place USING (household_id)
)
SELECT figure, CASE figure WHEN 'colour' THEN severity ELSE movement END AS part,
       municipality_code, $as_of AS day, 1 AS numerator, 0 AS denominator, 0 AS censored
FROM moved, (VALUES ('colour'), ('movement')) AS f (figure)
