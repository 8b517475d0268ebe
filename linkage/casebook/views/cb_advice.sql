-- Unmatched incidents of whose day and place there is an advice: it names nobody.
WITH said AS (
    SELECT DISTINCT coalesce(place.counted_as_code, r.municipality_code) AS municipality_code,
           CAST(r.received_at AS DATE) AS day
    FROM steunpunt_report r LEFT JOIN municipality place USING (municipality_code)
    WHERE r.contact_type IN ('advies', 'advies_ondersteuning') AND r.record_status IS DISTINCT FROM 'ingetrokken'
)
SELECT incident_no FROM cb_unmatched SEMI JOIN said USING (municipality_code, day)
