-- Persons without anything that identifies.
SELECT b.person_id, b.sex, b.birth_year, b.mentions, known_at_police, known_at_steunpunt
FROM person_base b JOIN (
    SELECT person_id, bool_or(record_kind = 'incident') AS known_at_police,
           bool_or(record_kind = 'case') AS known_at_steunpunt
    FROM mention JOIN mention_person USING (mention_id) GROUP BY person_id
) USING (person_id)
