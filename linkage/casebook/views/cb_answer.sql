-- One report answers one incident: those it names, or else the latest one of the same persons or household.
-- A possible person is kept beside that, where the report would answer that incident if the persons were the same.
WITH free AS (
    SELECT c.*, i.reported_at, i.incident_number, i.source_id
    FROM cb_candidate c JOIN cb_standing i USING (incident_no) ANTI JOIN cb_named n ON n.report_no = c.report_no
    WHERE coalesce(i.excluded_as, 'outside_region') = 'outside_region'
), latest AS (
    SELECT incident_no, report_no, delay_days, persons, probability, link_class
    FROM free
    QUALIFY row_number() OVER (PARTITION BY report_no, link_class = 'possible'
        ORDER BY reported_at DESC, weight DESC, probability DESC, incident_number, source_id) = 1
), sure_day AS (
    SELECT report_no, max(reported_at) AS reported_at FROM free WHERE link_class <> 'possible' GROUP BY report_no
)
SELECT incident_no, report_no, delay_days, 0 AS persons, 1.0 AS probability, 'reference' AS link_class FROM cb_named
UNION ALL
SELECT * FROM latest WHERE link_class <> 'possible'
UNION ALL
SELECT l.* FROM latest l JOIN cb_standing i USING (incident_no) LEFT JOIN sure_day s USING (report_no)
WHERE l.link_class = 'possible' AND (s.report_no IS NULL OR i.reported_at > s.reported_at)
