-- Purpose: the passing SNVs of a few samples in one bin, to compare genomes by (cad.door.pairs).
-- Inputs:  $files calls files; $contig, $first, $last the bin; looked_at (sample).
-- Grain:   one row per sample and SNV it carries with both alleles known; `key` packs pos, ref, alt.
-- Note:    a sample that was moved leaves its rows in the file of a bucket where others stayed.
SELECT DISTINCT
  sample,
  (pos::BIGINT << 4) | ((strpos('ACGT', ref) - 1) << 2) | (strpos('ACGT', alt) - 1) AS key,
  dosage & 3 = 2 AS hom
FROM read_parquet($files)
WHERE contig = $contig
  AND pos BETWEEN $first AND $last
  AND length(ref) = 1
  AND length(alt) = 1
  AND contains('ACGT', ref)
  AND contains('ACGT', alt)
  AND dosage & 3 > 0
  AND length(gt) > 2
  AND NOT contains(gt, '.')
  AND sample IN (SELECT sample FROM looked_at)
ORDER BY sample, key
