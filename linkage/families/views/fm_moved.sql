-- Households of which something else may hold than on $since, when the tables were made: their records changed, somebody
-- coloured them, an incident of theirs stands otherwise, or a day that a table asks for has come since.
WITH told AS (
    SELECT household_id, CAST(reported_at AS DATE) AS day FROM incident
    UNION ALL SELECT household_id, CAST(received_at AS DATE) FROM case_report
), coloured AS (
    SELECT household_id FROM fm_given_record JOIN record_household USING (source_id, record_kind, record_id)
    UNION ALL SELECT household_id FROM household_override
), seen AS (
    SELECT household_id FROM told
    WHERE (day > $since AND day <= $as_of)
       OR (day > $since - INTERVAL $severity_months MONTH AND day <= $as_of - INTERVAL $severity_months MONTH)
       OR (day > CAST($since - INTERVAL 1 MONTH AS DATE) AND day <= CAST($as_of - INTERVAL 1 MONTH AS DATE))
       OR (day > CAST($since - INTERVAL 1 MONTH AS DATE) - INTERVAL $severity_months MONTH
           AND day <= CAST($as_of - INTERVAL 1 MONTH AS DATE) - INTERVAL $severity_months MONTH)
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
       OR (CAST(closed_at AS DATE) > $since AND CAST(closed_at AS DATE) <= $as_of)
       OR (CAST(transfer_at AS DATE) > $since AND CAST(transfer_at AS DATE) <= $as_of)
    UNION ALL SELECT household_id FROM case_report JOIN (
        SELECT source_id, report_id FROM steunpunt_report
        WHERE (CAST(informed_at AS DATE) > $since AND CAST(informed_at AS DATE) <= $as_of)
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
    SELECT household_id FROM household_member
    WHERE person_id IN (FROM aged) OR (valid_from > $since AND valid_from <= $as_of)
       OR (valid_until > $since AND valid_until <= $as_of)
)
SELECT DISTINCT household_id FROM (
    FROM touched_household UNION ALL FROM coloured UNION ALL FROM seen UNION ALL FROM stands UNION ALL FROM done
    UNION ALL FROM due UNION ALL FROM joined
) WHERE household_id IS NOT NULL
