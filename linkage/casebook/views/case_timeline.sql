-- Events of a dossier in neutral codes; nothing here names or locates anybody.
WITH report AS (
    SELECT r.household_id, r.received_at, r.source_id, r.report_id, r.closed_at, s.reporter_category,
           s.safety_assessment_end, s.safety_outcome, s.service_start, s.transfer_at
    FROM report_base r JOIN steunpunt_report s ON s.source_id = r.source_id AND s.report_id = r.report_id
), event AS (
    SELECT i.household_id, i.reported_at AS occurred_at, 'incident' AS kind, i.source_id, i.incident_number AS record_id,
           'status=' || s.status AS summary
    FROM incident_base i JOIN cb_status s USING (incident_no)
    UNION ALL
    SELECT i.household_id, CAST(coalesce(p.exclusion_from, CAST(i.reported_at AS DATE)) AS TIMESTAMP), 'exclusion_order',
           i.source_id, i.incident_number, 'until=' || coalesce(CAST(p.exclusion_until AS VARCHAR), 'onbekend')
    FROM incident_base i JOIN police_incident p USING (source_id, incident_number)
    WHERE p.exclusion_order AND NOT i.is_withdrawn
    UNION ALL
    SELECT r.household_id, r.received_at, 'report', r.source_id, r.report_id,
           'reporter=' || coalesce(r.reporter_category, 'onbekend')
    FROM report r
    UNION ALL
    SELECT r.household_id, CAST(r.safety_assessment_end AS TIMESTAMP), 'assessment_end', r.source_id, r.report_id,
           'outcome=' || coalesce(r.safety_outcome, 'onbekend')
    FROM report r
    UNION ALL
    SELECT r.household_id, CAST(r.service_start AS TIMESTAMP), 'service_start', r.source_id, r.report_id, 'service'
    FROM report r
    UNION ALL
    SELECT r.household_id, CAST(r.transfer_at AS TIMESTAMP), 'transfer', r.source_id, r.report_id, 'transfer'
    FROM report r
    UNION ALL
    SELECT r.household_id, CAST(r.closed_at AS TIMESTAMP), 'closed', r.source_id, r.report_id, 'closed'
    FROM report r
)
SELECT household_id, occurred_at, kind, source_id, record_id, summary
FROM event WHERE household_id IS NOT NULL AND occurred_at IS NOT NULL
