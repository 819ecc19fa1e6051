"""What changed persons add to, or take from, the bins of a base: counted in this process.

An engine is a function of this signature; `cad.base_hail` has the other one. Whatever counts, the
differences are the same, and what is made of them (frequencies, flags, the index) is made in one
place, `cad.build.bins`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final, Literal, NamedTuple

import pyarrow as pa

from cad.build.calls import CallCounter
from cad.build.depth import DepthCounter
from cad.build.depth_kernel import Changes
from cad.build.members import MemberTable
from cad.build.place import Place
from cad.build.sources import Sources
from cad.build.tracks import MemberTrack, member_tracks, read_tracks
from cad.settings import Settings
from schemas.contigs import Assembly

Engine = Literal["duckdb", "hail"]
ENGINES: Final[tuple[Engine, ...]] = ("duckdb", "hail")
Progress = Callable[[int, int], None]


class BinDifference(NamedTuple):
    """What changes in one bin, strata of all purposes under the members' common numbering.

    `counts` has the columns of `BASE_COUNTS` but for the contig; a variant and stratum may have
    several rows, which are to be summed.
    """

    place: Place
    counts: pa.Table
    depth: Changes


@dataclass(frozen=True)
class Asked:
    """What is to be counted.

    Attributes:
        sources: the files.
        members: who counts, how often, in which strata.
        assembly: the warehouse's.
        settings: the process's.
        scratch: a folder for what an engine writes on its way; it may not exist yet.
        progress: is told how many bins are done, of how many.
    """

    sources: Sources
    members: MemberTable
    assembly: Assembly
    settings: Settings
    scratch: Path
    progress: Progress


CountDifferences = Callable[[Asked], Iterator[BinDifference]]


def count_differences(asked: Asked) -> Iterator[BinDifference]:
    """The bins that rows or tracks of members touch, in the order of the genome.

    Bins in which nothing changes may be among them.
    """
    tracks = _tracks(asked)
    places = asked.sources.places(tracks, asked.assembly)
    left, done = asked.sources.left_behind, 0
    for contig, of_contig in groupby(places, lambda place: place.contig):
        call_counter = CallCounter(asked.members, asked.assembly, contig, left)
        depth_counter = DepthCounter(asked.members, tracks, asked.assembly, contig, left)
        for place in of_contig:
            calls = asked.sources.at("calls", place)
            rows = asked.sources.at("callable", place)
            if calls or rows or depth_counter.touches(place):
                counts = call_counter.count(calls, place)
                yield BinDifference(place, counts, depth_counter.count(rows, place))
            done += 1
            asked.progress(done, len(places))


def _tracks(asked: Asked) -> list[MemberTrack]:
    sources = asked.sources
    numbers = set(sources.checksums)
    paths = [sources.lake.local(file.path) for file in sources.files["tracks"]]
    tracks = read_tracks(paths, numbers) if numbers else {}
    return member_tracks(asked.members.entries, sources.tracks_of, tracks, sources.checksums)
