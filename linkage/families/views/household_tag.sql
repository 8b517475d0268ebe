-- The tags of households by what gives them; a record counts once for each evidence, however many of its codes say so.
-- Within this run reports have even numbers, incidents odd ones.
WITH report_code AS (
    SELECT household_id, received_at AS moment, 'nature_of_violence' AS evidence, unnest(nature_of_violence) AS code,
           2 * rowid AS record FROM fm_report
    UNION ALL
    SELECT household_id, received_at, 'additional_info', unnest(additional_info), 2 * rowid FROM fm_report
), incident_code AS (
    SELECT household_id, reported_at AS moment, evidence, code, 2 * fm_incident.rowid + 1 AS record
    FROM fm_incident, LATERAL (VALUES ('mk_code', mk_code), ('dv_form', dv_form)) AS c (evidence, code)
), victim AS (
    SELECT i.household_id, i.reported_at AS moment, v.age_at_event AS age, i.relation_type, 2 * i.rowid + 1 AS record
    FROM fm_incident i JOIN involvement v
        ON v.record_kind = 'incident' AND v.source_id = i.source_id AND v.record_id = i.incident_number
    WHERE v.role IN ('slachtoffer', 'aangever', 'benadeelde') AND v.standing IS DISTINCT FROM 'outsider'
        AND v.age_at_event >= (SELECT min(victim_from_age) FROM fm_tag)
    UNION ALL
    SELECT r.household_id, r.received_at, v.age_at_event, NULL, 2 * r.rowid
    FROM fm_report r JOIN involvement v
        ON v.record_kind = 'case' AND v.source_id = r.source_id AND v.record_id = r.case_id
    WHERE v.role IN ('slachtoffer', 'beide') AND v.age_at_event >= (SELECT min(victim_from_age) FROM fm_tag)
), child_named AS MATERIALIZED (
    SELECT DISTINCT r.household_id, v.person_id, r.received_at AS moment, 2 * r.rowid AS record
    FROM fm_report r JOIN involvement v
        ON v.record_kind = 'case' AND v.source_id = r.source_id AND v.record_id = r.case_id
    JOIN person_base b USING (person_id)
    WHERE v.is_child IS DISTINCT FROM false AND b.birth_earliest + INTERVAL 18 YEAR > r.day AND b.birth_latest <= r.day
), child_often AS (
    SELECT household_id, person_id, count(*) AS reports FROM child_named
    GROUP BY household_id, person_id HAVING count(*) >= (SELECT min(child_reports) FROM fm_tag)
), given AS (
    SELECT household_id, tag, evidence, record, moment
    FROM (FROM report_code UNION ALL FROM incident_code) JOIN fm_tag_code USING (evidence, code)
    UNION ALL
    SELECT household_id, tag, 'victim_from_age', record, moment
    FROM victim JOIN fm_tag ON age >= victim_from_age AND (relation_type IS NULL OR list_contains(relations, relation_type))
    WHERE relation_type IS NOT NULL OR record % 2 = 0
    UNION ALL
    SELECT household_id, tag, 'child_reports', record, moment
    FROM child_named JOIN child_often USING (household_id, person_id) JOIN fm_tag ON reports >= child_reports
)
SELECT household_id, tag, evidence, count(DISTINCT record) AS records, min(moment) AS first_at, max(moment) AS last_at
FROM given WHERE household_id IS NOT NULL GROUP BY household_id, tag, evidence
