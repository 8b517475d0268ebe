-- Reports of contact type melding (C).
SELECT row_number() OVER () AS report_no, source_id, report_id, household_id, received_at, CAST(received_at AS DATE) AS day,
       coalesce(municipality_code, 'onbekend') AS municipality_code, coalesce(reporter_category, 'onbekend') AS reporter,
       closed_at, prior_involvement, safety_assessment_end, service_start, transfer_at, feedback_at
FROM case_report WHERE contact_type = 'melding'
