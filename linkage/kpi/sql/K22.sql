-- Hand-overs that somebody should have confirmed by now.
SELECT 'transfers' AS figure, 'all' AS part, coalesce(municipality_code, 'onbekend') AS municipality_code,
       CAST(transfer_at AS DATE) AS day, CAST(CAST(transfer_at AS DATE) < $as_of - 14 AS INTEGER) AS numerator,
       0 AS denominator, CAST(CAST(transfer_at AS DATE) >= $as_of - 14 AS INTEGER) AS censored
FROM case_report WHERE contact_type = 'melding' AND transfer_at IS NOT NULL
