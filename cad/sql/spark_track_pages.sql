-- Runs of sets of tracks, cut at pages of 16 000 positions; Spark's dialect.
-- in:  track_runs
-- out: one row per set, contig, run and page that it touches
SELECT
    set_no, contig, code,
    greatest(from_pos, CAST(page * 16000 + 1 AS INT)) AS from_pos,
    least(to_pos, CAST((page + 1) * 16000 AS INT)) AS to_pos
FROM track_runs
LATERAL VIEW explode(
    sequence(floor((from_pos - 1) / 16000), floor((to_pos - 1) / 16000))
) AS page
