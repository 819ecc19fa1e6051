-- Purpose: the variants that two versions of ClinVar classify differently.
-- Inputs:  before, after (contig, pos, ref, alt, significance).
-- Grain:   one row per variant whose words differ; null where a version does not hold it. Units: words.
WITH then AS (
    SELECT
        contig, pos, ref, alt,
        string_agg(DISTINCT significance, ',' ORDER BY significance) AS significance
    FROM before
    GROUP BY ALL
),
now AS (
    SELECT
        contig, pos, ref, alt,
        string_agg(DISTINCT significance, ',' ORDER BY significance) AS significance
    FROM after
    GROUP BY ALL
)
SELECT
    contig, pos, ref, alt,
    then.significance AS significance_before,
    now.significance AS significance
FROM then
FULL OUTER JOIN now USING (contig, pos, ref, alt)
WHERE then.significance IS DISTINCT FROM now.significance
ORDER BY contig, pos, ref, alt
