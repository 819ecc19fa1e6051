"""Which sex the calls of X and Y tell of, where they tell.

X decides: only genotypes written as two alleles count, for a caller that was told of one X writes
one allele whatever it sees. Where X has too little, a Y shows by its own alleles, and its absence
by none of them in much of Y that was looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import duckdb

from cad.build.statements import statement
from cad.door.arrivals import Arrival, Arrivals, Part
from cad.door.thresholds import DoorThresholds
from loaders.jobs import Track
from schemas.contigs import Assembly, RegionClass, stretches

Sex = Literal["XX", "XY"]

_PASS1 = 1 << 4
"""Known and passing at ploidy 1 (`schemas.known`)."""


@dataclass(frozen=True)
class SexEvidence:
    """What the calls of one sample say, outside the PARs.

    Attributes:
        x_calls: passing SNVs of X, written as two alleles.
        x_het: the heterozygous ones.
        y_calls: passing homozygous or haploid SNVs of Y.
        y_known: bases of Y that are known and pass.
    """

    x_calls: int = 0
    x_het: int = 0
    y_calls: int = 0
    y_known: int = 0

    def verdict(self, limits: DoorThresholds) -> Sex | None:
        """The sex they tell of, None where they do not."""
        if self.x_calls >= limits.min_x_calls:
            share = self.x_het / self.x_calls
            if share >= limits.xx_het_share:
                return "XX"
            return "XY" if share <= limits.xy_het_share else None
        if self.y_calls >= limits.min_y_calls:
            return "XY"
        lacks_y = self.y_known >= limits.min_y_known and self.y_calls <= limits.max_y_calls_without
        return "XX" if lacks_y else None


def tell_sexes(
    database: duckdb.DuckDBPyConnection, arrivals: Arrivals, limits: DoorThresholds
) -> dict[int, Sex]:
    """The sex that the genotypes of each sample tell of, by number; those of panels do not."""
    looked_at = [one for one in arrivals.samples if one.row.assay != "panel"]
    evidence = read_evidence(database, arrivals, looked_at)
    verdicts = {number: found.verdict(limits) for number, found in evidence.items()}
    return {number: sex for number, sex in verdicts.items() if sex is not None}


def read_evidence(
    database: duckdb.DuckDBPyConnection, arrivals: Arrivals, samples: Sequence[Arrival]
) -> dict[int, SexEvidence]:
    """What the staged calls and callable rows say of X and Y, by sample number."""
    x, y = (_own_part(arrivals.assembly, contig) for contig in ("X", "Y"))
    calls = _files(arrivals.parts("calls"), "X", "Y")
    counts: Mapping[int, tuple[int, int, int]] = {}
    if calls:
        spans = {"x_first": x[0], "x_last": x[1], "y_first": y[0], "y_last": y[1]}
        rows = database.execute(statement("door_sex"), {"files": calls, **spans}).fetchall()
        counts = {number: (x_calls, x_het, y_calls) for number, x_calls, x_het, y_calls in rows}
    known: dict[int, int] = {}
    files = _files(arrivals.parts("callable"), "Y")
    if files:
        rows = database.execute(statement("door_known_y"), {"files": files}).fetchall()
        known = dict(rows)
    return {
        one.sample_no: SexEvidence(
            *counts.get(one.sample_no, (0, 0, 0)),
            known.get(one.sample_no, 0) + _track_bases(one.holding.tracks, *y),
        )
        for one in samples
    }


def _own_part(assembly: Assembly, contig: str) -> tuple[int, int]:
    """First and last position between the PARs."""
    own = (RegionClass.X_SPECIFIC, RegionClass.Y_SPECIFIC)
    between = [part for part in stretches(assembly, contig)[1:-1] if part.region_class in own]
    return between[0].start, between[0].end


def _files(parts: Sequence[Part], *contigs: str) -> list[str]:
    return [str(part.local) for part in parts if any(span.contig in contigs for span in part.spans)]


def _track_bases(tracks: Sequence[Track], first: int, last: int) -> int:
    """Bases of Y that some track of a sample says are known; tracks hardly ever overlap."""
    total = 0
    for track in tracks:
        runs = track.get("Y")
        if runs is not None:
            start, end = runs.start.clip(first, last + 1), runs.end.clip(first - 1, last)
            lengths = (end.astype(int) - start + 1).clip(0)
            total += int(lengths[(runs.code & _PASS1) != 0].sum())
    return total
