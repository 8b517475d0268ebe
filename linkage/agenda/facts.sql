-- What the reasons of schemas/agenda.toml ask of each household; the columns are its facts.
SELECT t.household_id, list_position(['green', 'yellow', 'orange', 'red'], c.severity) AS grade,
       greatest(0, list_position(['green', 'yellow', 'orange', 'red'], c.severity) - list_position(['green', 'yellow', 'orange', 'red'], c.severity_month_ago)) AS steps_up,
       t.days_since_incident, r.days_since_return, t.exclusion_until - t.as_of AS days_of_order_left, t.children_certain,
       CASE WHEN t.children_certain = 0 THEN t.children_possible ELSE 0 END AS children_possible, t.unmatched_recent,
       t.days_out_of_view, t.terms_overdue, o.oldest_transfer_days
FROM household_today t LEFT JOIN household_colour c USING (household_id)
LEFT JOIN (
    SELECT household_id, any_value(as_of) - CAST(arg_max(next_incident_at, closed_at) AS DATE) AS days_since_return
    FROM household_closure JOIN household_today USING (household_id)
    WHERE CAST(closed_at AS DATE) <= as_of AND CAST(next_incident_at AS DATE) <= as_of GROUP BY household_id
) r USING (household_id)
LEFT JOIN (
    SELECT household_id, max(days_open) AS oldest_transfer_days
    FROM household_handover WHERE kind = 'transfer' AND state = 'open' GROUP BY household_id
) o USING (household_id)
