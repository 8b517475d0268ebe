-- Assessments within five working days of receipt, of reports that are old enough.
SELECT 'in_time' AS figure, 'all' AS part, municipality_code, r.day,
       CAST(is_due AND coalesce(e.working_no - f.working_no <= 5, false) AS INTEGER) AS numerator,
       CAST(is_due AS INTEGER) AS denominator, CAST(NOT is_due AS INTEGER) AS censored
FROM (SELECT r.*, a.working_no - f.working_no >= 5 AS is_due
      FROM kpi_report r JOIN kpi_day f USING (day) JOIN kpi_day a ON a.day = $as_of) r
JOIN kpi_day f ON f.day = r.day LEFT JOIN kpi_day e ON e.day = r.safety_assessment_end
WHERE r.source_id IN (SELECT source_id FROM kpi_delivered WHERE field = 'safety_assessment_end')
