-- Services that ended within ten weeks, of those that are old enough; by the day of their start.
SELECT 'in_time' AS figure, 'all' AS part, municipality_code, t.started_on AS day,
       CAST(is_due AND state = 'met' AS INTEGER) AS numerator, CAST(is_due AS INTEGER) AS denominator,
       CAST(NOT is_due AS INTEGER) AS censored
FROM kpi_report JOIN (
    SELECT hash(source_id, report_id) AS report_no, started_on, state, due_on <= $as_of AS is_due
    FROM report_term WHERE term = 'investigation'
) t USING (report_no)
