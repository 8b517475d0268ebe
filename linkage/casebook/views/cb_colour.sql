-- The colour of a household by the incidents that count, and the reports, of the last months; older incidents are green.
WITH counting AS (
    SELECT i.household_id, i.day > $as_of - INTERVAL $severity_months MONTH AS is_recent,
           coalesce(p.exclusion_order, false) AS has_exclusion_order,
           upper(trim(coalesce(p.weapon_used, ''))) NOT IN ('', 'N', 'NEE', 'GEEN', 'ONBEKEND')
               OR list_contains($injury_mk_codes, coalesce(p.mk_code, '')) AS has_injury_or_weapon
    FROM cb_standing i JOIN police_incident p USING (source_id, incident_number)
    WHERE i.excluded_as IS NULL AND i.household_id IS NOT NULL
), counted AS (
    SELECT household_id, count(*) FILTER (is_recent) AS incidents,
           bool_or(is_recent AND has_exclusion_order) AS has_exclusion_order,
           bool_or(is_recent AND has_injury_or_weapon) AS has_injury_or_weapon
    FROM counting GROUP BY household_id
), acute AS (
    SELECT DISTINCT r.household_id FROM cb_report r JOIN steunpunt_report s USING (source_id, report_id)
    WHERE s.safety_outcome = 'acuut_onveilig' AND r.day > $as_of - INTERVAL $severity_months MONTH
)
SELECT household_id,
       CASE WHEN incidents >= 4 OR has_exclusion_order OR acute.household_id IS NOT NULL THEN 'red'
            WHEN incidents = 3 OR has_injury_or_weapon THEN 'orange'
            WHEN incidents = 2 THEN 'yellow'
            ELSE 'green' END AS severity
FROM counted FULL JOIN acute USING (household_id)
