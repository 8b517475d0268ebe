-- The counts of every figure, by scope and period; persons once in each cell, quantiles over the amounts of each.
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
    SELECT kpi_code, figure, part, coalesce(period, 'all') AS period, numerator, denominator, censored, CAST(NULL AS DOUBLE) AS value,
           CASE WHEN by_municipality THEN 'municipality' WHEN by_source THEN 'source' WHEN by_unit THEN 'unit'
                WHEN by_channel THEN 'channel' WHEN by_reporter THEN 'reporter' ELSE 'all' END AS scope,
           CASE WHEN by_municipality THEN municipality_code WHEN by_source THEN source_id WHEN by_unit THEN unit
                WHEN by_channel THEN channel WHEN by_reporter THEN reporter ELSE 'all' END AS scope_code
    FROM counted WHERE NOT (by_period AND period IS NULL)
), persons AS (
    SELECT kpi_code, figure, 'all' AS part, coalesce(period, 'all') AS period,
           count(DISTINCT counted_no) AS numerator, 0 AS denominator, 0 AS censored, CAST(NULL AS DOUBLE) AS value,
           CASE WHEN GROUPING(municipality_code) = 0 THEN 'municipality' ELSE 'all' END AS scope,
           coalesce(municipality_code, 'all') AS scope_code
    FROM kpi_person
    GROUP BY kpi_code, figure, GROUPING SETS ((), (period), (municipality_code), (municipality_code, period))
), amounts AS (
    SELECT kpi_code, figure, coalesce(period, 'all') AS period, count(*) AS denominator,
           quantile_cont(amount, [0.5, 0.75, 0.9]) AS found,
           CASE WHEN GROUPING(municipality_code) = 0 THEN 'municipality' ELSE 'all' END AS scope,
           coalesce(municipality_code, 'all') AS scope_code
    FROM kpi_amount
    GROUP BY kpi_code, figure, GROUPING SETS ((), (period), (municipality_code), (municipality_code, period))
)
FROM named WHERE scope_code IS NOT NULL
UNION ALL BY NAME FROM persons
UNION ALL BY NAME
SELECT kpi_code, figure, f.part, period, NULL AS numerator, denominator, 0 AS censored,
       found[list_position([0.5, 0.75, 0.9], f.quantile)] AS value, scope, scope_code
FROM amounts JOIN kpi_figure f USING (kpi_code, figure)
