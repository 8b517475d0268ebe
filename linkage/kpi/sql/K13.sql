-- Reports that answer no incident and whose household has none near; the last month is not complete.
WITH near AS (
    SELECT report_no FROM kpi_report r SEMI JOIN (FROM incident_link WHERE link_class <> 'possible') l
        ON l.report_source_id = r.source_id AND l.report_id = r.report_id
    UNION ALL
    SELECT report_no FROM kpi_report r SEMI JOIN (FROM kpi_incident WHERE is_counted) i
        ON i.household_id = r.household_id AND i.day >= r.day - 365 AND i.day <= r.day + 30
)
SELECT 'without' AS figure, 'all' AS part, municipality_code, reporter, day,
       CAST(day <= $as_of - 30 AND report_no NOT IN (FROM near) AS INTEGER) AS numerator,
       CAST(day <= $as_of - 30 AS INTEGER) AS denominator, CAST(day > $as_of - 30 AS INTEGER) AS censored
FROM kpi_report
