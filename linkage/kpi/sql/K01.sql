-- The gap, with the incidents of known families beside it.
SELECT 'incidents' AS figure, status AS part, municipality_code, day, incidents AS numerator, 0 AS denominator, 0 AS censored
FROM kpi_count WHERE status IN ('unmatched', 'covered_open_case')
