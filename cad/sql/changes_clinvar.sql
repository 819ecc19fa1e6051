-- Purpose: the variants that two versions of ClinVar classify differently.
-- Inputs:  before, after (contig, pos, ref, alt, significance).
-- Grain:   one row per variant whose words differ; null where a version does not hold it. Units: words.
WITH former AS (
    SELECT
        contig, pos, ref, alt,
        string_agg(DISTINCT significance, ',' ORDER BY significance) AS significance
    FROM before
    GROUP BY ALL
),
latter AS (
    SELECT
        contig, pos, ref, alt,
        string_agg(DISTINCT significance, ',' ORDER BY significance) AS significance
    FROM after
    GROUP BY ALL
)
SELECT
    contig, pos, ref, alt,
    former.significance AS significance_before,
    latter.significance AS significance
FROM former
FULL OUTER JOIN latter USING (contig, pos, ref, alt)
WHERE former.significance IS DISTINCT FROM latter.significance
ORDER BY contig, pos, ref, alt
