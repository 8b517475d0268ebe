-- The kind of each report by the earlier reports of its household, beside the kind that was registered.
WITH several AS MATERIALIZED (
    SELECT report_no, household_no, received_at, closed_at, day FROM kpi_report
    SEMI JOIN (SELECT household_no FROM kpi_report GROUP BY household_no HAVING count(*) > 1) USING (household_no)
), earlier AS (
    SELECT r.report_no, bool_or(o.closed_at IS NULL OR o.closed_at > r.received_at) AS is_open
    FROM several r JOIN several o ON o.household_no = r.household_no AND o.received_at <= r.received_at
        AND (o.received_at < r.received_at OR o.report_no < r.report_no) AND o.day >= r.day - INTERVAL 3 YEAR
    GROUP BY r.report_no
), told AS (
    SELECT r.municipality_code, r.source_id, min(r.day) AS day, r.prior_involvement AS registered, count(*) AS reports,
           CASE WHEN e.is_open THEN 'vervolgmelding' WHEN e.is_open IS NOT NULL THEN 'hermelding' ELSE 'eerste' END AS derived
    FROM kpi_report r LEFT JOIN earlier e USING (report_no)
    GROUP BY r.municipality_code, r.source_id, year(r.day), registered, derived
)
SELECT figure, 'all' AS part, municipality_code, day,
       reports * CAST(CASE figure WHEN 'derived' THEN derived = 'hermelding'
                                  WHEN 'registered' THEN registered IS NOT DISTINCT FROM 'hermelding'
                                  ELSE derived <> registered END AS INTEGER) AS numerator, reports AS denominator, 0 AS censored
FROM told, (VALUES ('derived'), ('registered'), ('differ')) AS f (figure)
WHERE figure = 'derived' OR (source_id IN (SELECT source_id FROM kpi_delivered WHERE field = 'prior_involvement')
    AND (figure = 'registered' OR registered IN ('eerste', 'hermelding', 'vervolgmelding')))
