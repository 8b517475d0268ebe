-- Incidents of which reviewers judged a person against one on a report in time: what the model had made of the incident
-- (an answer also where other persons link the two),
-- and whether the decision gave it a report or kept it one (``is_yes``). Of several decisions on an incident one that says
-- yes counts. Who is unsure says nothing.
WITH applied AS (
    SELECT decision_id, verdict, left_id, right_id FROM decision WHERE outcome = 'applied' AND verdict <> 'unsure'
), side AS (
    SELECT e.decision_id, e.verdict, m.record_no, coalesce(p.match_probability, 0) AS probability
    FROM (SELECT *, unnest([left_id, right_id]) AS mention_id FROM applied) e JOIN mention m USING (mention_id)
    LEFT JOIN (FROM pair SEMI JOIN applied USING (left_id, right_id)) p USING (left_id, right_id)
), judged AS (
    SELECT i.incident_no, r.report_no, a.verdict, a.probability
    FROM side a JOIN side b USING (decision_id)
    JOIN cb_status i ON i.incident_no = a.record_no
    JOIN report_base r ON r.case_no = b.record_no AND r.day - i.day BETWEEN -$early AND $very_late
), status AS (
    FROM cb_status SEMI JOIN judged USING (incident_no)
), told AS (
    SELECT j.incident_no,
           CASE WHEN j.probability >= $sure OR h.persons > 1 THEN 'answered' WHEN j.probability >= $possible THEN 'review'
                ELSE 'unmatched' END AS seen_as,
           verdict = 'same' AND c.report_no IS NOT NULL AS is_yes
    FROM judged j JOIN status s ON s.incident_no = j.incident_no
    LEFT JOIN (FROM shared_people SEMI JOIN judged USING (incident_no)) h ON h.incident_no = j.incident_no AND h.report_no = j.report_no
    LEFT JOIN status c ON c.incident_no = j.incident_no AND c.report_no = j.report_no AND s.status LIKE 'matched%'
    WHERE s.status IN ('matched_timely', 'matched_late', 'matched_very_late', 'unmatched', 'review')
      AND (verdict = 'different' OR c.report_no IS NOT NULL)
      -- Another report answers an incident whose link was taken away: nothing is missed or false about it any more.
      AND (verdict = 'same' OR s.status = 'unmatched')
)
SELECT incident_no, arg_max(seen_as, is_yes) AS seen_as, bool_or(is_yes) AS is_yes FROM told GROUP BY incident_no
