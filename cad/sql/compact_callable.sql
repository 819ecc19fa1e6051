-- Purpose: the callable rows of a bucket's samples within one bin.
-- Inputs:  $files callable files; $contig, $first, $last the bin; moving (sample);
--          left_behind (file, sample): rows of samples that were moved, which another file has too.
-- Grain:   one row per sample and run of positions (schemas.tables.CALLABLE), in the table's order.
SELECT rows.* EXCLUDE (filename)
FROM read_parquet($files, filename = true) AS rows
ANTI JOIN left_behind AS gone
  ON gone.file = rows.filename AND gone.sample = rows.sample
WHERE rows.contig = $contig
  AND rows."start" BETWEEN $first AND $last
  AND rows.sample IN (SELECT sample FROM moving)
ORDER BY rows."start", rows.sample
