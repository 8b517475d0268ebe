-- Households by colour, now and a month ago: the rule of unified_case.severity at two moments.
WITH moment AS (
    SELECT 'now' AS name, $as_of AS at UNION ALL SELECT 'before', CAST($as_of - INTERVAL 1 MONTH AS DATE)
), counting AS (
    SELECT name, household_id, count(*) FILTER (is_recent) AS incidents,
           bool_or(is_recent AND has_exclusion_order) AS has_exclusion_order,
           bool_or(is_recent AND has_injury_or_weapon) AS has_injury_or_weapon
    FROM (SELECT m.name, k.household_id, k.day > m.at - INTERVAL $severity_months MONTH AS is_recent,
                 coalesce(i.exclusion_order, false) AS has_exclusion_order,
                 coalesce(i.weapon_used, false) OR list_contains($injury_mk_codes, coalesce(i.mk_code, '')) AS has_injury_or_weapon
          FROM moment m JOIN kpi_incident k ON k.day <= m.at JOIN incident i USING (source_id, incident_number)
          WHERE k.is_counted AND k.household_id IS NOT NULL)
    GROUP BY ALL
), acute AS (
    SELECT DISTINCT m.name, r.household_id FROM moment m JOIN kpi_report r ON r.day <= m.at
        AND r.day > m.at - INTERVAL $severity_months MONTH
    WHERE r.safety_outcome = 'acuut_onveilig' AND r.household_id IS NOT NULL
), coloured AS (
    SELECT name, household_id,
           CASE WHEN incidents >= 4 OR has_exclusion_order OR a.household_id IS NOT NULL THEN 4
                WHEN incidents = 3 OR has_injury_or_weapon THEN 3 WHEN incidents = 2 THEN 2 ELSE 1 END AS colour
    FROM counting FULL JOIN acute a USING (name, household_id)
), place AS (
    SELECT household_id, arg_max(municipality_code, (moment, municipality_code)) AS municipality_code
    FROM (SELECT household_id, reported_at AS moment, municipality_code FROM kpi_incident WHERE is_counted
          UNION ALL SELECT household_id, received_at, municipality_code FROM kpi_report)
    WHERE household_id IS NOT NULL GROUP BY household_id
), moved AS (
    SELECT household_id, coalesce(p.municipality_code, 'onbekend') AS municipality_code, n.colour,
           CASE WHEN b.colour IS NULL THEN 'new' WHEN n.colour > b.colour THEN 'up' WHEN n.colour < b.colour THEN 'down'
                ELSE 'same' END AS movement
    FROM coloured n LEFT JOIN (FROM coloured WHERE name = 'before') b USING (household_id)
    LEFT JOIN place p USING (household_id) WHERE n.name = 'now'
)
SELECT figure, CASE figure WHEN 'colour' THEN ['green', 'yellow', 'orange', 'red'][colour] ELSE movement END AS part,
       municipality_code, $as_of AS day, 1 AS numerator, 0 AS denominator, 0 AS censored
FROM moved, (VALUES ('colour'), ('movement')) AS f (figure)
