-- Which chain saw a household first; a report up to early_days before the first incident counts as being after it.
WITH reported AS (
    SELECT household_id, min(received_at) AS first_report_at, count(*) AS reports,
           arg_min(municipality_code, (received_at, source_id, report_id)) AS first_report_municipality_code
    FROM fm_report WHERE household_id IS NOT NULL GROUP BY household_id
), happened AS (
    SELECT household_id, min(reported_at) AS first_incident_at, count(*) AS incidents,
           count(*) FILTER (first_report_at IS NULL OR day <= CAST(first_report_at AS DATE)) AS incidents_before_report
    FROM fm_incident LEFT JOIN reported USING (household_id) GROUP BY household_id
), counted AS (
    SELECT household_id, first_incident_at, first_report_at, first_report_municipality_code,
           coalesce(incidents, 0) AS incidents, coalesce(incidents_before_report, 0) AS incidents_before_report,
           coalesce(reports, 0) AS reports,
           CAST(first_report_at AS DATE) - CAST(first_incident_at AS DATE) AS days
    FROM happened FULL JOIN reported USING (household_id)
)
SELECT * EXCLUDE (days),
       CASE WHEN first_report_at IS NULL THEN 'no_report' WHEN first_incident_at IS NULL THEN 'no_incident'
            WHEN days < -$early THEN 'report' ELSE 'incident' END AS came_first,
       CASE WHEN days >= -$early THEN greatest(days, 0) END AS days_to_view
FROM counted
