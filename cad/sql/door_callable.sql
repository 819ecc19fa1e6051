-- Purpose: where a few samples are known to have two alleles or fewer in one bin (cad.door.pairs).
-- Inputs:  $files callable files; $contig, $first, $last the bin; $page positions that no row is
--          longer than; looked_at (sample).
-- Note:    a sample that moved may have the same rows in a file that it left: each counts once.
-- Grain:   one row per sample and run, sorted; `known` are the alleles that pass at ploidy 2.
SELECT DISTINCT
  sample,
  "start",
  "end",
  code & 3 AS known
FROM read_parquet($files)
WHERE contig = $contig
  AND "start" BETWEEN $first - $page AND $last
  AND "end" >= $first
  AND sample IN (SELECT sample FROM looked_at)
ORDER BY sample, "start"
