-- Incidents with what may answer them, whatever day it is.
WITH possible AS (
    SELECT incident_no, max(about) AS about FROM cb_link WHERE link_class = 'possible' GROUP BY incident_no
)
SELECT i.incident_no, i.excluded_as, i.original_no, c.report_no, c.link_class = 'reference' AS is_named, c.delay_days,
       c.about AS probability, p.about AS possible_probability, o.report_id AS covering_report_id,
       o.source_id AS covering_report_source_id
FROM cb_incident i LEFT JOIN cb_chosen c USING (incident_no) LEFT JOIN cb_open o USING (incident_no)
LEFT JOIN possible p USING (incident_no)
