-- The report that answers an incident: by number before any other, then the first to come.
SELECT incident_no, report_no, link_class, about, delay_days
FROM cb_link JOIN cb_report r USING (report_no)
WHERE link_class <> 'possible'
QUALIFY row_number() OVER (
    PARTITION BY incident_no ORDER BY link_class <> 'reference', r.received_at, r.source_id, r.report_id) = 1
