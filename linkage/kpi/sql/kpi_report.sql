-- Reports of contact type melding (C).
SELECT hash(source_id, report_id) AS report_no, source_id, received_at, CAST(received_at AS DATE) AS day, closed_at,
       CASE WHEN household_id IS NOT NULL THEN hash(household_id) END AS household_no,
       coalesce(municipality_code, 'onbekend') AS municipality_code, coalesce(reporter_category, 'onbekend') AS reporter,
       prior_involvement
FROM case_report WHERE contact_type = 'melding'
