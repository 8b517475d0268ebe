-- Incidents without anything that identifies; the colour of the household comes with the families.
WITH minor AS (
    SELECT m.record_no, count(DISTINCT mp.person_id) AS minors
    FROM mention m JOIN mention_person mp USING (mention_id) LEFT JOIN person_base b USING (person_id)
    WHERE m.record_kind = 'incident'
      AND coalesce(m.birth_earliest, b.birth_earliest) + INTERVAL 18 YEAR > m.event_date
    GROUP BY m.record_no
), care AS (SELECT source_id, incident_number, count(*) AS care_reports FROM care_report GROUP BY ALL)
SELECT i.source_id, i.incident_number, i.reported_at, i.municipality_code, i.reported_municipality_code,
       i.expected_steunpunt, p.mk_code, i.dv_flag, p.record_status,
       i.household_id,
       CASE WHEN minor.minors > 0 THEN minor.minors
            WHEN p.children_count IS NOT NULL THEN p.children_count
            WHEN p.children_present = 'N' THEN 0
            WHEN p.children_present = 'J' THEN 1 END AS children_involved,
       CAST(NULL AS VARCHAR) AS severity,
       p.intake_type, p.complaint_filed, p.arrest_made, p.exclusion_order,
       CASE upper(trim(p.weapon_used)) WHEN '' THEN NULL WHEN 'ONBEKEND' THEN NULL
            WHEN 'N' THEN false WHEN 'NEE' THEN false WHEN 'GEEN' THEN false
            ELSE CASE WHEN p.weapon_used IS NOT NULL THEN true END END AS weapon_used,
       p.risk_level, coalesce(care.care_reports, 0) AS care_reports, i.persons
FROM incident_base i JOIN police_incident p USING (source_id, incident_number)
LEFT JOIN minor ON minor.record_no = i.incident_no
LEFT JOIN care USING (source_id, incident_number)
