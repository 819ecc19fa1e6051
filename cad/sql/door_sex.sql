-- Purpose: what staged calls of X and Y, outside the PARs, say of a sample's sex (cad.door.sex).
-- Inputs:  $files calls files; $x_first, $x_last, $y_first, $y_last the contigs between their PARs.
-- Grain:   one row per sample with a passing SNV there; counts of SNVs.
-- Note:    passing at ploidy 2 is asked of every genotype of X, or depth would favour homozygotes.
WITH snv AS (
  SELECT
    sample,
    contig,
    dosage,
    string_split(replace(gt, '|', '/'), '/') AS alleles
  FROM read_parquet($files)
  WHERE (
      (contig = 'X' AND pos BETWEEN $x_first AND $x_last)
      OR (contig = 'Y' AND pos BETWEEN $y_first AND $y_last)
    )
    AND length(ref) = 1
    AND length(alt) = 1
    AND NOT contains(gt, '.')
)
SELECT
  sample,
  count(*) FILTER (WHERE contig = 'X' AND len(alleles) = 2 AND dosage & 3 > 0) AS x_calls,
  count(*) FILTER (
    WHERE contig = 'X' AND len(alleles) = 2 AND dosage & 3 > 0 AND alleles[1] <> alleles[2]
  ) AS x_het,
  count(*) FILTER (
    WHERE contig = 'Y' AND dosage & 16 > 0 AND (len(alleles) = 1 OR alleles[1] = alleles[2])
  ) AS y_calls
FROM snv
GROUP BY sample
