-- Filled and valid fields of persons, incidents and reports, counted by source and month before they are laid out.
WITH person AS (
    SELECT source_id, CAST(date_trunc('month', event_date) AS DATE) AS day, count(*) AS rows, count(surname) AS surname,
           count(given_name) AS given_name, count(initials) AS initials, count(birth_date) AS birth_date, count(sex) AS sex,
           count(bsn_hmac) AS bsn, count(postcode) AS postcode, count(house_number) AS house_number,
           count(phone_hmac) AS phone, count(nullif(role, 'onbekend')) AS role
    FROM mention WHERE event_date IS NOT NULL GROUP BY ALL
), incidents AS (
    SELECT source_id, CAST(date_trunc('month', reported_at) AS DATE) AS day, count(*) AS rows, count(dv_flag) AS dv_flag,
           count(nullif(dv_form, '')) AS dv_form, count(nullif(relation_type, '')) AS relation_type, count(nullif(mk_code, '')) AS mk_code,
           count(nullif(risk_level, 'onbekend')) AS risk_level, count(nullif(children_present, 'onbekend')) AS children_present,
           count(police_unit_code) AS police_unit, count(incident_municipality_code) AS municipality
    FROM police_incident WHERE record_status <> 'ingetrokken' GROUP BY ALL
), reports AS (
    SELECT source_id, CAST(date_trunc('month', received_at) AS DATE) AS day, count(*) AS rows,
           count(nullif(reporter_category, 'onbekend')) AS reporter, count(reporter_reference) AS reporter_reference,
           count(municipality_code) AS municipality,
           count(*) FILTER (len(list_filter(nature_of_violence, lambda x: x <> 'onbekend')) > 0) AS nature_of_violence,
           count(nullif(prior_involvement, 'onbekend')) AS prior_involvement,
           count(nullif(safety_outcome, 'onbekend')) AS safety_outcome, count(follow_up_decision) AS follow_up_decision
    FROM steunpunt_report WHERE record_status <> 'ingetrokken' AND contact_type = 'melding' GROUP BY ALL
), laid_out AS (
    SELECT 'person' AS figure, * FROM (UNPIVOT person ON COLUMNS(* EXCLUDE (source_id, day, rows)) INTO NAME part VALUE filled)
    UNION ALL
    SELECT 'incident', * FROM (UNPIVOT incidents ON COLUMNS(* EXCLUDE (source_id, day, rows)) INTO NAME part VALUE filled)
    UNION ALL
    SELECT 'report', * FROM (UNPIVOT reports ON COLUMNS(* EXCLUDE (source_id, day, rows)) INTO NAME part VALUE filled)
)
SELECT figure, part, source_id, day, filled AS numerator, rows AS denominator, 0 AS censored FROM laid_out
