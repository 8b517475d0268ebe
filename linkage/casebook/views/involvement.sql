-- Who is named where, with the age on the day of the record; of two possible ages the lower, none across 18.
WITH born AS (
    SELECT m.mention_id, m.source_id, m.record_kind, m.record_id, m.person_seq, m.role, m.event_date,
           m.address_is_secret, mp.person_id, coalesce(m.birth_earliest, b.birth_earliest) AS earliest,
           coalesce(m.birth_latest, b.birth_latest) AS latest
    FROM mention m JOIN mention_person mp USING (mention_id) LEFT JOIN person_base b USING (person_id)
), aged AS (
    SELECT *, year(event_date) - year(earliest) - CAST(today < month(earliest) * 100 + day(earliest) AS INTEGER) AS oldest,
           year(event_date) - year(latest) - CAST(today < month(latest) * 100 + day(latest) AS INTEGER) AS youngest
    FROM (SELECT *, month(event_date) * 100 + day(event_date) AS today FROM born)
)
SELECT source_id, record_kind, record_id, person_seq, role, person_id,
       CASE WHEN youngest >= 0 AND (oldest < 18 OR youngest >= 18) THEN youngest END AS age_at_event,
       CASE WHEN oldest < 18 AND oldest >= 0 THEN true WHEN youngest >= 18 THEN false END AS is_child,
       address_is_secret, h.household_id, h.standing
FROM aged JOIN mention_household h USING (mention_id)
