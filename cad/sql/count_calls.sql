-- What changed persons' calls add to, or take from, the counts; Spark and DuckDB read it alike.
-- in:  calls; members: sample, sex and the profile it counts by; profiles: how often a profile
--      counts in which stratum; ploidies: copies by contig, stretch and sex
-- out: one row per bin, variant and stratum with a difference; persons
WITH carried AS (
    SELECT c.contig, c.pos, c.ref, c.alt, c.dosage, m.profile, p.dose_copies AS copies
    FROM calls AS c
    JOIN members AS m ON m.sample = c.sample
    JOIN ploidies AS p
        ON p.contig = c.contig
        AND p.sex = m.sex
        AND c.pos BETWEEN p.from_pos AND p.to_pos
),
by_profile AS (
    SELECT
        contig, pos, ref, alt, profile,
        sum(CASE WHEN copies = 2 AND (dosage & 3) = 1 THEN 1 ELSE 0 END) AS n_het,
        sum(CASE WHEN copies = 2 AND (dosage & 3) = 2 THEN 1 ELSE 0 END) AS n_hom,
        sum(CASE WHEN copies = 1 AND (dosage & 16) = 16 THEN 1 ELSE 0 END) AS n_hemi,
        sum(CASE WHEN copies = 2 AND (dosage & 12) = 4 THEN 1 ELSE 0 END) AS n_het_raw,
        sum(CASE WHEN copies = 2 AND (dosage & 12) = 8 THEN 1 ELSE 0 END) AS n_hom_raw,
        sum(CASE WHEN copies = 1 AND (dosage & 32) = 32 THEN 1 ELSE 0 END) AS n_hemi_raw
    FROM carried
    GROUP BY contig, pos, ref, alt, profile
),
by_stratum AS (
    SELECT
        v.contig, v.pos, v.ref, v.alt, s.stratum,
        CAST(sum(s.times * v.n_het) AS INT) AS n_het,
        CAST(sum(s.times * v.n_hom) AS INT) AS n_hom,
        CAST(sum(s.times * v.n_hemi) AS INT) AS n_hemi,
        CAST(sum(s.times * v.n_het_raw) AS INT) AS n_het_raw,
        CAST(sum(s.times * v.n_hom_raw) AS INT) AS n_hom_raw,
        CAST(sum(s.times * v.n_hemi_raw) AS INT) AS n_hemi_raw
    FROM by_profile AS v
    JOIN profiles AS s ON s.profile = v.profile
    GROUP BY v.contig, v.pos, v.ref, v.alt, s.stratum
)
SELECT
    contig,
    CAST(floor((pos - 1) / 10000000) AS INT) AS bin,
    pos, ref, alt, stratum, n_het, n_hom, n_hemi, n_het_raw, n_hom_raw, n_hemi_raw
FROM by_stratum
WHERE n_het <> 0 OR n_hom <> 0 OR n_hemi <> 0
    OR n_het_raw <> 0 OR n_hom_raw <> 0 OR n_hemi_raw <> 0
