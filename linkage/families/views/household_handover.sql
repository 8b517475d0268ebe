-- What was handed over, and what the records show of it since.
WITH recipient AS (
    SELECT DISTINCT text, coalesce(
               max(code) FILTER (r.text = k.spelling), max(code) FILTER (starts_with(r.text, k.spelling || ' '))) AS code
    FROM (SELECT DISTINCT lower(trim(transfer_to)) AS text FROM fm_report) r
    LEFT JOIN fm_recipient k ON r.text = k.spelling OR starts_with(r.text, k.spelling || ' ')
    GROUP BY text
), handed AS (
    SELECT 'care_report' AS kind, source_id, c.record_id, i.household_id, coalesce(c.sent_at, i.reported_at) AS handed_at,
           'steunpunt' AS recipient, c.state
    FROM fm_care c JOIN incident i USING (source_id, incident_number) WHERE i.household_id IS NOT NULL
    UNION ALL
    SELECT 'transfer', r.source_id, r.report_id, r.household_id, r.transfer_at,
           CASE WHEN coalesce(trim(r.transfer_to), '') = '' THEN 'onbekend' ELSE coalesce(k.code, 'anders') END,
           CASE WHEN r.monitoring_start <= $as_of AND coalesce(r.monitoring_end >= $as_of, true) THEN 'monitored'
                WHEN CAST(r.closed_at AS DATE) <= $as_of THEN 'closed' ELSE 'open' END
    FROM fm_report r LEFT JOIN recipient k ON k.text = lower(trim(r.transfer_to))
    WHERE r.transfer_at IS NOT NULL AND r.household_id IS NOT NULL
)
SELECT *, CASE WHEN state IN ('open', 'failed', 'review') THEN $as_of - CAST(handed_at AS DATE) END AS days_open
FROM handed WHERE CAST(handed_at AS DATE) <= $as_of
