-- Reports of contact type melding, also those that name nobody.
SELECT c.household_id, c.source_id, c.report_id, c.case_id, c.received_at, CAST(c.received_at AS DATE) AS day,
       c.closed_at, c.municipality_code, c.safety_outcome, c.safety_assessment_end, c.service_start, c.service_end,
       c.transfer_at, CAST(s.informed_at AS DATE) AS informed_at, s.nature_of_violence, s.additional_info, s.transfer_to,
       s.monitoring_start, s.monitoring_end
FROM case_report c JOIN steunpunt_report s USING (source_id, report_id)
WHERE c.contact_type = 'melding'
