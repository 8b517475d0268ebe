-- Reports that answer no incident and whose household has none near; the last month is not complete.
WITH answer AS (
    SELECT hash(report_source_id, report_id) AS report_no FROM incident_link WHERE link_class <> 'possible'
), counted AS (
    SELECT household_no, day FROM kpi_incident WHERE is_counted
)
SELECT 'without' AS figure, 'all' AS part, municipality_code, reporter, day, 0 AS numerator,
       CAST(day <= $as_of - 30 AS INTEGER) AS denominator, CAST(day > $as_of - 30 AS INTEGER) AS censored
FROM kpi_report
UNION ALL
SELECT 'without', 'all', municipality_code, reporter, r.day, 1, 0, 0
FROM kpi_report r ANTI JOIN answer USING (report_no)
ANTI JOIN counted i ON i.household_no = r.household_no AND i.day >= r.day - 365 AND i.day <= r.day + 30
WHERE r.day <= $as_of - 30
