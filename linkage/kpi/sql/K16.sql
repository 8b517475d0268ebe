-- What came after the first closure of a household in a year, when no other case of it was open.
WITH closed AS (
    SELECT household_id, municipality_code, closed_at, CAST(closed_at AS DATE) AS day
    FROM kpi_report c
    WHERE household_id IS NOT NULL AND closed_at IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM kpi_report o WHERE o.household_id = c.household_id AND o.received_at <= c.closed_at
            AND (o.closed_at IS NULL OR o.closed_at > c.closed_at))
    QUALIFY row_number() OVER (PARTITION BY household_id, year(closed_at) ORDER BY closed_at, source_id, report_id) = 1
), next AS (
    SELECT c.household_id, c.closed_at, min(i.day) AS incident_day, min(r.day) AS report_day
    FROM closed c LEFT JOIN kpi_incident i ON i.household_id = c.household_id AND i.is_counted AND i.reported_at > c.closed_at
    LEFT JOIN kpi_report r ON r.household_id = c.household_id AND r.received_at > c.closed_at
    GROUP BY ALL
)
SELECT kind || '_' || days AS figure, 'all' AS part, municipality_code, day,
       CAST(day + days <= $as_of AND coalesce(
           CASE kind WHEN 'incident' THEN incident_day ELSE report_day END <= day + days, false) AS INTEGER) AS numerator,
       CAST(day + days <= $as_of AS INTEGER) AS denominator, CAST(day + days > $as_of AS INTEGER) AS censored
FROM closed JOIN next USING (household_id, closed_at), (VALUES ('incident'), ('report')) AS k (kind),
     (VALUES (90), (180), (365)) AS d (days)
