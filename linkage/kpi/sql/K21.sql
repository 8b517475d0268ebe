-- Households by colour, now and by the rule a month ago.
WITH seen AS (
    SELECT household_no, reported_at AS moment, municipality_code FROM kpi_incident WHERE is_counted AND household_no IS NOT NULL
    UNION ALL SELECT household_no, received_at, municipality_code FROM kpi_report WHERE household_no IS NOT NULL
), stayed AS (
    SELECT household_no, min(municipality_code) AS municipality_code, min(municipality_code) <> max(municipality_code) AS has_moved
    FROM seen GROUP BY household_no
), place AS (
    SELECT household_no, municipality_code FROM stayed WHERE NOT has_moved
    UNION ALL SELECT household_no, arg_max(municipality_code, (moment, municipality_code))
    FROM seen SEMI JOIN (FROM stayed WHERE has_moved) USING (household_no) GROUP BY household_no
), graded AS (
    SELECT hash(household_id) AS household_no, severity,
           list_position(['green', 'yellow', 'orange', 'red'], severity) AS grade,
           list_position(['green', 'yellow', 'orange', 'red'], severity_month_ago) AS before
    FROM household_colour
), moved AS (
    SELECT severity, coalesce(municipality_code, 'onbekend') AS municipality_code,
           CASE WHEN before IS NULL THEN 'new' WHEN grade > before THEN 'up' WHEN grade < before THEN 'down'
                ELSE 'same' END AS movement, count(*) AS households
    FROM graded LEFT JOIN place USING (household_no) GROUP BY ALL
)
SELECT figure, CASE figure WHEN 'colour' THEN severity ELSE movement END AS part,
       municipality_code, $as_of AS day, households AS numerator, 0 AS denominator, 0 AS censored
FROM moved, (VALUES ('colour'), ('movement')) AS f (figure)
