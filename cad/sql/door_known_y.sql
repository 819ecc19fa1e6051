-- Purpose: what staged callable rows change of the known bases of Y that tracks tell of.
-- Inputs:  $files callable files.
-- Grain:   one row per sample with rows on Y; bases known and passing at ploidy 1, negative where
--          rows take away.
SELECT
  sample,
  sum(("end" - "start" + 1) * ((code >> 4 & 1) - (replaced >> 4 & 1)))::BIGINT AS bases
FROM read_parquet($files)
WHERE contig = 'Y'
GROUP BY sample
