-- Incidents that count and have a household.
SELECT i.household_id, i.source_id, i.incident_number, i.reported_at, CAST(i.reported_at AS DATE) AS day, s.status,
       p.mk_code, lower(trim(p.dv_form)) AS dv_form,
       lower(trim(p.relation_type)) AS relation_type, coalesce(p.exclusion_order, false) AS has_exclusion_order,
       p.exclusion_until, coalesce(i.weapon_used, false) AS has_weapon,
       list_contains($injury_mk_codes, coalesce(p.mk_code, '')) AS has_injury
FROM incident i JOIN incident_status s USING (source_id, incident_number)
JOIN police_incident p USING (source_id, incident_number)
WHERE s.status <> 'excluded' AND i.household_id IS NOT NULL
