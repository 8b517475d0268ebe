-- Households of which something else may hold than on $since, when the tables were made: their records changed, somebody
-- coloured them, an incident of theirs stands otherwise, or a day that a table asks for has come since.
WITH told AS (
    SELECT household_id, reported_at AS moment FROM incident UNION ALL SELECT household_id, received_at FROM case_report
), coloured AS (
    SELECT household_id FROM fm_given_record JOIN record_household USING (source_id, record_kind, record_id)
    UNION ALL SELECT household_id FROM household_override
), seen AS (
    -- a moment is on a day after one if it is a day later or more: no moment has to become a day
    SELECT household_id FROM told
    WHERE (moment >= $since + 1 AND moment < $as_of + 1)
       OR (moment >= $since - INTERVAL $severity_months MONTH + INTERVAL 1 DAY
           AND moment < $as_of - INTERVAL $severity_months MONTH + INTERVAL 1 DAY)
       OR (moment >= CAST($since - INTERVAL 1 MONTH AS DATE) + 1 AND moment < CAST($as_of - INTERVAL 1 MONTH AS DATE) + 1)
       OR (moment >= CAST($since - INTERVAL 1 MONTH AS DATE) - INTERVAL $severity_months MONTH + INTERVAL 1 DAY
           AND moment < CAST($as_of - INTERVAL 1 MONTH AS DATE) - INTERVAL $severity_months MONTH + INTERVAL 1 DAY)
), unmatched AS (
    SELECT household_id, count(*) AS incidents, count(*) FILTER (CAST(reported_at AS DATE) >= $as_of - $very_late) AS recent
    FROM incident JOIN incident_status USING (source_id, incident_number)
    WHERE status = 'unmatched' AND CAST(reported_at AS DATE) <= $as_of GROUP BY household_id
), was_unmatched AS (
    SELECT household_id, unmatched_incidents, unmatched_recent FROM household_today WHERE unmatched_incidents > 0
), stands AS (
    SELECT household_id FROM (FROM unmatched EXCEPT FROM was_unmatched)
    UNION ALL SELECT household_id FROM (FROM was_unmatched EXCEPT FROM unmatched)
    UNION ALL SELECT household_id FROM incident SEMI JOIN (
        SELECT source_id, incident_number FROM fm_care c
        ANTI JOIN (FROM household_handover WHERE kind = 'care_report') h USING (source_id, record_id, state)
    ) USING (source_id, incident_number)
), done AS (
    SELECT household_id FROM case_report
    WHERE (safety_assessment_end > $since AND safety_assessment_end <= $as_of)
       OR (service_end > $since AND service_end <= $as_of)
       OR (closed_at >= $since + 1 AND closed_at < $as_of + 1)
       OR (transfer_at >= $since + 1 AND transfer_at < $as_of + 1)
    UNION ALL SELECT household_id FROM case_report JOIN (
        SELECT source_id, report_id FROM steunpunt_report
        WHERE (informed_at >= $since + 1 AND informed_at < $as_of + 1)
           OR (monitoring_start > $since AND monitoring_start <= $as_of)
           OR (monitoring_end >= $since AND monitoring_end < $as_of)) USING (source_id, report_id)
), due AS (
    -- a term that starts after tonight may start after all days that are numbered
    SELECT household_id FROM report_term WHERE (due_on >= $since AND due_on < $as_of) OR started_on > $since
    UNION ALL SELECT household_id FROM household_today WHERE exclusion_until >= $since AND exclusion_until < $as_of
), aged AS (
    SELECT person_id FROM person_base
    WHERE birth_latest > $since - INTERVAL 20 YEAR
      AND (month(birth_earliest) * 100 + day(birth_earliest) IN ($birthdays)
           OR month(birth_latest) * 100 + day(birth_latest) IN ($birthdays))
    UNION ALL SELECT person_id FROM mention_person JOIN mention USING (mention_id)
    WHERE event_date >= CAST($since - INTERVAL 18 YEAR AS DATE) AND event_date <= CAST($as_of - INTERVAL 18 YEAR AS DATE) + 1
), joined AS (
    SELECT household_id FROM household_member SEMI JOIN aged USING (person_id)
    UNION ALL SELECT household_id FROM household_member
    WHERE (valid_from > $since AND valid_from <= $as_of) OR (valid_until > $since AND valid_until <= $as_of)
)
SELECT DISTINCT household_id FROM (
    FROM touched_household UNION ALL FROM coloured UNION ALL FROM seen UNION ALL FROM stands UNION ALL FROM done
    UNION ALL FROM due UNION ALL FROM joined
) WHERE household_id IS NOT NULL
