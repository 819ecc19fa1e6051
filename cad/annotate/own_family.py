"""A family's part in one stratum of a base, bin by bin, to be taken out of many figures.

It is counted as the build counts it, by the build's own code: from the calls, callable rows and
tracks of the samples by which the family's members count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from cad.build.calls import CallCounter, sum_counts
from cad.build.depth import DepthCounter
from cad.build.members import MemberTable
from cad.build.place import Place
from cad.build.plan import BuildPlan, Members, PurposePlan
from cad.build.sources import Sources
from cad.build.tracks import member_tracks, read_tracks
from cad.query.base import Place as BinPlace
from cad.query.base import Stratum
from cad.query.depth_runs import DepthRuns, runs_of_changes
from cad.query.family import family_members
from cad.query.parse import Region
from cad.query.reader import BaseReader
from cad.registry.engine import reading
from schemas.contigs import BIN_SIZE, contig_length


@contextmanager
def open_family(reader: BaseReader, family_id: str, stratum: Stratum) -> Iterator[OwnFamily]:
    """A family's part in one stratum, to be asked for until the block ends.

    Raises:
        NotFound: `family_unknown`.
        Conflict: `base_conflict`, where another base replaced the pinned one.
    """
    warehouse, base = reader.warehouse, reader.base
    members: Members = {}
    with reading(warehouse.engine) as connection:
        found = family_members(connection, base, family_id)
        for one in found:
            if stratum.number in one.strata:
                members[one.sample_no, one.sex] = Counter({stratum.number: 1})
        part = PurposePlan(base.purpose, members=members, strata={stratum.name: stratum.number})
        plan = BuildPlan(base.pinned_no, None, {base.purpose: part}, 0, 0)
        sources = Sources.find(connection, warehouse, plan)
    yield OwnFamily(reader, plan, sources, len(found))


class OwnFamily:
    """A family's part; made by `open_family`.

    Attributes:
        persons: its members in the base.
    """

    def __init__(
        self,
        reader: BaseReader,
        plan: BuildPlan,
        sources: Sources,
        persons: int,
    ) -> None:
        self.persons = persons
        self._assembly = reader.warehouse.assembly
        self._sources = sources
        self._table = MemberTable(plan)
        paths = [reader.warehouse.lake.local(file.path) for file in sources.files["tracks"]]
        tracks = read_tracks(paths, set(sources.checksums))
        self._tracks = member_tracks(
            self._table.entries, sources.tracks_of, tracks, sources.checksums
        )
        self._counters: tuple[str, CallCounter, DepthCounter] | None = None
        self._counted: tuple[BinPlace, pa.Table] | None = None

    def depth(self, place: BinPlace) -> DepthRuns:
        """What it adds to the figures of depth in a bin."""
        where, _, counter = self._enter(place)
        changes = counter.count(self._sources.at("callable", where), where)
        region = Region(place.contig, where.first, where.last)
        return runs_of_changes(changes.page, changes.offset, changes.value.T, region)

    def counts(self, place: BinPlace) -> pa.Table:
        """What it adds to the counts of a bin: pos, ref, alt, and `COUNT_FIELDS`."""
        if self._counted is None or self._counted[0] != place:
            where, counter, _ = self._enter(place)
            counts = counter.count(self._sources.at("calls", where), where)
            self._counted = place, sum_counts(counts, ("pos", "ref", "alt"))
        return self._counted[1]

    def _enter(self, place: BinPlace) -> tuple[Place, CallCounter, DepthCounter]:
        """Make ready for a bin: its place as the build knows it, and its contig's counters."""
        contig, assembly = place.contig, self._assembly
        if self._counters is None or self._counters[0] != contig:
            left = self._sources.left_behind
            self._counters = (
                contig,
                CallCounter(self._table, assembly, contig, left),
                DepthCounter(self._table, self._tracks, assembly, contig, left),
            )
        first = place.bin * BIN_SIZE + 1
        last = min(first + BIN_SIZE - 1, contig_length(assembly, contig))
        return Place(contig, place.bin, first, last), *self._counters[1:]
