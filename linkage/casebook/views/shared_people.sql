-- Incidents and reports, in time of one another, with a person in common; reporters and witnesses do not link. Rules are
-- the blocking rules that find two mentions of one of these persons, as bits. Rounded, as a product over threads differs
-- in its last bits.
WITH at_police AS (
    SELECT i.incident_no, i.day, mp.person_id, m.mention_id, m.bsn_hmac,
           CASE WHEN h.standing = 'principal' THEN 2 ELSE 1 END AS weight
    FROM mention m JOIN mention_person mp USING (mention_id) JOIN mention_household h USING (mention_id)
    JOIN incident_base i ON i.incident_no = m.record_no
    WHERE h.standing <> 'outsider'
), at_steunpunt AS (
    SELECT r.report_no, r.day, mp.person_id, m.mention_id, m.bsn_hmac
    FROM mention m JOIN mention_person mp USING (mention_id) JOIN report_base r ON r.case_no = m.record_no
), met AS (
    SELECT p.incident_no, s.report_no, p.person_id, p.weight, s.day - p.day AS delay_days,
           p.bsn_hmac = s.bsn_hmac AS is_certain, least(p.mention_id, s.mention_id) AS left_id,
           greatest(p.mention_id, s.mention_id) AS right_id
    FROM at_police p JOIN at_steunpunt s ON s.person_id = p.person_id AND s.day - p.day BETWEEN -$early AND $very_late
), scored AS (
    SELECT left_id, right_id, match_probability, rules FROM pair SEMI JOIN met USING (left_id, right_id)
), person AS (
    SELECT incident_no, report_no, person_id, max(weight) AS weight, min(delay_days) AS delay_days,
           greatest(max(coalesce(match_probability, $sure)),
                    max(CASE WHEN is_certain THEN 1.0 ELSE 0.0 END)) AS probability,
           bit_or(coalesce(rules, 0)) AS rules
    FROM met LEFT JOIN scored USING (left_id, right_id)
    GROUP BY incident_no, report_no, person_id
)
SELECT incident_no, report_no, any_value(delay_days) AS delay_days, count(*) AS persons, CAST(sum(weight) AS BIGINT) AS weight,
       max(probability) AS best, round(least(0.999999, 1 - product(1 - least(probability, 0.999999))), 9) AS probability,
       bit_or(rules) AS rules
FROM person GROUP BY incident_no, report_no
