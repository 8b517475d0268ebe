-- Who may be a minor on an incident, by the birth dates or by a record: nobody else ever is, wherever they are named.
WITH bound AS (SELECT min(day) - INTERVAL 19 YEAR AS born FROM kpi_incident),
child AS (SELECT person_no FROM kpi_named WHERE is_child IS DISTINCT FROM false),
person AS (SELECT hash(person_id) AS person_no, birth_earliest, birth_latest FROM person_base)
FROM person WHERE birth_latest IS NULL OR birth_latest > (SELECT born FROM bound)
UNION ALL
FROM person SEMI JOIN child USING (person_no) WHERE birth_latest <= (SELECT born FROM bound)
