-- What explains that an unmatched incident stayed so: one boolean for each cause.
-- A report that names the incident's own people explains nothing: it answers another incident.
-- CASE: days are compared before names, which cost more; the engine would take them in any order.
WITH gap AS (
    SELECT i.* FROM cb_standing i JOIN cb_status USING (incident_no) WHERE status = 'unmatched'
), named AS (
    SELECT g.incident_no, g.day, m.*, mp.person_id, h.standing, pp.postcode AS told_postcode
    FROM gap g JOIN mention m ON m.record_kind = 'incident' AND m.source_id = g.source_id
        AND m.record_id = g.incident_number
    JOIN mention_person mp USING (mention_id) JOIN mention_household h USING (mention_id)
    LEFT JOIN police_person pp ON pp.source_id = m.source_id AND pp.incident_number = m.record_id
        AND pp.person_seq = m.person_seq
), filled AS (
    SELECT incident_no, count(surname) = 0 AS no_names, count(birth_date) = 0 AS no_birth_date,
           count(told_postcode) > 0 AND count(postcode) = 0 AS invalid_postcode
    FROM named GROUP BY incident_no
), family AS (SELECT * FROM named WHERE standing <> 'outsider'),
reported AS (
    SELECT r.day, r.report_no, m.*, mp.person_id
    FROM cb_report r JOIN mention m ON m.record_kind = 'case' AND m.source_id = r.source_id AND m.record_id = r.case_id
    JOIN mention_person mp USING (mention_id)
), near_name AS (
    SELECT DISTINCT f.incident_no FROM family f JOIN reported r ON r.birth_date = f.birth_date
        AND r.person_id <> f.person_id
        ANTI JOIN cb_shared s ON s.incident_no = f.incident_no AND s.report_no = r.report_no
    WHERE CASE WHEN r.day - f.day BETWEEN -$early AND $very_late
        THEN jaro_winkler_similarity(r.surname_joined, f.surname_joined) >= 0.85
            OR list_has_any(r.name_tokens, f.name_tokens) END
), near_date AS (
    SELECT DISTINCT f.incident_no FROM family f JOIN reported r ON r.surname_joined = f.surname_joined
        AND r.given_name = f.given_name AND r.person_id <> f.person_id
        ANTI JOIN cb_shared s ON s.incident_no = f.incident_no AND s.report_no = r.report_no
    WHERE CASE WHEN r.day - f.day BETWEEN -$early AND $very_late
        THEN damerau_levenshtein(r.birth_date, f.birth_date) <= 2
            OR (r.birth_earliest <= f.birth_latest AND f.birth_earliest <= r.birth_latest) END
), other_member AS (
    SELECT DISTINCT g.incident_no FROM gap g JOIN cb_report r ON r.household_id = g.household_id
        AND r.day - g.day BETWEEN -$early AND $very_late
        ANTI JOIN cb_shared s ON s.incident_no = g.incident_no AND s.report_no = r.report_no
    UNION
    SELECT DISTINCT f.incident_no FROM family f JOIN reported r ON r.postcode = f.postcode
        AND r.house_number = f.house_number AND r.house_suffix IS NOT DISTINCT FROM f.house_suffix
        AND r.day - f.day BETWEEN -$early AND $very_late
        ANTI JOIN cb_shared s ON s.incident_no = f.incident_no AND s.report_no = r.report_no
    WHERE coalesce(f.address_type, 'onbekend') IN ('woon', 'onbekend')
    UNION
    SELECT DISTINCT f.incident_no FROM family f JOIN reported r ON r.phone_hmac = f.phone_hmac
        AND r.day - f.day BETWEEN -$early AND $very_late
        ANTI JOIN cb_shared s ON s.incident_no = f.incident_no AND s.report_no = r.report_no
), said AS (
    SELECT r.received_at, r.contact_type, r.record_status,
           coalesce(place.counted_as_code, r.municipality_code) AS municipality_code
    FROM steunpunt_report r LEFT JOIN municipality place USING (municipality_code)
), served AS (
    SELECT DISTINCT municipality_code FROM said
    WHERE municipality_code IS NOT NULL AND (len($region) = 0 OR list_contains($region, municipality_code))
    UNION SELECT municipality_code FROM partner_area WHERE partner_kind = 'steunpunt'
), elsewhere AS (
    SELECT incident_no FROM family LEFT JOIN municipality place ON place.municipality_code = address_municipality_code
    WHERE address_municipality_code IS NOT NULL GROUP BY incident_no
    HAVING count(*) FILTER (coalesce(counted_as_code, address_municipality_code)
        NOT IN (SELECT municipality_code FROM served)) > 0
), advice AS (
    SELECT DISTINCT g.incident_no FROM gap g JOIN said r ON r.municipality_code = g.municipality_code
        AND CAST(r.received_at AS DATE) = g.day
    WHERE r.contact_type IN ('advies', 'advies_ondersteuning') AND r.record_status IS DISTINCT FROM 'ingetrokken'
)
SELECT g.incident_no, coalesce(no_names, true) AS no_names, coalesce(no_birth_date, true) AS no_birth_date,
       coalesce(invalid_postcode, false) AS invalid_postcode,
       g.incident_no IN (SELECT incident_no FROM near_name) AS near_hit_name,
       g.incident_no IN (SELECT incident_no FROM near_date) AS near_hit_date,
       g.incident_no IN (SELECT incident_no FROM other_member) AS known_under_other_member,
       g.incident_no IN (SELECT incident_no FROM elsewhere) AS other_region,
       g.incident_no IN (SELECT incident_no FROM advice) AS advice_same_day_place
FROM gap g LEFT JOIN filled USING (incident_no)
