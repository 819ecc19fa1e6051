-- Purpose: add a build's difference to the counts that a base holds for one purpose and bin.
-- Inputs:  held, difference (both: pos, ref, alt, stratum, n_het ... n_hemi_raw); $contig.
-- Grain:   one row per variant and stratum with a raw count above 0 (schemas.tables.BASE_COUNTS). Units: persons.
WITH summed AS (
    SELECT
        pos, ref, alt, stratum,
        sum(n_het)::INTEGER AS n_het, sum(n_hom)::INTEGER AS n_hom, sum(n_hemi)::INTEGER AS n_hemi,
        sum(n_het_raw)::INTEGER AS n_het_raw, sum(n_hom_raw)::INTEGER AS n_hom_raw,
        sum(n_hemi_raw)::INTEGER AS n_hemi_raw
    FROM (
        SELECT pos, ref, alt, stratum, n_het, n_hom, n_hemi, n_het_raw, n_hom_raw, n_hemi_raw
        FROM held
        UNION ALL
        SELECT pos, ref, alt, stratum, n_het, n_hom, n_hemi, n_het_raw, n_hom_raw, n_hemi_raw
        FROM difference
    )
    GROUP BY ALL
)
SELECT $contig AS contig, *
FROM summed
WHERE n_het <> 0 OR n_hom <> 0 OR n_hemi <> 0 OR n_het_raw <> 0 OR n_hom_raw <> 0 OR n_hemi_raw <> 0
ORDER BY pos, ref, alt, stratum
