-- Care reports on incidents that count, and what became of each.
SELECT c.source_id, c.care_report_number AS record_id, c.incident_number, c.sent_at,
       CASE WHEN s.report_id IS NOT NULL THEN 'answered' WHEN s.status = 'covered_open_case' THEN 'covered'
            WHEN s.status = 'review' THEN 'review' WHEN c.delivery_status = 'mislukt' THEN 'failed' ELSE 'open' END AS state
FROM care_report c JOIN incident_status s USING (source_id, incident_number)
WHERE s.status <> 'excluded'
