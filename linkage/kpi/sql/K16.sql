-- What came after the first closure of a household in a year, when no other case of it was open.
SELECT kind || '_' || days AS figure, 'all' AS part, coalesce(municipality_code, 'onbekend') AS municipality_code, day,
       CAST(day + days <= $as_of AND coalesce(
           CASE kind WHEN 'incident' THEN days_to_incident ELSE days_to_report END <= days, false) AS INTEGER) AS numerator,
       CAST(day + days <= $as_of AS INTEGER) AS denominator, CAST(day + days > $as_of AS INTEGER) AS censored
FROM (SELECT *, CAST(closed_at AS DATE) AS day FROM household_closure WHERE is_first_of_year),
     (VALUES ('incident'), ('report')) AS k (kind), (VALUES (90), (180), (365)) AS d (days)
