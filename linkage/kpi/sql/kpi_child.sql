-- Who of an incident that counts, or of its household on that day, is a minor; null: the birth date leaves it open.
WITH named AS (
    SELECT i.source_id, i.incident_number, v.person_id, bool_or(v.is_child) AS is_minor
    FROM involvement v JOIN kpi_incident i
        ON v.record_kind = 'incident' AND v.source_id = i.source_id AND v.record_id = i.incident_number
    WHERE i.is_counted AND v.standing IS DISTINCT FROM 'outsider' GROUP BY ALL
), member AS (
    SELECT DISTINCT i.source_id, i.incident_number, m.person_id,
           CASE WHEN b.birth_earliest > i.day OR b.birth_latest + INTERVAL 18 YEAR <= i.day THEN false
                WHEN b.birth_earliest + INTERVAL 18 YEAR > i.day AND b.birth_latest <= i.day THEN true END AS is_minor
    FROM kpi_incident i JOIN household_member m USING (household_id) LEFT JOIN person_base b USING (person_id)
    WHERE i.is_counted AND (m.valid_until IS NULL OR m.valid_until > i.day)
)
SELECT source_id, incident_number, person_id, n.person_id IS NOT NULL AS is_named,
       CASE WHEN n.person_id IS NULL THEN m.is_minor ELSE coalesce(n.is_minor, m.is_minor) END AS is_minor
FROM named n FULL JOIN member m USING (source_id, incident_number, person_id)
