-- The runs of sets of tracks: a sample with several has what any of them says, the larger code.
-- in:  tracks: runs by track; track_sets: the tracks of each set
-- out: one row per set, contig and run in which no track begins or ends; Spark and DuckDB read it
--      alike
WITH steps AS (
    SELECT s.set_no, t.contig, t.from_pos AS pos, 1 AS step, t.code
    FROM tracks AS t
    JOIN track_sets AS s ON s.track = t.track
    UNION ALL
    SELECT s.set_no, t.contig, t.to_pos + 1 AS pos, -1 AS step, t.code
    FROM tracks AS t
    JOIN track_sets AS s ON s.track = t.track
),
by_pos AS (
    SELECT
        set_no, contig, pos,
        sum(step) AS inside,
        sum(CASE WHEN (code & 3) >= 1 THEN step ELSE 0 END) AS one_passes,
        sum(CASE WHEN (code & 3) >= 2 THEN step ELSE 0 END) AS two_pass,
        sum(CASE WHEN (code & 12) >= 4 THEN step ELSE 0 END) AS one_known,
        sum(CASE WHEN (code & 12) >= 8 THEN step ELSE 0 END) AS two_known,
        sum(CASE WHEN (code & 16) = 16 THEN step ELSE 0 END) AS haploid_passes,
        sum(CASE WHEN (code & 32) = 32 THEN step ELSE 0 END) AS haploid_known
    FROM steps
    GROUP BY set_no, contig, pos
),
so_far AS (
    SELECT
        set_no, contig,
        pos AS from_pos,
        lead(pos) OVER ordered - 1 AS to_pos,
        sum(inside) OVER ordered AS inside,
        sum(one_passes) OVER ordered AS one_passes,
        sum(two_pass) OVER ordered AS two_pass,
        sum(one_known) OVER ordered AS one_known,
        sum(two_known) OVER ordered AS two_known,
        sum(haploid_passes) OVER ordered AS haploid_passes,
        sum(haploid_known) OVER ordered AS haploid_known
    FROM by_pos
    WINDOW ordered AS (PARTITION BY set_no, contig ORDER BY pos)
)
SELECT
    set_no, contig, from_pos, to_pos,
    (CASE WHEN one_passes > 0 THEN 1 ELSE 0 END)
        + (CASE WHEN two_pass > 0 THEN 1 ELSE 0 END)
        + (CASE WHEN one_known > 0 THEN 4 ELSE 0 END)
        + (CASE WHEN two_known > 0 THEN 4 ELSE 0 END)
        + (CASE WHEN haploid_passes > 0 THEN 16 ELSE 0 END)
        + (CASE WHEN haploid_known > 0 THEN 32 ELSE 0 END) AS code
FROM so_far
WHERE inside > 0
