-- A night in which everything is right: two families, four incidents, two reports, one of them advice.

INSERT INTO delivery BY NAME
SELECT 'pol' AS source_id, '2025-03-14' AS delivery_id, 'h1' AS content_hash, 'r' AS run_id, 'accepted' AS status,
  'increment' AS kind, TIMESTAMP '2025-03-14 02:00:00' AS extracted_at, DATE '2025-03-13' AS covers_until,
  10 AS rows, 9 AS accepted, 1 AS rejected, 100 AS bytes, 10 AS bytes_header, 80 AS bytes_accepted,
  10 AS bytes_rejected, 0 AS unknown_birth_dates
UNION ALL SELECT 'vt', '2025-03-14', 'h2', 'r', 'accepted', 'full', TIMESTAMP '2025-03-14 02:00:00',
  DATE '2025-03-13', 5, 5, 0, 50, 10, 40, 0, 0;

INSERT INTO delivery_file BY NAME
SELECT unnest(['pol', 'vt']) AS source_id, '2025-03-14' AS delivery_id, unnest(['h1', 'h2']) AS content_hash,
  unnest(['incidenten.csv', 'meldingen.csv']) AS file_name, unnest([10, 5]) AS rows, unnest([9, 5]) AS accepted,
  unnest([1, 0]) AS rejected, unnest([100, 50]) AS bytes, 10 AS bytes_header, unnest([80, 40]) AS bytes_accepted,
  unnest([10, 0]) AS bytes_rejected, 0 AS unknown_birth_dates;

INSERT INTO rejected_row BY NAME
SELECT 'pol' AS source_id, '2025-03-14' AS delivery_id, 'h1' AS content_hash, 'incidenten.csv' AS file_name,
  7 AS line_number, 300 AS byte_offset, 10 AS byte_length, 'bad_date' AS reason, 'kennisname' AS column_name;

INSERT INTO unmapped_code BY NAME
SELECT 'pol' AS source_id, '2025-03-14' AS delivery_id, 'r' AS run_id, 'personen.csv' AS file,
  'rol' AS column_name, 1000 AS rows, 4 AS unmapped, 0.004 AS share;

INSERT INTO police_incident BY NAME
SELECT 'pol' AS source_id, 'PL0500-202500000' || n AS incident_number, '2025-03-14' AS delivery_id, 'v' AS version,
  day AS reported_at, day - INTERVAL 1 HOUR AS offence_start_at, day AS offence_end_at, true AS dv_flag,
  'nieuw' AS record_status
FROM (VALUES (1, TIMESTAMP '2025-01-01 10:00:00'), (2, '2025-01-02 10:00:00'), (3, '2025-03-10 10:00:00'),
  (4, '2025-01-05 10:00:00')) AS t (n, day);

INSERT INTO police_person BY NAME
SELECT 'pol' AS source_id, 'PL0500-202500000' || n AS incident_number, seq AS person_seq,
  '2025-03-14' AS delivery_id, 'v' AS version, role, 'absent' AS bsn_status, false AS secret_address,
  10 * n + seq AS line_number, 100 * n + seq AS byte_offset, 40 AS byte_length
FROM (VALUES (1, 1, 'verdachte'), (1, 2, 'slachtoffer'), (2, 1, 'slachtoffer'), (3, 1, 'slachtoffer'))
  AS t (n, seq, role);

INSERT INTO care_report BY NAME
SELECT 'pol' AS source_id, 'Z1' AS care_report_number, 'PL0500-2025000001' AS incident_number,
  '2025-03-14' AS delivery_id, 'v' AS version, TIMESTAMP '2025-01-02 10:00:00' AS sent_at,
  2 AS line_number, 100 AS byte_offset, 40 AS byte_length;

INSERT INTO steunpunt_report BY NAME
SELECT 'vt' AS source_id, 'M' || n AS report_id, '2025-03-14' AS delivery_id, 'v' AS version, 'C' || n AS case_id,
  kind AS contact_type, day AS received_at, day AS registered_at, DATE '2025-01-10' AS safety_assessment_start,
  DATE '2025-01-12' AS safety_assessment_end, DATE '2025-01-12' AS service_start, DATE '2025-01-20' AS service_end,
  TIMESTAMP '2025-02-20 10:00:00' AS closed_at, 'politie' AS reporter_category,
  'PL0500-2025000001' AS reporter_reference, 'nieuw' AS record_status
