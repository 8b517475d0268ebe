-- The gap, with the incidents of known families beside it.
SELECT 'incidents' AS figure, status AS part, municipality_code, day, 1 AS numerator, 0 AS denominator, 0 AS censored
FROM kpi_incident WHERE status IN ('unmatched', 'covered_open_case')
