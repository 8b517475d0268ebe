-- Days from incident to first report; a report of the day before counts as none.
SELECT figure, municipality_code, i.day,
       greatest(0, CASE figure WHEN 'days' THEN linked_day - i.day ELSE d.working_no - f.working_no END) AS amount
FROM kpi_incident i JOIN working_day f ON f.day = i.day JOIN working_day d ON d.day = i.linked_day,
     (VALUES ('days'), ('working_days')) AS which (figure)
WHERE is_counted
