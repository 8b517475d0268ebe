-- Reports that answer no incident and whose household has none near; the last month is not complete.
WITH near AS (
    SELECT report_source_id AS source_id, report_id FROM incident_link WHERE link_class <> 'possible'
    UNION
    SELECT r.source_id, r.report_id FROM kpi_report r JOIN kpi_incident i ON i.household_id = r.household_id
    WHERE i.is_counted AND i.day BETWEEN r.day - 365 AND r.day + 30
)
SELECT 'without' AS figure, 'all' AS part, municipality_code, reporter, day,
       CAST(day <= $as_of - 30 AND n.report_id IS NULL AS INTEGER) AS numerator,
       CAST(day <= $as_of - 30 AS INTEGER) AS denominator, CAST(day > $as_of - 30 AS INTEGER) AS censored
FROM kpi_report LEFT JOIN near n USING (source_id, report_id)
