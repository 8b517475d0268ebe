-- The kind of each report by the earlier reports of its household, beside the kind that was registered.
WITH earlier AS (
    SELECT r.report_no, bool_or(o.closed_at IS NULL OR o.closed_at > r.received_at) AS is_open
    FROM kpi_report r JOIN kpi_report o ON o.household_id = r.household_id AND o.received_at <= r.received_at
        AND (o.received_at < r.received_at OR (o.source_id, o.report_id) < (r.source_id, r.report_id))
        AND o.day >= r.day - INTERVAL 3 YEAR
    GROUP BY r.report_no
), told AS (
    SELECT r.municipality_code, r.day, r.prior_involvement AS registered,
           CASE WHEN e.is_open THEN 'vervolgmelding' WHEN e.is_open IS NOT NULL THEN 'hermelding' ELSE 'eerste' END AS derived,
           source_id IN (SELECT source_id FROM kpi_delivered WHERE field = 'prior_involvement') AS is_delivered
    FROM kpi_report r LEFT JOIN earlier e USING (report_no)
)
SELECT figure, 'all' AS part, municipality_code, day,
       CAST(CASE figure WHEN 'derived' THEN derived = 'hermelding'
                        WHEN 'registered' THEN registered IS NOT DISTINCT FROM 'hermelding'
                        ELSE derived <> registered END AS INTEGER) AS numerator, 1 AS denominator, 0 AS censored
FROM told, (VALUES ('derived'), ('registered'), ('differ')) AS f (figure)
WHERE figure = 'derived' OR (is_delivered AND (figure = 'registered'
    OR registered IN ('eerste', 'hermelding', 'vervolgmelding')))
