-- Purpose: count the difference of a build within one bin from the calls of the samples that changed.
-- Inputs:  $files calls files; $contig, $first, $last the bin; members (sample, sex, stratum, times);
--          stretches (first, last, region_class); copies (region_class, sex, copies).
-- Grain:   one row per variant and stratum with any difference. Units: persons, signed.
WITH called AS (
    SELECT calls.pos, calls.ref, calls.alt, calls.sample, calls.dosage, stretches.region_class
    FROM read_parquet($files) AS calls
    JOIN stretches ON calls.pos BETWEEN stretches.first AND stretches.last
    WHERE calls.contig = $contig
      AND calls.pos BETWEEN $first AND $last
),
counted AS (
    SELECT
        called.pos, called.ref, called.alt, members.stratum, members.times, copies.copies,
        called.dosage & 3 AS pass_two, (called.dosage >> 2) & 3 AS raw_two,
        (called.dosage >> 4) & 1 AS pass_one, (called.dosage >> 5) & 1 AS raw_one
    FROM called
    JOIN members USING (sample)
    JOIN copies ON copies.region_class = called.region_class AND copies.sex = members.sex
)
SELECT
    pos, ref, alt, stratum,
    sum(times) FILTER (copies = 2 AND pass_two = 1) AS n_het,
    sum(times) FILTER (copies = 2 AND pass_two = 2) AS n_hom,
    sum(times) FILTER (copies = 1 AND pass_one = 1) AS n_hemi,
    sum(times) FILTER (copies = 2 AND raw_two = 1) AS n_het_raw,
    sum(times) FILTER (copies = 2 AND raw_two = 2) AS n_hom_raw,
    sum(times) FILTER (copies = 1 AND raw_one = 1) AS n_hemi_raw
FROM counted
GROUP BY ALL
