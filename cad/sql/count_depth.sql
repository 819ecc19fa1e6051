-- What changed persons add to, or take from, the depth; Spark and DuckDB read it alike.
-- in:  known: callable rows; members, profiles and ploidies as in count_calls.sql;
--      track_pages: runs of sets of tracks, none across a page of 16 000 positions;
--      track_members: set, sex and the profile that its samples count by
-- out: one row per bin, page, stratum and offset at which a figure changes; a page starts from 0
WITH known_rows AS (
    SELECT k.contig, k.from_pos, k.to_pos, k.code, k.replaced, 0 AS assayed, m.sex, m.profile
    FROM known AS k
    JOIN members AS m ON m.sample = k.sample
    UNION ALL
    SELECT t.contig, t.from_pos, t.to_pos, t.code, 0 AS replaced, 1 AS assayed, m.sex, m.profile
    FROM track_pages AS t
    JOIN track_members AS m ON m.set_no = t.set_no
),
-- A row may reach from a PAR into what is not: the ploidy of a sex changes there.
pieces AS (
    SELECT
        r.contig, r.profile, r.assayed,
        greatest(r.from_pos, p.from_pos) AS from_pos,
        least(r.to_pos, p.to_pos) AS to_pos,
        CASE WHEN p.copies = 2 THEN r.code & 3
            WHEN p.copies = 1 AND (r.code & 16) = 16 THEN 1 ELSE 0 END AS passing,
        CASE WHEN p.copies = 2 THEN r.replaced & 3
            WHEN p.copies = 1 AND (r.replaced & 16) = 16 THEN 1 ELSE 0 END AS passing_before,
        CASE WHEN p.copies = 2 AND (r.code & 12) = 8 THEN 2
            WHEN p.copies = 2 AND (r.code & 12) = 4 THEN 1
            WHEN p.copies = 1 AND (r.code & 32) = 32 THEN 1 ELSE 0 END AS known,
        CASE WHEN p.copies = 2 AND (r.replaced & 12) = 8 THEN 2
            WHEN p.copies = 2 AND (r.replaced & 12) = 4 THEN 1
            WHEN p.copies = 1 AND (r.replaced & 32) = 32 THEN 1 ELSE 0 END AS known_before
    FROM known_rows AS r
    JOIN ploidies AS p
        ON p.contig = r.contig
        AND p.sex = r.sex
        AND r.from_pos <= p.to_pos
        AND r.to_pos >= p.from_pos
),
changes AS (
    SELECT
        contig, profile, from_pos, to_pos, assayed,
        passing - passing_before AS an,
        known - known_before AS an_raw,
        (CASE WHEN passing > 0 THEN 1 ELSE 0 END)
            - (CASE WHEN passing_before > 0 THEN 1 ELSE 0 END) AS persons
    FROM pieces
),
steps AS (
    SELECT
        contig, profile,
        CAST(floor((from_pos - 1) / 16000) AS INT) AS page,
        (from_pos - 1) % 16000 AS at_offset,
        an, an_raw, persons, assayed
    FROM changes
    UNION ALL
    SELECT
        contig, profile,
        CAST(floor((to_pos - 1) / 16000) AS INT) AS page,
        to_pos % 16000 AS at_offset,
        -an, -an_raw, -persons, -assayed
    FROM changes
    WHERE to_pos % 16000 <> 0
),
by_profile AS (
    SELECT
        contig, page, at_offset, profile,
        sum(an) AS an, sum(an_raw) AS an_raw, sum(persons) AS persons, sum(assayed) AS assayed
    FROM steps
    GROUP BY contig, page, at_offset, profile
    HAVING sum(an) <> 0 OR sum(an_raw) <> 0 OR sum(persons) <> 0 OR sum(assayed) <> 0
),
by_stratum AS (
    SELECT
        v.contig, v.page, s.stratum, v.at_offset,
        CAST(sum(s.times * v.an) AS INT) AS an,
        CAST(sum(s.times * v.an_raw) AS INT) AS an_raw,
        CAST(sum(s.times * v.persons) AS INT) AS persons,
        CAST(sum(s.times * v.assayed) AS INT) AS assayed
    FROM by_profile AS v
    JOIN profiles AS s ON s.profile = v.profile
    GROUP BY v.contig, v.page, s.stratum, v.at_offset
)
SELECT
    contig,
    CAST(floor(page / 625) AS INT) AS bin,
    page, stratum, at_offset, an, an_raw, persons, assayed
FROM by_stratum
WHERE an <> 0 OR an_raw <> 0 OR persons <> 0 OR assayed <> 0
