-- One report answers one incident: those it names, or else the latest one of the same persons or household; where the
-- settings say so, the likeliest one. A possible person is kept beside that, where the report would answer that incident
-- if the persons were the same.
WITH free AS (
    SELECT c.*, a.about, i.reported_at, i.incident_number, i.source_id
    FROM cb_candidate c JOIN cb_incident i USING (incident_no) JOIN link_edge a USING (incident_no, report_no)
        ANTI JOIN cb_number n ON n.report_no = c.report_no
    WHERE coalesce(i.excluded_as, 'outside_region') = 'outside_region'
), best AS (
    SELECT incident_no, report_no, delay_days, persons, probability, about, link_class
    FROM free
    QUALIFY row_number() OVER (PARTITION BY report_no, link_class = 'possible'
        ORDER BY CASE WHEN $likeliest THEN -about END, reported_at DESC, weight DESC, probability DESC,
            incident_number, source_id) = 1
), sure_day AS (
    SELECT report_no, max(reported_at) AS reported_at FROM free WHERE link_class <> 'possible' GROUP BY report_no
)
SELECT incident_no, report_no, delay_days, 0 AS persons, 1.0 AS probability, 1.0 AS about,
       'reference' AS link_class, reason
FROM cb_number
UNION ALL
SELECT *, CASE WHEN $likeliest THEN 'likeliest' ELSE 'latest' END
    || CASE link_class WHEN 'household' THEN '_of_household' ELSE '_of_persons' END
FROM best WHERE link_class <> 'possible' AND (NOT $likeliest OR about >= $doubtful)
UNION ALL
SELECT l.*, 'possible_person' FROM best l JOIN cb_incident i USING (incident_no) LEFT JOIN sure_day s USING (report_no)
WHERE l.link_class = 'possible' AND (s.report_no IS NULL OR i.reported_at > s.reported_at)