FROM (VALUES (1, 'melding', TIMESTAMP '2025-01-04 10:00:00'), (2, 'advies', '2025-01-05 10:00:00'))
  AS t (n, kind, day);

INSERT INTO steunpunt_person BY NAME
SELECT 'vt' AS source_id, 'C1' AS case_id, seq AS person_seq, '2025-03-14' AS delivery_id, 'v' AS version,
  'absent' AS bsn_status, false AS secret_address, DATE '2024-01-01' AS member_from, seq AS line_number,
  100 * seq AS byte_offset, 40 AS byte_length
FROM (VALUES (1), (2)) AS t (seq);

INSERT INTO mention BY NAME
SELECT CAST(row_number() OVER (ORDER BY kind DESC, record, seq) - 1 AS INTEGER) AS mention_id, source AS source_id,
  chain, kind AS record_kind, record AS record_id, seq AS person_seq, no AS record_no, day AS event_date,
  'jansen' AS surname, 'piet' AS given_name, 'p' AS initials, 'M' AS sex, false AS is_name_chain,
  DATE '1980-05-05' AS birth_earliest, DATE '1980-05-05' AS birth_latest, '19800505' AS birth_date,
  'day' AS birth_precision, '7551AB' AS postcode, 12 AS house_number, false AS address_is_secret,
  repeat('ab', 32) AS bsn_hmac
FROM (VALUES ('pol', 'police', 'incident', 'PL0500-2025000001', 1, 0, DATE '2025-01-01'),
  ('pol', 'police', 'incident', 'PL0500-2025000001', 2, 0, '2025-01-01'),
  ('pol', 'police', 'incident', 'PL0500-2025000002', 1, 1, '2025-01-02'),
  ('pol', 'police', 'incident', 'PL0500-2025000003', 1, 2, '2025-03-10'),
  ('vt', 'steunpunt', 'case', 'C1', 1, 3, '2025-01-04'), ('vt', 'steunpunt', 'case', 'C1', 2, 3, '2025-01-04'))
  AS t (source, chain, kind, record, seq, no, day);

INSERT INTO incident BY NAME
SELECT source_id, incident_number, reported_at, 'GM1980' AS municipality_code,
  'GM1980' AS reported_municipality_code, dv_flag, record_status,
  CASE right(incident_number, 1) WHEN '1' THEN 'h1' WHEN '2' THEN 'h1' WHEN '3' THEN 'h2' END AS household_id,
  'green' AS severity, 0 AS care_reports, 1 AS persons
FROM police_incident;

INSERT INTO incident_status BY NAME
SELECT 'pol' AS source_id, 'PL0500-202500000' || n AS incident_number, status, cause, report_id,
  report_source AS report_source_id, p AS match_probability, delay AS delay_days, age AS age_days
FROM (VALUES (1, 'matched_timely', NULL, 'M1', 'vt', 0.99, 3, 71), (2, 'unmatched', 'no_trace', NULL, NULL, NULL, NULL, 70),
  (3, 'pending', NULL, NULL, NULL, NULL, NULL, 3), (4, 'excluded', NULL, NULL, NULL, NULL, NULL, 67))
  AS t (n, status, cause, report_id, report_source, p, delay, age);

INSERT INTO incident_link BY NAME
SELECT 'pol' AS incident_source_id, 'PL0500-2025000001' AS incident_number, 'vt' AS report_source_id,
  'M1' AS report_id, 'probabilistic' AS link_class, 0.99 AS match_probability, 3 AS delay_days, 2 AS shared_persons,
  'latest_of_persons' AS reason, 0.99 AS persons_probability;

INSERT INTO case_report BY NAME
SELECT source_id, report_id, case_id, contact_type, received_at, closed_at, 'GM1980' AS municipality_code,
  'GM1980' AS reported_municipality_code,
  CASE case_id WHEN 'C1' THEN 'h1' END AS household_id
FROM steunpunt_report;

INSERT INTO involvement BY NAME
SELECT source_id, record_kind, record_id, person_seq, 'p' || CASE record_no WHEN 2 THEN 3 ELSE person_seq END AS person_id,
  44 AS age_at_event, false AS is_child, false AS address_is_secret
FROM mention;

INSERT INTO person BY NAME
SELECT person_id, 'M' AS sex, count(*) AS mentions, true AS known_at_police, person_id <> 'p3' AS known_at_steunpunt
FROM involvement GROUP BY person_id;

