-- Incidents and reports, in time of one another, with a person in common; reporters and witnesses do not link.
WITH at_police AS (
    SELECT i.incident_no, i.day, mp.person_id, m.mention_id, m.bsn_hmac,
           CASE WHEN h.standing = 'principal' THEN 2 ELSE 1 END AS weight
    FROM mention m JOIN mention_person mp USING (mention_id) JOIN mention_household h USING (mention_id)
    JOIN cb_standing i ON i.source_id = m.source_id AND i.incident_number = m.record_id
    WHERE m.record_kind = 'incident' AND h.standing <> 'outsider'
), at_steunpunt AS (
    SELECT r.report_no, r.day, mp.person_id, m.mention_id, m.bsn_hmac
    FROM mention m JOIN mention_person mp USING (mention_id)
    JOIN cb_report r ON r.source_id = m.source_id AND r.case_id = m.record_id
    WHERE m.record_kind = 'case'
), met AS (
    SELECT p.incident_no, s.report_no, p.person_id, max(p.weight) AS weight, min(s.day - p.day) AS delay_days,
           greatest(max(coalesce(pair.match_probability, $sure)),
                    max(CASE WHEN p.bsn_hmac = s.bsn_hmac THEN 1.0 ELSE 0.0 END)) AS probability
    FROM at_police p JOIN at_steunpunt s ON s.person_id = p.person_id AND s.day - p.day BETWEEN -$early AND $very_late
    LEFT JOIN pair ON left_id = least(p.mention_id, s.mention_id) AND right_id = greatest(p.mention_id, s.mention_id)
    GROUP BY p.incident_no, s.report_no, p.person_id
)
SELECT incident_no, report_no, any_value(delay_days) AS delay_days, count(*) AS persons, sum(weight) AS weight,
       max(probability) AS best, least(0.999999, 1 - product(1 - least(probability, 0.999999))) AS probability
FROM met GROUP BY incident_no, report_no
