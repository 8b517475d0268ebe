-- Who may be a minor on an incident, by the birth dates or by a record: nobody else ever is, wherever they are named.
WITH bound AS (SELECT min(day) - INTERVAL 19 YEAR AS born FROM kpi_incident),
child AS (SELECT person_id FROM kpi_named WHERE is_child IS DISTINCT FROM false)
SELECT row_number() OVER () AS person_no, person_id, birth_earliest, birth_latest
FROM (
    SELECT person_id, birth_earliest, birth_latest FROM person_base
    WHERE birth_latest IS NULL OR birth_latest > (SELECT born FROM bound)
    UNION ALL
    SELECT person_id, birth_earliest, birth_latest FROM person_base SEMI JOIN child USING (person_id)
    WHERE birth_latest <= (SELECT born FROM bound)
)
