-- Incidents during an open case of the household: received before, not closed yet; its latest report covers them.
SELECT i.incident_no, arg_max(r.source_id, (r.received_at, r.source_id, r.report_id)) AS source_id,
       arg_max(r.report_id, (r.received_at, r.source_id, r.report_id)) AS report_id
FROM cb_incident i JOIN report_base r ON r.household_id = i.household_id
    AND r.received_at < i.reported_at AND (r.closed_at IS NULL OR r.closed_at > i.reported_at)
GROUP BY i.incident_no
