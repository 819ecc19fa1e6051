-- What persons carry, and what is known of them where they carry nothing; Spark's dialect.
-- in:  calls, known, track_pages; participants: sample and its column; regions: class of each
--      stretch of a contig
-- out: one row per variant that a participant carries: its carriers, the callable rows of those who
--      differ from their tracks, and the code of each set of tracks, as arrays
WITH carried AS (
    SELECT
        c.contig, c.pos, c.ref, c.alt,
        collect_list(struct(p.place, c.dosage, c.dp, c.gq, c.ad_ref, c.ad_alt)) AS carriers
    FROM calls AS c
    JOIN participants AS p ON p.sample = c.sample
    GROUP BY c.contig, c.pos, c.ref, c.alt
),
places AS (
    SELECT DISTINCT contig, pos, CAST(floor((pos - 1) / 16000) AS INT) AS page FROM carried
),
differing AS (
    SELECT s.contig, s.pos, collect_list(struct(p.place, k.code)) AS exceptions
    FROM places AS s
    JOIN known AS k
        ON k.contig = s.contig
        AND CAST(floor((k.from_pos - 1) / 16000) AS INT) = s.page
        AND s.pos BETWEEN k.from_pos AND k.to_pos
    JOIN participants AS p ON p.sample = k.sample
    GROUP BY s.contig, s.pos
),
tracked AS (
    SELECT s.contig, s.pos, collect_list(struct(t.set_no, t.code)) AS tracks
    FROM places AS s
    JOIN track_pages AS t
        ON t.contig = s.contig
        AND CAST(floor((t.from_pos - 1) / 16000) AS INT) = s.page
        AND s.pos BETWEEN t.from_pos AND t.to_pos
    GROUP BY s.contig, s.pos
)
SELECT
    c.contig, c.pos, c.ref, c.alt, r.region,
    c.carriers, d.exceptions, t.tracks
FROM carried AS c
JOIN regions AS r ON r.contig = c.contig AND c.pos BETWEEN r.from_pos AND r.to_pos
LEFT JOIN differing AS d ON d.contig = c.contig AND d.pos = c.pos
LEFT JOIN tracked AS t ON t.contig = c.contig AND t.pos = c.pos
