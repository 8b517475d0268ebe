-- Incidents and reports, in time of one another, of which somebody on the one may be somebody on the other.
WITH either AS (
    SELECT person_id_a AS person_id, person_id_b AS other_id, match_probability FROM possible_person_link
    UNION ALL SELECT person_id_b, person_id_a, match_probability FROM possible_person_link
), mentioned AS (
    SELECT mention_id, person_id FROM mention_person SEMI JOIN either USING (person_id)
), named AS (
    SELECT person_id, mention_id, record_no FROM mentioned JOIN mention USING (mention_id)
)
SELECT i.incident_no, r.report_no, any_value(r.day - i.day) AS delay_days,
       count(DISTINCT p.person_id) AS persons, max(p.match_probability) AS probability
FROM either p
JOIN named im ON im.person_id = p.person_id
JOIN mention_household h ON h.mention_id = im.mention_id AND h.standing <> 'outsider'
JOIN cb_standing i ON i.incident_no = im.record_no
JOIN named cm ON cm.person_id = p.other_id
JOIN report_base r ON r.case_no = cm.record_no AND r.day - i.day BETWEEN -$early AND $very_late
GROUP BY i.incident_no, r.report_no
