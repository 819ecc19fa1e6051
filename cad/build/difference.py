"""What changed persons' calls and callable rows add to, or take from, one bin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cad.build.depth_kernel import Changes, Contig, Members, Rows, count_changes, no_changes
from cad.build.plan import BuildPlan
from cad.build.statements import statement
from cad.build.tracks import MemberTrack
from schemas.contigs import Assembly, RegionClass, stretches
from schemas.known import PLOIDY, SEXES
from schemas.tables import BASE_COUNTS

_COPIES_OF_DOSE: Final = {**PLOIDY, RegionClass.MITOCHONDRIAL: (2, 2, 2, 2)}
"""Which half of a dosage code counts.

On M the dose stands in the two-copy bits (`schemas.known`).
"""


@dataclass(frozen=True)
class Place:
    """One bin of one contig, 1-based inclusive."""

    contig: str
    bin: int
    first: int
    last: int


_NO_COUNTS: Final = pa.schema(
    [pa.field(name, BASE_COUNTS.field(name).type) for name in BASE_COUNTS.names if name != "contig"]
).empty_table()


class MemberTable:
    """All members of a build: strata of all purposes under one numbering.

    Stratum number s of the k-th purpose is `k * stride + s`, so that one pass over the rows serves
    every purpose.
    """

    def __init__(self, plan: BuildPlan) -> None:
        self.purposes = tuple(plan.purposes)
        self.stride = 1 + max(
            [0]
            + [no for p in plan.purposes.values() for no in (*p.strata.values(), *p.empty_strata)]
        )
        slots: dict[tuple[int, str], list[tuple[int, int]]] = {}
        for index, purpose in enumerate(plan.purposes.values()):
            for key, strata in purpose.members.items():
                slots.setdefault(key, []).extend(
                    (index * self.stride + number, times) for number, times in strata.items()
                )
        self.entries = {key: entry for key, entry in slots.items() if entry}

    @property
    def n_strata(self) -> int:
        """One more than the greatest number in use."""
        return self.stride * len(self.purposes)

    def as_table(self) -> pa.Table:
        """One row per sample, sex and stratum: how often it counts."""
        rows = [
            (sample, SEXES.index(sex), stratum, times)
            for (sample, sex), entry in self.entries.items()
            for stratum, times in entry
        ]
        columns = np.array(rows, np.int32).reshape(len(rows), 4)
        names = ("sample", "sex", "stratum", "times")
        return pa.table({name: columns[:, at] for at, name in enumerate(names)})

    def wanted_table(self) -> pa.Table:
        """One row per sample and sex: its place among the members."""
        samples = np.array([sample for sample, _ in self.entries], np.int32)
        return pa.table({"sample": samples, "member": np.arange(len(samples), dtype=np.int32)})


def copies_table() -> pa.Table:
    """Which half of a dosage code counts, by region class and sex."""
    rows = [
        (int(region), sex, copies)
        for region, by_sex in _COPIES_OF_DOSE.items()
        for sex, copies in enumerate(by_sex)
    ]
    columns = np.array(rows, np.int32)
    return pa.table(dict(zip(("region_class", "sex", "copies"), columns.T, strict=True)))


def stretches_table(assembly: Assembly, contig: str) -> pa.Table:
    """The contig's stretches of one region class."""
    columns = np.array(stretches(assembly, contig), np.int32)
    return pa.table(dict(zip(("first", "last", "region_class"), columns.T, strict=True)))


def count_difference(
    database: duckdb.DuckDBPyConnection, files: list[str], place: Place
) -> pa.Table:
    """Signed counts of the bin by variant and stratum.

    Tables members, copies, stretches are registered.
    """
    if not files:
        return _NO_COUNTS
    parameters = {
        "files": files, "contig": place.contig, "first": place.first, "last": place.last
    }  # fmt: skip
    counts: pa.Table = database.sql(statement("build_counts"), params=parameters).to_arrow_table()
    return counts