INSERT INTO household BY NAME
SELECT unnest(['h1', 'h2']) AS household_id, unnest([2, 1]) AS members, 0 AS minors, false AS is_collective_address;

INSERT INTO household_member BY NAME
SELECT unnest(['h1', 'h1', 'h2']) AS household_id, unnest(['p1', 'p2', 'p3']) AS person_id,
  DATE '2025-01-01' AS valid_from, DATE '2025-01-01' AS sure_from, DATE '2025-03-01' AS sure_until, 'sure' AS certainty;

INSERT INTO unified_case BY NAME
SELECT unnest(['h1', 'h2']) AS household_id, TIMESTAMP '2025-01-01 10:00:00' AS first_event_at,
  TIMESTAMP '2025-03-10 10:00:00' AS last_event_at, unnest([2, 1]) AS incidents, unnest([1, 0]) AS case_reports,
  false AS open_case, unnest([2, 1]) AS persons, 0 AS children, unnest([1, 0]) AS unmatched_incidents,
  true AS known_at_police, unnest([true, false]) AS known_at_steunpunt;

UPDATE unified_case SET severity = CASE household_id WHEN 'h1' THEN 'yellow' ELSE 'green' END;

INSERT INTO household_colour BY NAME
SELECT unnest(['h1', 'h2']) AS household_id, unnest(['yellow', 'green']) AS severity,
  unnest(['yellow', 'green']) AS severity_by_rule, unnest([['two_incidents'], ['one_incident']]) AS factors,
  unnest([2, 1]) AS incidents_recent;

INSERT INTO household_in_view BY NAME
SELECT unnest(['h1', 'h2']) AS household_id, unnest(['incident', 'no_report']) AS came_first,
  TIMESTAMP '2025-01-01 10:00:00' AS first_incident_at, unnest([2, 1]) AS incidents,
  unnest([2, 1]) AS incidents_before_report, unnest([1, 0]) AS reports;

INSERT INTO household_today BY NAME
SELECT unnest(['h1', 'h2']) AS household_id, DATE '2025-03-13' AS as_of, 0 AS children_certain, 0 AS children_possible,
  false AS is_open_case, unnest([1, 0]) AS unmatched_incidents, unnest([1, 0]) AS unmatched_recent,
  0 AS terms_running, 0 AS terms_overdue, 0 AS handovers_open;

INSERT INTO case_timeline BY NAME
SELECT 'h1' AS household_id, TIMESTAMP '2025-01-01 10:00:00' AS occurred_at, 'incident' AS kind,
  'pol' AS source_id, 'PL0500-2025000001' AS record_id, 'matched_timely' AS summary;

INSERT INTO gap BY NAME
SELECT 'GM1980' AS municipality_code, DATE '2025-01-01' AS month, 4 AS incidents, 1 AS matched, 0 AS late,
  0 AS covered, 0 AS review, 1 AS pending, 1 AS unmatched, 1 AS excluded, 0.5 AS gap_rate, 0.5 AS gap_rate_low,
  0.5 AS gap_rate_high;

INSERT INTO gap_estimate BY NAME
SELECT 'alle' AS municipality_code, 'alle' AS period, 2 AS judged, 1 AS unmatched, 1.1 AS absent, 1 AS absent_low,
  2 AS absent_high, 0.55 AS gap_rate, 0.5 AS gap_rate_low, 1.0 AS gap_rate_high, 0 AS probes, 0 AS reviewed;

INSERT INTO gap_part BY NAME
SELECT 'alle' AS municipality_code, 'alle' AS period, unnest(['raw_difference', 'scope', 'not_yet_arrived', 'covered',
  'follow_ups', 'missed_links', 'false_links', 'truly_absent']) AS part,
  unnest([3, 1, 0.9, 0, 0, 0.2, -0.3, 1.2]) AS expected, expected AS low, expected AS high;

INSERT INTO municipality BY NAME
SELECT 'GM0398' AS municipality_code, 'Heerhugowaard' AS name, NULL AS valid_from, DATE '2022-01-01' AS valid_until,
  'GM1980' AS successor_code, 'GM1980' AS counted_as_code
UNION ALL SELECT 'GM1980', 'Dijk en Waard', DATE '2022-01-01', NULL, NULL, 'GM1980';
