-- Incidents old enough to have a report and without any that may be theirs; and the days in which a report about
-- something else would stand among the candidates of an incident, each day of a household once.
WITH counting AS (
    SELECT incident_no, household_id, day, known_until FROM cb_standing
    WHERE coalesce(excluded_as, 'outside_region') = 'outside_region'
), after AS (
    SELECT day, lead(day) OVER (PARTITION BY household_id ORDER BY day) AS next
    FROM (SELECT DISTINCT household_id, day FROM counting WHERE household_id IS NOT NULL)
)
SELECT (SELECT count(*) FROM counting ANTI JOIN cb_edge USING (incident_no) WHERE known_until - day >= $late) AS without,
       (SELECT coalesce(sum(greatest(least(coalesce(next - day, $very_late), $very_late + $early + 1,
            $as_of - day + $early + 1), 0)), 0) FROM after) AS exposure
