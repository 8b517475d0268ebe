-- Who of an incident that counts, or of its household on that day, is a minor, or may be: null where
-- the birth date leaves it open.
WITH member AS (
    SELECT hash(household_id) AS household_no, hash(person_id) AS person_no, valid_until FROM household_member
), told AS (
    SELECT incident_no, person_no, true AS is_named, is_child, CAST(NULL AS BOOLEAN) AS is_young
    FROM kpi_named SEMI JOIN kpi_young USING (person_no)
    UNION ALL
    SELECT i.incident_no, y.person_no, false, NULL,
           CASE WHEN y.birth_earliest > i.day OR y.birth_latest + INTERVAL 18 YEAR <= i.day THEN false
                WHEN y.birth_earliest + INTERVAL 18 YEAR > i.day AND y.birth_latest <= i.day THEN true END
    FROM kpi_incident i JOIN member m USING (household_no) JOIN kpi_young y USING (person_no)
    WHERE i.is_counted AND (m.valid_until IS NULL OR m.valid_until > i.day)
)
SELECT incident_no, person_no, bool_or(is_named) AS is_named, coalesce(bool_or(is_child), bool_or(is_young)) AS is_minor
FROM told GROUP BY incident_no, person_no HAVING is_minor IS DISTINCT FROM false
