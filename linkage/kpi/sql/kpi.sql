-- Every figure for every scope and period there is: what was counted, or a nought, or why it cannot be told.
WITH span AS (
    SELECT least((SELECT min(day) FROM kpi_count), (SELECT min(day) FROM kpi_report)) AS first_day
), period AS (
    SELECT DISTINCT kpi_code, period FROM (
        SELECT kpi_code, coalesce(c.period, 'all') AS period FROM kpi_figure LEFT JOIN kpi_cell c USING (kpi_code)
        UNION ALL SELECT kpi_code, 'all' FROM kpi_figure
        UNION ALL SELECT kpi_code, y.period FROM kpi_figure,
            (SELECT DISTINCT strftime(day, '%Y') AS period FROM kpi_count) y WHERE has_periods AND NOT list_contains(scopes, 'source'))
), grid AS (
    SELECT f.*, s.scope, s.scope_code, p.period
    FROM kpi_figure f JOIN kpi_scope s ON s.scope = 'all' OR list_contains(f.scopes, s.scope) JOIN period p USING (kpi_code)
), counted AS (
    SELECT g.*, coalesce(c.numerator, 0) AS numerator, coalesce(c.censored, 0) AS censored, c.value,
           CASE WHEN g.is_distribution THEN coalesce(sum(c.numerator) OVER whole, 0)
                ELSE coalesce(c.denominator, 0) END AS denominator,
           sum(coalesce(c.censored, 0)) OVER whole AS all_censored,
           (g.is_absent OR (g.needs IS NOT NULL AND NOT EXISTS (
               SELECT 1 FROM kpi_delivered d WHERE d.field = g.needs))) AS is_missing
    FROM grid g LEFT JOIN kpi_cell c USING (kpi_code, figure, part, scope, scope_code, period)
    WINDOW whole AS (PARTITION BY g.kpi_code, g.figure, g.scope, g.scope_code, g.period)
), told AS (
    SELECT *, CASE WHEN is_missing THEN 'not_delivered' WHEN is_unknown THEN 'no_truth'
                   WHEN unit <> 'count' AND unit <> 'difference' AND denominator = 0 THEN 'nothing_to_count'
                   ELSE 'computed' END AS status
    FROM counted
    WHERE NOT (kpi_code = 'K19' AND denominator = 0)
)
SELECT kpi_code, figure, part, scope, scope_code, period, unit, norm, status,
       CASE WHEN status IN ('computed', 'nothing_to_count') AND quantile IS NULL THEN numerator END AS numerator,
       CASE WHEN status IN ('computed', 'nothing_to_count') AND unit <> 'count' THEN denominator END AS denominator,
       CASE WHEN status IN ('computed', 'nothing_to_count') THEN CASE WHEN is_distribution THEN all_censored ELSE censored END END AS censored,
       CASE WHEN status = 'computed' THEN CASE WHEN unit = 'count' THEN CAST(numerator AS DOUBLE)
            WHEN unit = 'difference' THEN CAST(numerator - denominator AS DOUBLE)
            WHEN unit = 'share' THEN numerator / denominator ELSE value END END AS value,
       CASE WHEN period = 'all' THEN first_day
            ELSE greatest(first_day, CAST(period || CASE WHEN len(period) = 4 THEN '-01-01' ELSE '-01' END AS DATE)) END AS window_start,
       CASE WHEN period = 'all' THEN $as_of WHEN len(period) = 4 THEN least($as_of, CAST(period || '-12-31' AS DATE))
            ELSE least($as_of, last_day(CAST(period || '-01' AS DATE))) END AS window_end,
       $as_of AS as_of, $late AS late_days, $timely AS timely_days
FROM told, span
ORDER BY kpi_code, number, scope, scope_code, period
