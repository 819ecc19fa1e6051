-- Purpose: a sample of the autosomal SNVs that staged samples carry, for sketches (cad.door.sketch).
-- Inputs:  $files calls files; $multiplier and $below choose positions by rank; looked_at (sample).
-- Grain:   one row per sample and passing SNV whose two alleles are known, of rank less than $below.
SELECT
  sample,
  pos::BIGINT AS pos,
  contig::BIGINT AS contig,
  strpos('ACGT', ref) - 1 AS ref,
  strpos('ACGT', alt) - 1 AS alt,
  dosage & 3 = 2 AS hom
FROM read_parquet($files)
WHERE (pos::BIGINT * $multiplier) & 4294967295 < $below
  AND contig NOT IN ('X', 'Y', 'M')
  AND length(ref) = 1
  AND length(alt) = 1
  AND contains('ACGT', ref)
  AND contains('ACGT', alt)
  AND dosage & 3 > 0
  AND length(gt) > 2
  AND NOT contains(gt, '.')
  AND sample IN (SELECT sample FROM looked_at)
