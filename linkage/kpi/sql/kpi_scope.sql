-- What figures are split by: every municipality, source, unit, channel and reporter there is, so that a nought is told as well.
SELECT DISTINCT scope, scope_code FROM (
    SELECT 'municipality' AS scope, municipality_code AS scope_code FROM kpi_count WHERE is_counted
    UNION ALL SELECT scope, scope_code FROM kpi_cell WHERE scope IN ('municipality', 'source')
    UNION ALL SELECT 'source', source_id FROM kpi_report
    UNION ALL SELECT 'unit', unit FROM kpi_count
    UNION ALL SELECT 'channel', channel FROM kpi_count
    UNION ALL SELECT 'reporter', reporter FROM kpi_report)
WHERE scope_code IS NOT NULL
UNION ALL SELECT 'all', 'all'
