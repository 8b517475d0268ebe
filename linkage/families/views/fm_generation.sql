-- Who was named as a child and is grown now, and who of them is party as an adult. A person link of its own right: the
-- two mentions agree on the BSN or on the whole birth date. Each person counts where it was named last.
WITH once_child AS (
    SELECT person_id FROM (FROM person_base WHERE birth_latest <= $last_born)
    SEMI JOIN (FROM involvement WHERE is_child AND standing <> 'outsider') USING (person_id)
), counted AS (
    SELECT person_id, is_child, $mention_id AS mention_id,
           standing = 'principal' AND role IN ('verdachte', 'pleger', 'beide') AS is_suspect,
           standing = 'principal' AND role IN ('slachtoffer', 'aangever', 'benadeelde', 'beide') AS is_victim
    FROM (FROM involvement SEMI JOIN once_child USING (person_id) WHERE standing <> 'outsider')
    ANTI JOIN (SELECT source_id, 'incident' AS record_kind, incident_number AS record_id FROM incident_status
               WHERE status = 'excluded') USING (source_id, record_kind, record_id)
), named AS MATERIALIZED (
    SELECT c.*, m.event_date, m.bsn_hmac, m.birth_date, m.municipality_code FROM counted c JOIN mention m USING (mention_id)
), grown AS (
    SELECT person_id, coalesce(arg_max(municipality_code, (event_date, mention_id)), 'onbekend') AS municipality_code
    FROM named GROUP BY person_id HAVING bool_or(is_child)
), returned AS (
    SELECT a.person_id, bool_or(a.is_suspect) AS is_suspect, bool_or(a.is_victim) AS is_victim
    FROM named a JOIN named c ON c.person_id = a.person_id AND c.is_child AND c.event_date < a.event_date
        AND (c.bsn_hmac = a.bsn_hmac OR c.birth_date = a.birth_date)
    WHERE NOT a.is_child AND (a.is_suspect OR a.is_victim)
    GROUP BY a.person_id
), parent AS (
    SELECT DISTINCT m.person_id
    FROM household_member m SEMI JOIN returned USING (person_id) JOIN household_child c USING (household_id)
    WHERE m.valid_from <= $as_of AND (m.valid_until IS NULL OR m.valid_until > $as_of) AND c.person_id <> m.person_id
)
SELECT municipality_code, count(*) AS grown_children, count(r.person_id) AS returned,
       count(*) FILTER (r.is_suspect) AS as_suspect, count(*) FILTER (r.is_victim) AS as_victim,
       count(*) FILTER (r.person_id IS NOT NULL AND p.person_id IS NOT NULL) AS next_generation
FROM grown g LEFT JOIN returned r USING (person_id) LEFT JOIN parent p USING (person_id)
GROUP BY municipality_code ORDER BY municipality_code
