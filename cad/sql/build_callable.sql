-- Purpose: the callable rows of the samples that changed, within one bin.
-- Inputs:  $files callable files; $contig, $first, $last the bin; wanted (sample, member).
-- Grain:   one row per member and run of positions, in the order of start. Units: bp, codes.
SELECT rows."start", rows."end", rows.code, rows.replaced, wanted.member
FROM read_parquet($files) AS rows
JOIN wanted USING (sample)
WHERE rows.contig = $contig
  AND rows."start" BETWEEN $first AND $last
ORDER BY rows."start"
