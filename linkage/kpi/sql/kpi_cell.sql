-- The counts of every figure, by scope and period; persons once in each cell, quantiles over the amounts of each.
-- What was counted by what came and went tonight is added to what it was.
WITH counted AS (
    SELECT kpi_code, figure, part, municipality_code, source_id, unit, channel, reporter, period,
           GROUPING(municipality_code) = 0 AS by_municipality, GROUPING(source_id) = 0 AS by_source,
           GROUPING(unit) = 0 AS by_unit, GROUPING(channel) = 0 AS by_channel, GROUPING(reporter) = 0 AS by_reporter,
           GROUPING(period) = 0 AS by_period,
           sum(numerator) AS numerator, sum(denominator) AS denominator, sum(censored) AS censored
    FROM kpi_fact
    GROUP BY kpi_code, figure, part, GROUPING SETS (
        (), (period), (municipality_code), (municipality_code, period), (source_id), (source_id, period), (unit),
        (unit, period), (channel), (channel, period), (reporter), (reporter, period))
), named AS (
    SELECT kpi_code, figure, part, coalesce(period, 'all') AS period, numerator, denominator, censored,
           CASE WHEN by_municipality THEN 'municipality' WHEN by_source THEN 'source' WHEN by_unit THEN 'unit'
                WHEN by_channel THEN 'channel' WHEN by_reporter THEN 'reporter' ELSE 'all' END AS scope,
           CASE WHEN by_municipality THEN municipality_code WHEN by_source THEN source_id WHEN by_unit THEN unit
                WHEN by_channel THEN channel WHEN by_reporter THEN reporter ELSE 'all' END AS scope_code
    FROM counted WHERE NOT (by_period AND period IS NULL)
), moved AS (
    SELECT kpi_code, figure, part, scope, scope_code, period, sum(numerator) AS numerator, sum(denominator) AS denominator,
           sum(censored) AS censored
    FROM (FROM named SEMI JOIN kpi_was USING (kpi_code, figure) UNION ALL BY NAME FROM kpi_was)
    GROUP BY ALL HAVING sum(denominator) <> 0
), summed AS (
    FROM named ANTI JOIN kpi_was USING (kpi_code, figure) UNION ALL BY NAME FROM moved
), persons AS (
    SELECT kpi_code, figure, 'all' AS part, coalesce(period, 'all') AS period, numerator, 0 AS denominator, 0 AS censored,
           CAST(NULL AS DOUBLE) AS value, CASE WHEN municipality_code IS NULL THEN 'all' ELSE 'municipality' END AS scope,
           coalesce(municipality_code, 'all') AS scope_code
    FROM kpi_person
), amounts AS (
    SELECT kpi_code, figure, coalesce(period, 'all') AS period, amount, sum(records) AS records,
           CASE WHEN GROUPING(municipality_code) = 0 THEN 'municipality' ELSE 'all' END AS scope,
           coalesce(municipality_code, 'all') AS scope_code
    FROM kpi_amount
    GROUP BY kpi_code, figure, amount, GROUPING SETS ((), (period), (municipality_code), (municipality_code, period))
), ranked AS (
    SELECT *, sum(records) OVER (cell ORDER BY amount) AS upto, sum(records) OVER cell AS denominator
    FROM amounts WINDOW cell AS (PARTITION BY kpi_code, figure, scope, scope_code, period)
), placed AS (
    SELECT r.*, f.part, (denominator - 1) * f.quantile AS place FROM ranked r JOIN kpi_figure f USING (kpi_code, figure)
), bounds AS (
    SELECT kpi_code, figure, part, period, scope, scope_code, denominator, place - floor(place) AS beyond,
           min(amount) FILTER (upto > floor(place)) AS low, min(amount) FILTER (upto > ceil(place)) AS high
    FROM placed WHERE place IS NOT NULL GROUP BY ALL
)
SELECT *, CAST(NULL AS DOUBLE) AS value FROM summed WHERE scope_code IS NOT NULL
UNION ALL BY NAME FROM persons
UNION ALL BY NAME
SELECT kpi_code, figure, part, period, NULL AS numerator, denominator, 0 AS censored, low + (high - low) * beyond AS value,
       scope, scope_code
FROM bounds
