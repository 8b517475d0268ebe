-- Reports that may answer an incident: advice never, a withdrawn report neither. Its people stand on its case.
SELECT $report_no AS report_no, CASE WHEN r.case_id IS NOT NULL THEN $case_no END AS case_no, r.source_id, r.report_id,
       r.case_id, r.received_at, CAST(r.received_at AS DATE) AS day, r.closed_at,
       coalesce(place.counted_as_code, r.municipality_code) AS municipality_code, r.reporter_reference, r.intake_channel,
       h.household_id,
       (coalesce(r.reporter_category, 'onbekend') IN ('politie', 'onbekend')
        OR regexp_matches(lower(coalesce(r.reporter_role, '')), '^pol\b|politie|wijkagent')) AS is_by_police
FROM steunpunt_report r
LEFT JOIN record_household h ON h.record_kind = 'case' AND h.source_id = r.source_id AND h.record_id = r.case_id
LEFT JOIN municipality place USING (municipality_code)
WHERE r.contact_type = 'melding' AND r.record_status IS DISTINCT FROM 'ingetrokken'
