-- Every incident with its household, its address in two renderings, and the steunpunt that is expected to have a report.
WITH asked AS (
    SELECT DISTINCT incident_municipality_code AS code, CAST(reported_at AS DATE) AS day FROM police_incident
), expected AS (
    SELECT code, day, string_agg(DISTINCT partner_id, '|' ORDER BY partner_id) AS expected_steunpunt
    FROM asked LEFT JOIN municipality place ON place.municipality_code = code
    JOIN partner_area a ON a.municipality_code = coalesce(place.counted_as_code, code)
        AND a.partner_kind = 'steunpunt' AND day
            BETWEEN coalesce(a.valid_from, DATE '0001-01-01') AND coalesce(a.valid_until, DATE '9999-12-31')
    GROUP BY code, day
), told AS (
    SELECT record_no,
           count(*) FILTER (coalesce(surname, given_names, call_name, initials, birth_date, bsn_hmac, v_number_hmac,
               phone_hmac, postcode, street, CAST(birth_year AS VARCHAR)) IS NOT NULL) AS known,
           count(*) AS persons
    FROM mention WHERE record_kind = 'incident' GROUP BY record_no
)
SELECT i.incident_no, i.source_id, i.incident_number, i.reported_at, CAST(i.reported_at AS DATE) AS day,
       -- hours pass on a clock that knows summer time
       epoch(timezone('Europe/Amsterdam', i.reported_at)) AS moment,
       coalesce(place.counted_as_code, i.incident_municipality_code) AS municipality_code,
       i.incident_municipality_code AS reported_municipality_code, i.dv_flag,
       i.record_status = 'ingetrokken' AS is_withdrawn,
       regexp_replace(upper(i.incident_number), '[^A-Z0-9]', '', 'g') AS number,
       e.expected_steunpunt, h.household_id, coalesce(t.known, 0) AS known_persons, coalesce(t.persons, 0) AS persons,
       nullif(upper(replace(i.incident_postcode, ' ', '')), '') || '|' || door AS postcode_address,
       upper(trim(i.incident_street)) || '|' || upper(trim(i.incident_city)) || '|' || door AS street_address
FROM (
    SELECT *, $incident_no AS incident_no, CASE WHEN nullif(trim(CAST(incident_house_number AS VARCHAR)), '') IS NOT NULL
        THEN trim(CAST(incident_house_number AS VARCHAR)) || '|' || upper(regexp_replace(
            coalesce(incident_house_letter, '') || coalesce(incident_addition, ''), '[^A-Za-z0-9]', '', 'g'))
        END AS door
    FROM police_incident
) i
LEFT JOIN record_household h ON h.record_kind = 'incident' AND h.source_id = i.source_id
    AND h.record_id = i.incident_number
LEFT JOIN municipality place ON place.municipality_code = i.incident_municipality_code
LEFT JOIN expected e ON e.code = i.incident_municipality_code AND e.day = CAST(i.reported_at AS DATE)
LEFT JOIN told t ON t.record_no = i.incident_no
