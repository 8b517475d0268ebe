-- Incidents with a minor that nobody reported.
SELECT figure, 'all' AS part, municipality_code, day,
       incidents * CAST(NOT has_care_report AND (status = 'unmatched'
                        OR (figure = 'unreported' AND status = 'covered_open_case')) AS INTEGER) AS numerator,
       incidents * CAST(status NOT IN ('review', 'pending') AS INTEGER) AS denominator,
       incidents * CAST(status IN ('review', 'pending') AS INTEGER) AS censored
FROM kpi_family, (VALUES ('unreported'), ('unseen')) AS f (figure)
WHERE minors = 'yes'
