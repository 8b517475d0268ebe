-- The answers with their class. Beside a report of the police, or by configuration always, another reporter's is only possible.
WITH answer AS (
    SELECT a.*, r.is_by_police, s.persons AS shared_persons
    FROM cb_answer a JOIN cb_report r USING (report_no) LEFT JOIN cb_shared s USING (incident_no, report_no)
), by_police AS (
    SELECT DISTINCT incident_no FROM answer WHERE link_class = 'reference' OR (is_by_police AND link_class <> 'possible')
)
SELECT incident_no, report_no, delay_days, coalesce(shared_persons, persons) AS persons, probability,
       CASE WHEN link_class = 'reference' OR is_by_police OR $answering = 'all' THEN link_class
            WHEN $answering = 'police_only' THEN 'possible'
            WHEN by_police.incident_no IS NOT NULL THEN 'possible'
            ELSE link_class END AS link_class
FROM answer LEFT JOIN by_police USING (incident_no)
