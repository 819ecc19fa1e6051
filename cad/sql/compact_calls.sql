-- Purpose: the calls of a bucket's samples within one bin.
-- Inputs:  $files calls files; $contig, $first, $last the bin; moving (sample).
-- Grain:   one row per sample and alternate allele (schemas.tables.CALLS), in the table's order.
SELECT calls.*
FROM read_parquet($files) AS calls
WHERE calls.contig = $contig
  AND calls.pos BETWEEN $first AND $last
  AND calls.sample IN (SELECT sample FROM moving)
ORDER BY calls.pos, calls.ref, calls.alt, calls.sample
