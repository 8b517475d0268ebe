-- Feedback on reports of the police whose assessment has ended.
SELECT 'feedback' AS figure, 'all' AS part, coalesce(municipality_code, 'onbekend') AS municipality_code,
       CAST(received_at AS DATE) AS day, CAST(feedback_at IS NOT NULL AS INTEGER) AS numerator, 1 AS denominator, 0 AS censored
FROM case_report
WHERE contact_type = 'melding' AND reporter_category = 'politie' AND safety_assessment_end <= $as_of
  AND source_id IN (SELECT source_id FROM kpi_delivered WHERE field = 'feedback_at')
