-- Filled and valid fields of incidents and reports, counted by source and month before they are laid out.
WITH incidents AS (
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
    SELECT 'incident' AS figure, * FROM (UNPIVOT incidents ON COLUMNS(* EXCLUDE (source_id, day, rows)) INTO NAME part VALUE filled)
    UNION ALL
    SELECT 'report', * FROM (UNPIVOT reports ON COLUMNS(* EXCLUDE (source_id, day, rows)) INTO NAME part VALUE filled)
)
SELECT figure, part, source_id, day, filled AS numerator, rows AS denominator, 0 AS censored FROM laid_out
