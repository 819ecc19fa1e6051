-- Purpose: the variants of a base beside what the sources' default versions say of them.
-- Inputs:  frequencies, annotation_clinvar, annotation_gnomad, annotation_dbsnp, annotation_cadd,
--          annotation_revel, annotation_alphamissense, annotation_spliceai.
-- Grain:   one row per variant of the base (schemas.views.ANNOTATED); of several records, or sources of one kind, the
--          words in a list, the greatest figure. Units: alleles, persons, fractions, scores.
WITH clinvar AS (
    SELECT
        contig, pos, ref, alt,
        string_agg(DISTINCT significance, ',' ORDER BY significance) AS significance,
        max(stars) AS stars,
        string_agg(DISTINCT variation_id::VARCHAR, ',' ORDER BY variation_id::VARCHAR) AS variations
    FROM annotation_clinvar
    WHERE is_default
    GROUP BY contig, pos, ref, alt
),
gnomad AS (
    SELECT
        contig, pos, ref, alt,
        max(af) AS af,
        max(nhomalt) AS nhomalt,
        max(faf95) AS faf95,
        max(af_grpmax) AS af_grpmax,
        arg_max(grpmax, af_grpmax) AS grpmax
    FROM annotation_gnomad
    WHERE is_default
    GROUP BY contig, pos, ref, alt
),
dbsnp AS (
    SELECT contig, pos, ref, alt, string_agg(DISTINCT 'rs' || rs, ',' ORDER BY 'rs' || rs) AS rs
    FROM annotation_dbsnp
    WHERE is_default
    GROUP BY contig, pos, ref, alt
),
cadd AS (
    SELECT contig, pos, ref, alt, max(phred) AS phred
    FROM annotation_cadd
    WHERE is_default
    GROUP BY contig, pos, ref, alt
),
revel AS (
    SELECT contig, pos, ref, alt, max(score) AS score
    FROM annotation_revel
    WHERE is_default
    GROUP BY contig, pos, ref, alt
),
alphamissense AS (
    SELECT contig, pos, ref, alt, max(score) AS score
    FROM annotation_alphamissense
    WHERE is_default
    GROUP BY contig, pos, ref, alt
),
spliceai AS (
    SELECT contig, pos, ref, alt, max(ds_max) AS ds_max
    FROM annotation_spliceai
    WHERE is_default
    GROUP BY contig, pos, ref, alt
)
SELECT
    contig, pos, ref, alt,
    frequencies.ac, frequencies.an, frequencies.af, frequencies.n_het, frequencies.n_hom,
    frequencies.n_hemi, frequencies.persons, frequencies.faf95,
    clinvar.significance AS clinvar_significance,
    clinvar.stars AS clinvar_stars,
    clinvar.variations AS clinvar_variation_ids,
    dbsnp.rs AS rs,
    gnomad.af AS gnomad_af,
    gnomad.nhomalt AS gnomad_nhomalt,
    gnomad.faf95 AS gnomad_faf95,
    gnomad.af_grpmax AS gnomad_af_grpmax,
    gnomad.grpmax AS gnomad_grpmax,
    cadd.phred AS cadd_phred,
    revel.score AS revel_score,
    alphamissense.score AS alphamissense_score,
    spliceai.ds_max AS spliceai_ds_max
FROM frequencies
LEFT JOIN clinvar USING (contig, pos, ref, alt)
LEFT JOIN gnomad USING (contig, pos, ref, alt)
LEFT JOIN dbsnp USING (contig, pos, ref, alt)
LEFT JOIN cadd USING (contig, pos, ref, alt)
LEFT JOIN revel USING (contig, pos, ref, alt)
LEFT JOIN alphamissense USING (contig, pos, ref, alt)
LEFT JOIN spliceai USING (contig, pos, ref, alt)
WHERE frequencies.stratum = 'all'
