-- Purpose: how many alleles and persons are known at every position anybody's assay looks at.
-- Inputs:  base_depth, strata. A page has 16 000 positions, and its figures start from 0.
-- Grain:   one row per stratum and run of positions with the same figures (schemas.views.DEPTH). Units: bp, alleles, persons.
WITH changes AS (
    SELECT
        contig, page, stratum AS number,
        unnest("offset") AS "offset",
        unnest(an) AS an,
        unnest(an_raw) AS an_raw,
        unnest(persons) AS persons,
        unnest(assayed) AS assayed
    FROM base_depth
),
runs AS (
    SELECT
        contig, number,
        page * 16000 + "offset" + 1 AS "start",
        page * 16000 + lead("offset", 1, 16000) OVER later AS "end",
        (sum(an) OVER later)::INTEGER AS an,
        (sum(an_raw) OVER later)::INTEGER AS an_raw,
        (sum(persons) OVER later)::INTEGER AS persons,
        (sum(assayed) OVER later)::INTEGER AS assayed
    FROM changes
    WINDOW later AS (PARTITION BY contig, page, number ORDER BY "offset")
)
SELECT
    runs.contig, runs."start", runs."end", strata.stratum,
    runs.an, runs.an_raw, runs.persons, runs.assayed
FROM runs
JOIN strata USING (number)
WHERE runs.an <> 0 OR runs.an_raw <> 0 OR runs.persons <> 0 OR runs.assayed <> 0
