-- Minors on incidents, in their households, and in a household without being named on its incident; once in a year and place.
WITH minor AS (
    SELECT c.person_no, i.municipality_code, min(i.day) AS day, bool_or(c.is_named) AS named, true AS household,
           bool_or(NOT c.is_named) AS unregistered
    FROM kpi_child c JOIN kpi_incident i USING (incident_no) WHERE c.is_minor
    GROUP BY c.person_no, i.municipality_code, year(i.day)
)
SELECT figure, municipality_code, day, person_no AS counted_no
FROM (UNPIVOT minor ON named, household, unregistered INTO NAME figure VALUE counts) WHERE counts
