-- What holds of each household on the day of the run and a month before, by what was known up to then.
WITH moment AS (
    SELECT false AS is_before, $as_of AS moment_day UNION ALL SELECT true, CAST($as_of - INTERVAL 1 MONTH AS DATE)
), happened AS (
    SELECT is_before, household_id, count(*) FILTER (is_recent) AS incidents,
           bool_or(is_recent AND has_exclusion_order) AS has_exclusion_order,
           bool_or(is_recent AND has_weapon) AS has_weapon, bool_or(is_recent AND has_injury) AS has_injury
    FROM (SELECT *, day > moment_day - INTERVAL $severity_months MONTH AS is_recent FROM moment JOIN fm_incident ON day <= moment_day)
    GROUP BY is_before, household_id
), acute AS (
    SELECT DISTINCT is_before, household_id, true AS is_acute
    FROM moment JOIN fm_report ON day <= moment_day AND day > moment_day - INTERVAL $severity_months MONTH
    WHERE safety_outcome = 'acuut_onveilig' AND household_id IS NOT NULL
), holds AS (
    SELECT is_before, household_id, coalesce(incidents, 0) AS incidents,
           list_filter([
               CASE WHEN incidents >= 4 THEN 'four_incidents' END, CASE WHEN has_exclusion_order THEN 'exclusion_order' END,
               CASE WHEN is_acute THEN 'acutely_unsafe' END, CASE WHEN incidents = 3 THEN 'three_incidents' END,
               CASE WHEN has_injury THEN 'injury' END, CASE WHEN has_weapon THEN 'weapon' END,
               CASE WHEN incidents = 2 THEN 'two_incidents' END, CASE WHEN incidents = 1 THEN 'one_incident' END,
               CASE WHEN incidents = 0 THEN 'older_incidents' END], lambda f: f IS NOT NULL) AS factors
    FROM happened FULL JOIN acute USING (is_before, household_id)
)
SELECT *, CASE WHEN factors[1] IN ('four_incidents', 'exclusion_order', 'acutely_unsafe') THEN 'red'
               WHEN factors[1] IN ('three_incidents', 'injury', 'weapon') THEN 'orange'
               WHEN factors[1] = 'two_incidents' THEN 'yellow' ELSE 'green' END AS severity
FROM holds
