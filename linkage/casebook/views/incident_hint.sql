-- What explains that an unmatched incident stayed so: one boolean for each cause.
-- A report that names the incident's own people explains nothing: it answers another incident.
-- CASE: days are compared before names, which cost more; the engine would take them in any order.
WITH named AS (
    SELECT g.incident_no, g.day, m.mention_id, m.surname, m.surname_joined, m.given_name, m.name_tokens, m.birth_date,
           m.birth_earliest, m.birth_latest, m.postcode, m.house_number, m.house_suffix, m.address_type,
           m.address_municipality_code, m.phone_hmac, mp.person_id, h.standing, pp.postcode AS told_postcode
    FROM cb_unexplained g JOIN mention m ON m.record_no = g.incident_no
    JOIN mention_person mp USING (mention_id) JOIN mention_household h USING (mention_id)
    LEFT JOIN police_person pp ON pp.source_id = m.source_id AND pp.incident_number = m.record_id
        AND pp.person_seq = m.person_seq
), filled AS (
    SELECT incident_no, count(surname) = 0 AS no_names, count(birth_date) = 0 AS no_birth_date,
           count(told_postcode) > 0 AND count(postcode) = 0 AS invalid_postcode
    FROM named GROUP BY incident_no
), family AS (SELECT * FROM named WHERE standing <> 'outsider'),
reported AS (
    SELECT r.day, r.report_no, m.surname_joined, m.given_name, m.name_tokens, m.birth_date, m.birth_earliest,
           m.birth_latest, m.postcode, m.house_number, m.house_suffix, m.phone_hmac, mp.person_id
    FROM report_base r JOIN mention m ON m.record_no = r.case_no JOIN mention_person mp USING (mention_id)
), near_name AS (
    SELECT DISTINCT f.incident_no FROM family f JOIN reported r ON r.birth_date = f.birth_date
        AND r.person_id <> f.person_id
        ANTI JOIN shared_people s ON s.incident_no = f.incident_no AND s.report_no = r.report_no
    WHERE CASE WHEN r.day - f.day BETWEEN -$early AND $very_late
        THEN jaro_winkler_similarity(r.surname_joined, f.surname_joined) >= $near_name
            OR list_has_any(r.name_tokens, f.name_tokens) END
), near_date AS (
    SELECT DISTINCT f.incident_no FROM family f JOIN reported r ON r.surname_joined = f.surname_joined
        AND r.given_name = f.given_name AND r.person_id <> f.person_id
        ANTI JOIN shared_people s ON s.incident_no = f.incident_no AND s.report_no = r.report_no
    WHERE CASE WHEN r.day - f.day BETWEEN -$early AND $very_late
        THEN damerau_levenshtein(r.birth_date, f.birth_date) <= 2
            OR (r.birth_earliest <= f.birth_latest AND f.birth_earliest <= r.birth_latest) END
), other_member AS (
    SELECT DISTINCT g.incident_no FROM cb_unexplained g JOIN report_base r ON r.household_id = g.household_id
        AND r.day - g.day BETWEEN -$early AND $very_late
        ANTI JOIN shared_people s ON s.incident_no = g.incident_no AND s.report_no = r.report_no
    UNION
    SELECT DISTINCT f.incident_no FROM family f JOIN reported r ON r.postcode = f.postcode
        AND r.house_number = f.house_number AND r.house_suffix IS NOT DISTINCT FROM f.house_suffix
        AND r.day - f.day BETWEEN -$early AND $very_late
        ANTI JOIN shared_people s ON s.incident_no = f.incident_no AND s.report_no = r.report_no
    WHERE coalesce(f.address_type, 'onbekend') IN ('woon', 'onbekend')
    UNION
    SELECT DISTINCT f.incident_no FROM family f JOIN reported r ON r.phone_hmac = f.phone_hmac
        AND r.day - f.day BETWEEN -$early AND $very_late
        ANTI JOIN shared_people s ON s.incident_no = f.incident_no AND s.report_no = r.report_no
), elsewhere AS (
    SELECT incident_no FROM family LEFT JOIN municipality place ON place.municipality_code = address_municipality_code
    WHERE address_municipality_code IS NOT NULL GROUP BY incident_no
    HAVING count(*) FILTER (coalesce(counted_as_code, address_municipality_code)
        NOT IN (SELECT municipality_code FROM cb_served)) > 0
)
SELECT g.incident_no, coalesce(no_names, true) AS no_names, coalesce(no_birth_date, true) AS no_birth_date,
       coalesce(invalid_postcode, false) AS invalid_postcode,
       g.incident_no IN (SELECT incident_no FROM near_name) AS near_hit_name,
       g.incident_no IN (SELECT incident_no FROM near_date) AS near_hit_date,
       g.incident_no IN (SELECT incident_no FROM other_member) AS known_under_other_member,
       g.incident_no IN (SELECT incident_no FROM elsewhere) AS other_region
FROM cb_unexplained g LEFT JOIN filled USING (incident_no)
