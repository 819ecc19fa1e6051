-- Purpose: the calls of a bucket's samples within one bin.
-- Inputs:  $files calls files; $contig, $first, $last the bin; moving (sample);
--          left_behind (file, sample): rows of samples that were moved, which another file has too.
-- Grain:   one row per sample and alternate allele (schemas.tables.CALLS), in the table's order.
SELECT calls.* EXCLUDE (filename)
FROM read_parquet($files, filename = true) AS calls
ANTI JOIN left_behind AS gone
  ON gone.file = calls.filename AND gone.sample = calls.sample
WHERE calls.contig = $contig
  AND calls.pos BETWEEN $first AND $last
  AND calls.sample IN (SELECT sample FROM moving)
ORDER BY calls.pos, calls.ref, calls.alt, calls.sample
