-- Who of an incident that counts, or of its household on that day, is a minor, or may be: null where
-- the birth date leaves it open. Whom an incident calls a child is one; whom it names, is not told of by the household
-- unless the incident leaves it open.
WITH named AS MATERIALIZED (
    SELECT incident_no, person_no, is_child FROM kpi_named SEMI JOIN kpi_young USING (person_no)
), member AS MATERIALIZED (
    SELECT household_no, person_no, valid_until, birth_earliest, birth_latest
    FROM (SELECT hash(household_id) AS household_no, hash(person_id) AS person_no, valid_until FROM household_member)
    JOIN kpi_young USING (person_no)
), living AS MATERIALIZED (
    SELECT i.incident_no, m.person_no,
           CASE WHEN m.birth_earliest > i.day OR m.birth_latest + INTERVAL 18 YEAR <= i.day THEN false
                WHEN m.birth_earliest + INTERVAL 18 YEAR > i.day AND m.birth_latest <= i.day THEN true END AS is_young
    FROM kpi_incident i JOIN member m USING (household_no)
    WHERE i.is_counted AND (m.valid_until IS NULL OR m.valid_until > i.day)
), unsure AS (
    SELECT incident_no, person_no FROM named SEMI JOIN (FROM named WHERE is_child IS NULL) USING (incident_no, person_no)
    GROUP BY incident_no, person_no HAVING bool_or(is_child) IS NULL
)
SELECT incident_no, person_no, true AS is_named, true AS is_minor FROM named WHERE is_child
UNION ALL
SELECT incident_no, person_no, true, bool_or(is_young) FROM unsure LEFT JOIN living USING (incident_no, person_no)
GROUP BY incident_no, person_no HAVING bool_or(is_young) IS DISTINCT FROM false
UNION ALL
SELECT incident_no, person_no, false, is_young FROM living ANTI JOIN named USING (incident_no, person_no)
WHERE is_young IS DISTINCT FROM false
