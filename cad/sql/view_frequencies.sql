-- Purpose: the base of one purpose as people read it, zeros included.
-- Inputs:  base_an, base_counts, strata; faf95() of cad.frequency.
-- Grain:   one row per variant and stratum with persons (schemas.views.FREQUENCIES). Units: alleles, persons, fractions.
WITH denominators AS (
    SELECT
        base_an.contig, base_an.pos, base_an.ref, base_an.alt,
        strata.number, strata.stratum,
        coalesce(base_an.an[strata.number], 0) AS an,
        coalesce(base_an.an_raw[strata.number], 0) AS an_raw,
        coalesce(base_an.persons[strata.number], 0) AS persons,
        base_an.p_platform, base_an.p_pipeline, base_an.p_excess_het, base_an.call_rate,
        (SELECT count(*) FROM base_an) AS variants
    FROM base_an
    CROSS JOIN strata
),
counted AS (
    SELECT
        denominators.*,
        coalesce(base_counts.n_het, 0) AS n_het,
        coalesce(base_counts.n_hom, 0) AS n_hom,
        coalesce(base_counts.n_hemi, 0) AS n_hemi,
        -- On M a heteroplasmic and a homoplasmic person carry one allele each (DESIGN 5.7).
        CASE WHEN denominators.contig = 'M' THEN 1 ELSE 2 END AS copies,
        coalesce(base_counts.n_het_raw + base_counts.n_hemi_raw, 0)
            + copies * coalesce(base_counts.n_hom_raw, 0) AS ac_raw
    FROM denominators
    LEFT JOIN base_counts
        ON base_counts.contig = denominators.contig
        AND base_counts.pos = denominators.pos
        AND base_counts.ref = denominators.ref
        AND base_counts.alt = denominators.alt
        AND base_counts.stratum = denominators.number
),
summed AS (
    SELECT
        *,
        n_het + copies * n_hom + n_hemi AS ac,
        CASE WHEN contig = 'M' THEN n_hom ELSE n_het + copies * n_hom + n_hemi END AS alleles
    FROM counted
)
SELECT
    contig, pos, ref, alt, stratum,
    ac, an,
    alleles / nullif(an, 0) AS af,
    n_het, n_hom, n_hemi, persons,
    faf95(alleles, an) AS faf95,
    ac_raw, an_raw,
    false AS hidden,
    p_platform, p_pipeline, p_excess_het, call_rate,
    -- The thresholds are those of cad.flags.
    list_filter(
        [
            CASE WHEN p_platform * variants < 0.05 THEN 'platform_difference' END,
            CASE WHEN p_pipeline * variants < 0.05 THEN 'pipeline_difference' END,
            CASE WHEN p_excess_het * variants < 0.05 THEN 'excess_heterozygosity' END,
            CASE WHEN call_rate < 0.9 THEN 'low_call_rate' END
        ],
        lambda flag: flag IS NOT NULL
    ) AS flags
FROM summed
