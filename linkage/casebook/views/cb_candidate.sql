-- Incidents that a report may answer: through persons, through the household, or through a possible person.
WITH by_household AS (
    SELECT i.incident_no, r.report_no, r.day - i.day AS delay_days
    FROM cb_standing i JOIN report_base r ON r.household_id = i.household_id
        AND r.day - i.day BETWEEN -$early AND $very_late
), possible_person AS (
    SELECT person_id_a AS person_id, person_id_b AS other_id, match_probability FROM possible_person_link
    UNION ALL SELECT person_id_b, person_id_a, match_probability FROM possible_person_link
), possible AS (
    SELECT i.incident_no, r.report_no, any_value(r.day - i.day) AS delay_days,
           count(DISTINCT p.person_id) AS persons, max(p.match_probability) AS probability
    FROM possible_person p
    JOIN mention_person ip ON ip.person_id = p.person_id JOIN mention im ON im.mention_id = ip.mention_id
    JOIN mention_household h ON h.mention_id = ip.mention_id AND h.standing <> 'outsider'
    JOIN cb_standing i ON i.incident_no = im.record_no
    JOIN mention_person cp ON cp.person_id = p.other_id JOIN mention cm ON cm.mention_id = cp.mention_id
    JOIN report_base r ON r.case_no = cm.record_no AND r.day - i.day BETWEEN -$early AND $very_late
    GROUP BY i.incident_no, r.report_no
)
SELECT incident_no, report_no, delay_days, persons, weight, probability,
       CASE WHEN best >= $deterministic THEN 'deterministic' ELSE 'probabilistic' END AS link_class
FROM shared_people
UNION ALL
SELECT incident_no, report_no, delay_days, 0, 0, $household_probability, 'household'
FROM by_household ANTI JOIN shared_people USING (incident_no, report_no)
UNION ALL
SELECT incident_no, report_no, delay_days, persons, 0, probability, 'possible'
FROM possible ANTI JOIN shared_people USING (incident_no, report_no)
    ANTI JOIN by_household USING (incident_no, report_no)
