-- How every household that stands on a record stands on the day of the run.
WITH child AS (
    SELECT household_id, count(*) FILTER (certainty = 'certain') AS children_certain,
           count(*) FILTER (certainty = 'possible') AS children_possible
    FROM household_child GROUP BY household_id
), happened AS (
    SELECT household_id, $as_of - max(day) AS days_since_incident, $as_of - min(day) AS days_since_first,
           count(*) FILTER (status = 'unmatched') AS unmatched_incidents,
           count(*) FILTER (status = 'unmatched' AND day >= $as_of - $very_late) AS unmatched_recent,
           max(exclusion_until) FILTER (has_exclusion_order AND exclusion_until >= $as_of) AS exclusion_until
    FROM fm_incident WHERE day <= $as_of GROUP BY household_id
), told AS (
    SELECT household_id, bool_or(closed_at IS NULL OR CAST(closed_at AS DATE) > $as_of) AS is_open_case
    FROM fm_report WHERE day <= $as_of AND household_id IS NOT NULL GROUP BY household_id
), term AS (
    SELECT household_id, count(*) FILTER (state = 'running' AND is_open) AS terms_running,
           count(*) FILTER (state = 'missed' AND is_open) AS terms_overdue, min(due_on) FILTER (state = 'running') AS next_due_on
    FROM report_term WHERE household_id IS NOT NULL AND is_open GROUP BY household_id
), handover AS (
    SELECT household_id, count(*) AS handovers_open, max(days_open) AS oldest_handover_days
    FROM household_handover WHERE days_open IS NOT NULL GROUP BY household_id
)
SELECT household_id, $as_of AS as_of, coalesce(children_certain, 0) AS children_certain,
       coalesce(children_possible, 0) AS children_possible, coalesce(is_open_case, false) AS is_open_case,
       days_since_incident, CASE WHEN t.household_id IS NULL THEN days_since_first END AS days_out_of_view,
       coalesce(h.unmatched_incidents, 0) AS unmatched_incidents,
       coalesce(unmatched_recent, 0) AS unmatched_recent, coalesce(terms_running, 0) AS terms_running,
       coalesce(terms_overdue, 0) AS terms_overdue, next_due_on, coalesce(handovers_open, 0) AS handovers_open,
       oldest_handover_days, exclusion_until
FROM unified_case u LEFT JOIN child USING (household_id) LEFT JOIN happened h USING (household_id)
LEFT JOIN told t USING (household_id) LEFT JOIN term USING (household_id) LEFT JOIN handover USING (household_id)
