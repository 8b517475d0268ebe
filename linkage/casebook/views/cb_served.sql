-- Municipalities that a steunpunt of ours serves: those of its reports, and those of the register.
WITH said AS (
    SELECT DISTINCT coalesce(place.counted_as_code, r.municipality_code) AS municipality_code
    FROM steunpunt_report r LEFT JOIN municipality place USING (municipality_code)
)
SELECT DISTINCT municipality_code FROM said
WHERE municipality_code IS NOT NULL AND (len($region) = 0 OR list_contains($region, municipality_code))
UNION SELECT municipality_code FROM partner_area WHERE partner_kind = 'steunpunt'
