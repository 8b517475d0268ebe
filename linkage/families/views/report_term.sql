-- Terms of reports, where the source promises what each ends with. A day is numbered by the working days up to it. A term
-- that starts far from all records (a year mistyped) has no numbered days: it stays, counted in weekdays.
WITH first_of AS (SELECT working_no, min(day) AS day FROM working_day GROUP BY working_no),
asked AS (
    SELECT r.source_id, r.report_id, r.household_id, r.closed_at, t.*,
           CASE t.starts WHEN 'received_at' THEN r.day WHEN 'service_start' THEN r.service_start END AS started_on,
           CASE t.ends WHEN 'safety_assessment_end' THEN r.safety_assessment_end WHEN 'service_end' THEN r.service_end
                WHEN 'informed_at' THEN r.informed_at END AS ended_on
    FROM fm_report r, fm_term t
    WHERE NOT EXISTS (SELECT 1 FROM fm_unpromised u WHERE u.source_id = r.source_id AND u.field = t.ends)
), counting AS (
    SELECT *, started_on + CASE WHEN is_in_working_days THEN 1 ELSE days END AS first_day,
           CASE WHEN is_in_working_days THEN days ELSE 1 END AS nth
    FROM asked WHERE started_on IS NOT NULL
), due AS (
    SELECT a.*, s.working_no AS started_no, CASE WHEN ended_on <= $as_of THEN ended_on END AS done_on,
           coalesce(d.day, CAST(list_filter(
               generate_series(CAST(first_day AS TIMESTAMP), first_day + 2 * nth + 3, INTERVAL 1 DAY),
               lambda x: isodow(x) < 6)[nth] AS DATE)) AS due_on
    FROM counting a LEFT JOIN working_day s ON s.day = a.started_on
    LEFT JOIN working_day l ON l.day = a.started_on + a.days - 1
    LEFT JOIN first_of d
        ON d.working_no = CASE WHEN is_in_working_days THEN s.working_no + a.days ELSE l.working_no + 1 END
), judged AS (
    SELECT d.*, CASE WHEN is_in_working_days THEN e.working_no - started_no <= days ELSE done_on <= due_on END AS is_met
    FROM due d LEFT JOIN working_day e ON e.day = d.done_on
)
SELECT source_id, report_id, term, household_id, started_on, due_on, done_on,
       CASE WHEN done_on IS NOT NULL AND coalesce(is_met, done_on <= due_on) THEN 'met'
            WHEN done_on IS NULL AND due_on >= $as_of THEN 'running'
            WHEN is_extendable THEN 'undecided' ELSE 'missed' END AS state,
       done_on IS NULL AND (closed_at IS NULL OR CAST(closed_at AS DATE) > $as_of) AS is_open
FROM judged
