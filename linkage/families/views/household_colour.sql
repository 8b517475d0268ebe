-- The colour that counts: the rule's, or that of the override which holds.
SELECT household_id, coalesce(o.severity, n.severity) AS severity, n.severity AS severity_by_rule,
       b.severity AS severity_month_ago, coalesce(n.factors, []) AS factors, coalesce(n.incidents, 0) AS incidents_recent,
       o.override_id, o.until_date AS overridden_until
FROM (FROM fm_colour WHERE NOT is_before) n
FULL JOIN (FROM household_override WHERE outcome = 'applied') o USING (household_id)
LEFT JOIN (FROM fm_colour WHERE is_before) b USING (household_id)
