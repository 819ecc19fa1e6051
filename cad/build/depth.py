"""What changed persons' callable rows and tracks add to, or take from, the depth of one bin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cad.build.depth_kernel import (
    Changes,
    Contig,
    Members,
    Rows,
    add_changes,
    count_changes,
    no_changes,
)
from cad.build.members import MemberTable
from cad.build.place import Place
from cad.build.rows import BinReader
from cad.build.tracks import MemberTrack
from schemas.contigs import Assembly, RegionClass, stretches
from schemas.known import PLOIDY, SEXES

_ROWS_AT_ONCE: Final = 4_000_000
"""So many rows are counted at once, of one file or several; a hundred bytes each."""


class DepthCounter:
    """Counts the difference of depth, bin by bin of one contig.

    Members are the samples by sex, then the tracks by sex. `left_behind` names by path the samples
    whose rows in that file do not count.
    """

    def __init__(
        self,
        table: MemberTable,
        tracks: list[MemberTrack],
        assembly: Assembly,
        contig: str,
        left_behind: Mapping[str, NDArray[np.int32]],
    ) -> None:
        self._tracks = [track for track in tracks if contig in track.runs]
        self._samples = len(table.entries)
        self._n_strata = table.n_strata
        self._contig = contig
        self._member_of = _members_by_sample(table)
        self._reader = BinReader(("start", "end", "code", "replaced", "sample"), left_behind)
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

    def count(self, files: Sequence[str], place: Place) -> Changes:
        """The changes of the bin, strata under the members' common numbering."""
        parts = [
            track.rows(self._contig, place.first, place.last, member, self._facts.start)
            for member, track in enumerate(self._tracks, start=self._samples)
        ]
        total = no_changes()
        for file in files:
            for found in self._reader.read(file, place):
                parts += self._member_rows(found)
                if sum(len(part.start) for part in parts) >= _ROWS_AT_ONCE:
                    total = add_changes(total, self._count(parts))
                    parts = []
        last = self._count(parts)
        return add_changes(total, last) if len(total.page) else last

    def _count(self, parts: Sequence[Rows]) -> Changes:
        if not any(len(part.start) for part in parts):
            return no_changes()
        order = np.argsort(np.concatenate([part.start for part in parts]), kind="stable")
        rows = Rows(*(np.concatenate(column)[order] for column in zip(*parts, strict=True)))
        return Changes(*count_changes(rows, self._members, self._facts, self._n_strata))

    def _member_rows(self, found: pa.Table) -> Iterator[Rows]:
        """The callable rows of members: a part for every sex a sample may count under."""
        sample = found["sample"].to_numpy()
        start, end = np.array(found["start"], np.int32), np.array(found["end"], np.int32)
        code, replaced = np.array(found["code"], np.uint8), np.array(found["replaced"], np.uint8)
        for member_of in self._member_of:
            known = sample < len(member_of)
            member = np.where(known, member_of[np.where(known, sample, 0)], -1)
            own = np.flatnonzero(member >= 0)
            if len(own):
                rows = Rows(
                    start[own],
                    end[own],
                    code[own],
                    replaced[own],
                    member[own].astype(np.int32),
                    np.zeros(len(own), np.uint8),
                )
                yield _cut(rows, self._facts.start[1:])


def _members_by_sample(table: MemberTable) -> list[NDArray[np.int32]]:
    """By sex, then by sample: its place among the members, -1 where it is none."""
    size = 1 + max((sample for sample, _ in table.entries), default=0)
    by_sex = {sex: np.full(size, -1, np.int32) for _, sex in table.entries}
    for member, (sample, sex) in enumerate(table.entries):
        by_sex[sex][sample] = member
    return list(by_sex.values())


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
