-- Purpose: the tracks of a bucket's samples.
-- Inputs:  $files tracks files; tracks_moving (track).
-- Grain:   one row per track and run of positions (schemas.tables.TRACKS); equal rows once.
SELECT DISTINCT tracks.*
FROM read_parquet($files) AS tracks
WHERE tracks.track IN (SELECT track FROM tracks_moving)
ORDER BY tracks.contig, tracks.track, tracks."start"
