-- Closures that left no other case of the household open, and what came after each.
WITH closed AS (
    SELECT household_id, closed_at, arg_min(municipality_code, (source_id, report_id)) AS municipality_code
    FROM fm_report c
    WHERE household_id IS NOT NULL AND closed_at IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM fm_report o WHERE o.household_id = c.household_id AND o.received_at <= c.closed_at
            AND (o.closed_at IS NULL OR o.closed_at > c.closed_at))
    GROUP BY household_id, closed_at
), after_it AS (
    SELECT c.*, i.reported_at AS next_incident_at, r.received_at AS next_report_at
    FROM closed c
    ASOF LEFT JOIN fm_incident i ON i.household_id = c.household_id AND i.reported_at > c.closed_at
    ASOF LEFT JOIN fm_report r ON r.household_id = c.household_id AND r.received_at > c.closed_at
)
SELECT *, row_number() OVER (PARTITION BY household_id, year(closed_at) ORDER BY closed_at) = 1 AS is_first_of_year,
       CAST(next_incident_at AS DATE) - CAST(closed_at AS DATE) AS days_to_incident,
       CAST(next_report_at AS DATE) - CAST(closed_at AS DATE) AS days_to_report
FROM after_it
