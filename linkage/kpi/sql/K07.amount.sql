-- Days from incident to first report; a report of the day before counts as none.
WITH linked AS (
    SELECT municipality_code, day, linked_day, count(*) AS records FROM kpi_incident
    WHERE is_counted AND linked_day IS NOT NULL GROUP BY ALL
), told AS (
    SELECT municipality_code, l.day, records, greatest(0, linked_day - l.day) AS days,
           greatest(0, last.working_no - first.working_no) AS working_days
    FROM linked l JOIN working_day first ON first.day = l.day JOIN working_day last ON last.day = l.linked_day
), counted AS (
    SELECT municipality_code, min(day) AS day, days, working_days, sum(records) AS records
    FROM told GROUP BY municipality_code, year(day), days, working_days
)
SELECT figure, municipality_code, day, amount, records FROM (UNPIVOT counted ON days, working_days INTO NAME figure VALUE amount)
