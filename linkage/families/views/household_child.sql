-- Members who are or may be children, by the first and the last day on which they can be born.
WITH member AS (
    SELECT household_id, person_id, bool_or(certainty = 'sure') AS is_sure
    FROM household_member WHERE valid_from <= $as_of AND (valid_until IS NULL OR valid_until > $as_of)
    GROUP BY household_id, person_id
), born AS (
    SELECT person_id, birth_earliest, birth_latest,
           year($as_of) - year(birth_earliest) - CAST(today < month(birth_earliest) * 100 + day(birth_earliest) AS INTEGER) AS oldest,
           year($as_of) - year(birth_latest) - CAST(today < month(birth_latest) * 100 + day(birth_latest) AS INTEGER) AS youngest
    FROM person_base SEMI JOIN member USING (person_id), (SELECT month($as_of) * 100 + day($as_of) AS today)
    WHERE birth_earliest IS NULL OR birth_latest > CAST($as_of - INTERVAL 19 YEAR AS DATE)
), named_child AS (
    SELECT person_id, max(event_date) AS last_named
    FROM (
        SELECT person_id, $mention_id AS mention_id
        FROM involvement SEMI JOIN (FROM born WHERE birth_earliest IS NULL) USING (person_id) WHERE standing = 'child'
    ) JOIN mention USING (mention_id) GROUP BY person_id
), aged AS (
    SELECT m.household_id, m.is_sure, n.last_named, b.*
    FROM member m JOIN born b USING (person_id) LEFT JOIN named_child n USING (person_id)
)
SELECT household_id, person_id, CASE WHEN is_sure AND oldest < 18 THEN 'certain' ELSE 'possible' END AS certainty,
       CASE WHEN oldest <= 3 THEN '0-3' WHEN youngest >= 4 AND oldest <= 11 THEN '4-11'
            WHEN youngest >= 12 AND oldest <= 17 THEN '12-17' ELSE 'unknown' END AS age_band
FROM aged
WHERE youngest < 18 OR (birth_earliest IS NULL AND last_named + INTERVAL 18 YEAR > $as_of)
