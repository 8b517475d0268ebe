-- What waits for reviewers, and what they decided against the model.
WITH held AS (
    SELECT d.verdict, p.match_probability FROM decision d LEFT JOIN pair p USING (left_id, right_id) WHERE d.outcome = 'applied'
)
SELECT 'pairs_open' AS figure, 'all' AS part, $as_of AS day, 1 AS numerator, 0 AS denominator, 0 AS censored
FROM possible_person_link WHERE NOT is_unsure
UNION ALL
SELECT 'incidents_open', 'all', $as_of, incidents, 0, 0 FROM kpi_count WHERE status = 'review'
UNION ALL
SELECT 'decided', 'all', $as_of, 1, 0, 0 FROM held
UNION ALL
SELECT 'overturned', 'all', $as_of,
       CAST(CASE verdict WHEN 'different' THEN coalesce(match_probability >= $sure, false)
                         ELSE coalesce(match_probability < $possible, true) END AS INTEGER), 1, 0
FROM held WHERE verdict <> 'unsure'
