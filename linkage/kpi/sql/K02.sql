-- The gap over what can be judged, and its bounds: every review counted one way.
SELECT figure, 'all' AS part, municipality_code, day,
       incidents * CAST(status = 'unmatched' OR (figure = 'high' AND status = 'review') AS INTEGER) AS numerator,
       incidents * CAST(figure <> 'rate' OR status <> 'review' AS INTEGER) AS denominator,
       incidents * CAST(figure = 'rate' AND status = 'review' AS INTEGER) AS censored
FROM kpi_count, (VALUES ('rate'), ('low'), ('high')) AS f (figure)
WHERE is_counted AND status <> 'pending'
