-- Reports and advice that are not withdrawn; advice names nobody and has no household of its own.
SELECT r.source_id, r.report_id, r.case_id, r.contact_type, r.received_at,
       coalesce(place.counted_as_code, r.municipality_code) AS municipality_code,
       r.municipality_code AS reported_municipality_code, r.reporter_category,
       r.closed_at, CASE WHEN r.contact_type = 'melding' THEN h.household_id END AS household_id, r.registered_at,
       r.prior_involvement, r.safety_outcome, r.safety_assessment_start, r.safety_assessment_end, r.service_start,
       r.service_end, r.transfer_at, r.feedback_at
FROM steunpunt_report r
LEFT JOIN record_household h ON h.record_kind = 'case' AND h.source_id = r.source_id AND h.record_id = r.case_id
LEFT JOIN municipality place ON place.municipality_code = r.municipality_code
WHERE r.record_status IS DISTINCT FROM 'ingetrokken'