def of_purpose_counts(counts: pa.Table, index: int, stride: int) -> pa.Table:
    """The rows of the purpose at that place in the members' order, strata under its own numbers."""
    stratum = counts["stratum"].to_numpy()
    own = np.flatnonzero(stratum // stride == index)
    place = counts.schema.get_field_index("stratum")
    return counts.take(own).set_column(place, "stratum", pa.array(stratum[own] % stride))


def of_purpose_depth(depth: Changes, index: int, stride: int) -> Changes:
    """Likewise for changes of depth."""
    own = np.flatnonzero(depth.stratum // stride == index)
    stratum = (depth.stratum[own] % stride).astype(np.int32)
    return Changes(depth.page[own], stratum, depth.offset[own], depth.value[own])


class DepthCounter:
    """Counts the difference of depth, bin by bin of one contig.

    Members are the samples by sex, then the tracks by sex; the table `wanted` gives the former by
    sample.
    """

    def __init__(
        self, table: MemberTable, tracks: list[MemberTrack], assembly: Assembly, contig: str
    ) -> None:
        self._tracks = [track for track in tracks if contig in track.runs]
        self._samples = len(table.entries)
        self._n_strata = table.n_strata
        self._contig = contig
        entries = [*table.entries.values(), *(track.entries for track in self._tracks)]
        sexes = [sex for _, sex in table.entries] + [track.sex for track in self._tracks]
        slots = np.array([slot for entry in entries for slot in entry], np.int32).reshape(-1, 2)
        self._members = Members(
            np.cumsum([0, *(len(entry) for entry in entries)]).astype(np.int64),
            slots[:, 0].copy(),
            slots[:, 1].copy(),
            np.array([SEXES.index(sex) for sex in sexes], np.uint8),
        )
        parts = stretches(assembly, contig)
        self._facts = Contig(
            np.array([part.start for part in parts], np.int64),
            np.array([part.region_class for part in parts], np.uint8),
            np.array([PLOIDY[region] for region in RegionClass], np.int64),
        )

    def touches(self, place: Place) -> bool:
        """Whether a track of a changed sample reaches into the bin."""
        return any(track.reaches(self._contig, place.first, place.last) for track in self._tracks)

    def count(self, database: duckdb.DuckDBPyConnection, files: list[str], place: Place) -> Changes:
        """The changes of the bin, strata under the members' common numbering."""
        borders = self._facts.start[1:]
        parts = [_cut(_callable_rows(database, files, place), borders)] if files else []
        for member, track in enumerate(self._tracks, start=self._samples):
            parts.append(
                track.rows(self._contig, place.first, place.last, member, self._facts.start)
            )
        if not any(len(part.start) for part in parts):
            return no_changes()
        order = np.argsort(np.concatenate([part.start for part in parts]), kind="stable")
        rows = Rows(*(np.concatenate(column)[order] for column in zip(*parts, strict=True)))
        return Changes(*count_changes(rows, self._members, self._facts, self._n_strata))


def _callable_rows(database: duckdb.DuckDBPyConnection, files: list[str], place: Place) -> Rows:
    parameters = {
        "files": files,
        "contig": place.contig,
        "first": place.first,
        "last": place.last,
    }
    found = database.execute(statement("build_callable"), parameters).fetchnumpy()
    start = np.asarray(found["start"], np.int32)
    return Rows(
        start,
        np.asarray(found["end"], np.int32),
        np.asarray(found["code"], np.uint8),
        np.asarray(found["replaced"], np.uint8),
        np.asarray(found["member"], np.int32),
        np.zeros(len(start), np.uint8),
    )


def _cut(rows: Rows, borders: NDArray[np.int64]) -> Rows:
    """The rows in pieces on either side of the borders, where the ploidy of a sex may change.

    A heterozygous deletion may reach out of a PAR: its code is the same on both sides.
    """
    start, end = rows.start, rows.end
    source = np.arange(len(start))
    for border in borders:
        across = np.flatnonzero((start < border) & (end >= border))
        source = np.concatenate((source, source[across]))
        start = np.concatenate((start, np.full(len(across), border, np.int32)))
        end = np.concatenate((end, end[across]))
        end[across] = border - 1
    code, replaced = rows.code[source], rows.replaced[source]
    return Rows(start, end, code, replaced, rows.member[source], rows.is_track[source])
