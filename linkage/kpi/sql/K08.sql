-- Assessments within five working days of receipt, of reports that are old enough.
SELECT 'in_time' AS figure, 'all' AS part, municipality_code, r.day,
       CAST(is_due AND state = 'met' AS INTEGER) AS numerator, CAST(is_due AS INTEGER) AS denominator,
       CAST(NOT is_due AS INTEGER) AS censored
FROM kpi_report r JOIN (
    SELECT hash(source_id, report_id) AS report_no, state, due_on <= $as_of AS is_due FROM report_term WHERE term = 'assessment'
) USING (report_no)
WHERE r.source_id IN (SELECT source_id FROM kpi_delivered WHERE field = 'safety_assessment_end')
