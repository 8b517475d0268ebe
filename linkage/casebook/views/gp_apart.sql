-- Reports that are about no incident, in the months before incidents of their household, and the days looked at; and for
-- incidents without a sure link, the days in which such a report would be taken for an answer. A day has as many before
-- as after.
WITH family AS (
    SELECT incident_no, household_id, day,
           lag(day) OVER same_household AS day_before, lead(day) OVER same_household AS day_after
    FROM cb_standing WHERE excluded_as IS NULL AND household_id IS NOT NULL
    WINDOW same_household AS (PARTITION BY household_id ORDER BY day, incident_no)
), known AS (SELECT min(day) AS first_day, least(max(day), $as_of) AS last_day FROM cb_report),
apart AS (
    SELECT report_no, household_id, day FROM cb_report
    WHERE CASE WHEN is_by_police
        THEN report_no NOT IN (SELECT report_no FROM cb_answer WHERE link_class <> 'possible')
        ELSE $answering <> 'police_only' END
), earlier AS (
    SELECT household_id, greatest(day - $very_late, coalesce(day_before + 1, first_day), first_day) AS since,
           day - $late - 1 AS until
    FROM family CROSS JOIN known
), later AS (
    SELECT incident_no, day, least(day + $very_late, coalesce(day_after - 1, last_day), last_day) AS until
    FROM family CROSS JOIN known JOIN cb_status USING (incident_no) WHERE status IN ('unmatched', 'review')
)
SELECT (SELECT count(DISTINCT report_no) FROM apart r JOIN earlier e ON e.household_id = r.household_id
            AND r.day BETWEEN since AND until) AS reports,
       (SELECT coalesce(sum(greatest(until - since + 1, 0)), 0) FROM earlier) AS days,
       (SELECT count(*) FROM later) AS incidents,
       (SELECT coalesce(sum(greatest(least(until, day + $timely) - day + 1, 0)), 0) FROM later) AS timely,
       (SELECT coalesce(sum(greatest(least(until, day + $late) - day - $timely, 0)), 0) FROM later) AS late,
       (SELECT coalesce(sum(greatest(until - day - $late, 0)), 0) FROM later) AS very_late
