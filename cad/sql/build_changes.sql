-- Purpose: what a build changed that somebody should look at again, in one bin of one purpose's base.
-- Inputs:  held, merged (BASE_COUNTS before and after); denominators (pos, stratum, name, an_before, an);
--          watched (start, end, ref, alt; ref and alt null for whole stretches); $contig, $built_from.
-- Grain:   one row per variant and stratum (schemas.tables.BASE_CHANGES). Units: alleles, persons.
WITH counted AS (
    SELECT
        pos, ref, alt, stratum,
        coalesce(held.n_hom, 0) AS n_hom_before,
        coalesce(merged.n_hom, 0) AS n_hom,
        CASE
            WHEN $contig = 'M' THEN coalesce(held.n_hom, 0)
            ELSE coalesce(held.n_het + 2 * held.n_hom + held.n_hemi, 0)
        END AS ac_before,
        CASE
            WHEN $contig = 'M' THEN coalesce(merged.n_hom, 0)
            ELSE coalesce(merged.n_het + 2 * merged.n_hom + merged.n_hemi, 0)
        END AS ac
    FROM held
    FULL OUTER JOIN merged USING (pos, ref, alt, stratum)
    WHERE stratum IN (SELECT stratum FROM denominators)
),
figures AS (
    SELECT
        counted.*, denominators.name, denominators.an_before, denominators.an,
        -- Above 1 % (BS1) and above 5 % (BA1), in whole numbers.
        (100 * ac_before > an_before)::INTEGER + (20 * ac_before > an_before)::INTEGER AS band_before,
        (100 * ac > an)::INTEGER + (20 * ac > an)::INTEGER AS band
    FROM counted
    JOIN denominators USING (pos, stratum)
    WHERE denominators.an_before > 0
)
SELECT
    $contig AS contig, pos, ref, alt, name AS stratum, $built_from::INTEGER AS built_from,
    ac_before, an_before, n_hom_before, ac, an, n_hom
FROM figures
WHERE
    band <> band_before
    OR (name = 'all' AND (n_hom > 0) <> (n_hom_before > 0))
    OR (
        name = 'all' AND ac_before = 0 AND ac > 0
        AND EXISTS (
            SELECT 1
            FROM watched
            WHERE figures.pos BETWEEN watched.start AND watched.end
                AND coalesce(watched.ref, figures.ref) = figures.ref
                AND coalesce(watched.alt, figures.alt) = figures.alt
        )
    )
ORDER BY pos, ref, alt, stratum
