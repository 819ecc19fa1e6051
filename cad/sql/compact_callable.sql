-- Purpose: the callable rows of a bucket's samples within one bin.
-- Inputs:  $files callable files; $contig, $first, $last the bin; moving (sample).
-- Grain:   one row per sample and run of positions (schemas.tables.CALLABLE), in the table's order.
SELECT rows.*
FROM read_parquet($files) AS rows
WHERE rows.contig = $contig
  AND rows."start" BETWEEN $first AND $last
  AND rows.sample IN (SELECT sample FROM moving)
ORDER BY rows."start", rows.sample
