-- Incidents that a probe names, by what they would be if nobody told the number; young ones would wait, and are left out.
SELECT CASE WHEN c.incident_no IS NOT NULL THEN 'found'
            WHEN o.incident_no IS NOT NULL THEN 'covered'
            WHEN l.incident_no IS NOT NULL THEN 'review'
            ELSE 'unmatched' END AS seen, count(*) AS incidents
FROM (SELECT DISTINCT incident_no FROM gp_probe) p JOIN cb_standing i USING (incident_no)
LEFT JOIN gp_chosen c USING (incident_no) LEFT JOIN cb_open o USING (incident_no)
LEFT JOIN (SELECT DISTINCT incident_no FROM gp_link WHERE link_class = 'possible') l USING (incident_no)
WHERE i.known_until - i.day >= $late
GROUP BY 1
