-- Reports of contact type melding (C).
SELECT * REPLACE (coalesce(municipality_code, 'onbekend') AS municipality_code),
       CAST(received_at AS DATE) AS day, coalesce(reporter_category, 'onbekend') AS reporter
FROM case_report WHERE contact_type = 'melding'
