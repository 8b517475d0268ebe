-- Minors on incidents, in their households, and in a household without being named on its incident; once in a year and place.
WITH minor AS MATERIALIZED (
    SELECT person_no, municipality_code, year(day) AS same, min(day) AS day, bool_or(is_named) AS is_named,
           bool_or(NOT is_named) AS is_unnamed
    FROM kpi_child JOIN kpi_incident USING (incident_no) WHERE is_minor GROUP BY person_no, municipality_code, same
), once AS (
    FROM minor
    UNION ALL
    SELECT person_no, municipality_code, same, CASE WHEN GROUPING(same) = 0 THEN min(day) END, bool_or(is_named),
           bool_or(is_unnamed)
    FROM minor GROUP BY GROUPING SETS ((person_no), (person_no, same), (person_no, municipality_code))
), counted AS (
    SELECT municipality_code, min(day) AS day, count(*) FILTER (is_named) AS named, count(*) AS household,
           count(*) FILTER (is_unnamed) AS unregistered
    FROM once GROUP BY municipality_code, same
)
SELECT figure, municipality_code, day, numerator
FROM (UNPIVOT counted ON named, household, unregistered INTO NAME figure VALUE numerator)
