-- The tags of households; a record counts once for each evidence, however many of its codes say so.
SELECT household_id, tag, evidence, count(DISTINCT record) AS records, min(moment) AS first_at, max(moment) AS last_at
FROM fm_evidence WHERE household_id IS NOT NULL GROUP BY household_id, tag, evidence
