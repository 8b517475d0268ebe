-- Filled and valid fields of persons, counted by source and month before they are laid out.
WITH person AS (
    SELECT source_id, CAST(date_trunc('month', event_date) AS DATE) AS day, count(*) AS rows, count(surname) AS surname,
           count(given_name) AS given_name, count(initials) AS initials, count(birth_date) AS birth_date, count(sex) AS sex,
           count(bsn_hmac) AS bsn, count(postcode) AS postcode, count(house_number) AS house_number,
           count(phone_hmac) AS phone, count(nullif(role, 'onbekend')) AS role
    FROM mention WHERE event_date IS NOT NULL GROUP BY ALL
)
SELECT 'person' AS figure, part, source_id, day, filled AS numerator, rows AS denominator, 0 AS censored
FROM (UNPIVOT person ON COLUMNS(* EXCLUDE (source_id, day, rows)) INTO NAME part VALUE filled)
