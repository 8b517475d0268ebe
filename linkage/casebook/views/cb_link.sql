-- The answers with their class. Beside a report of the police, or by configuration always, another reporter's is only possible.
WITH answer AS (
    SELECT a.*, r.is_by_police, s.persons AS shared_persons
    FROM cb_answer a JOIN cb_report r USING (report_no) LEFT JOIN cb_shared s USING (incident_no, report_no)
), by_police AS (
    SELECT DISTINCT incident_no FROM answer WHERE link_class = 'reference' OR (is_by_police AND link_class <> 'possible')
), judged AS (
    SELECT *, CASE WHEN link_class IN ('reference', 'possible') THEN NULL
            WHEN NOT is_by_police AND ($answering = 'police_only'
                OR ($answering = 'police_first' AND by_police.incident_no IS NOT NULL)) THEN 'other_reporter'
            WHEN $likeliest AND about < $even THEN 'doubtful' END AS doubt
    FROM answer LEFT JOIN by_police USING (incident_no)
)
SELECT incident_no, report_no, delay_days, coalesce(shared_persons, persons) AS persons, probability, about,
       CASE WHEN doubt IS NULL THEN link_class ELSE 'possible' END AS link_class, coalesce(doubt, reason) AS reason
FROM judged
