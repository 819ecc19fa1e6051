"""Two genomes compared at their SNVs, place by place, until there is enough to tell.

Declared parents and the samples of one person are few pairs, of which either genome may lie in the
lake. So the places are taken from all over the genome, one after the other, and the comparison ends
when more would tell nothing new.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cad.build.statements import statement
from cad.door.arrivals import Holding, Part
from cad.door.thresholds import DoorThresholds
from loaders.columns import numbers
from loaders.jobs import Track
from schemas.contigs import BIN_SIZE, CONTIGS, PAGE_SIZE

Longs = NDArray[np.int64]
Place = tuple[str, int, int]
"""A contig, and its first and last position to look at."""

_ENOUGH_PLACES: Final = 8
"""So many places, of as many chromosomes where there are, and a chromosome that is odd decides
nothing."""
_ENOUGH_SITES: Final = 1_000
_SMALL: Final = 2_000_000
"""Files of fewer rows altogether, as those of exomes, are read chromosome by chromosome."""
_MOST_ROWS: Final = 20_000_000
"""Rows of the lake to look through for one pair: in compacted files those of 256 persons."""


@dataclass
class Comparison:
    """What two samples showed so far.

    Attributes:
        tested: homozygous SNVs of either where both alleles of the other are known.
        opposite: those of which the other has no copy.
        shared: SNVs that both carry with both alleles known.
        concordant: those of equal zygosity.
        places: places looked at in which either carries an SNV.
    """

    tested: int = 0
    opposite: int = 0
    shared: int = 0
    concordant: int = 0
    places: int = 0

    @property
    def is_enough(self) -> bool:
        """Whether more places would tell nothing new."""
        sites = min(self.tested, self.shared)
        return self.places >= _ENOUGH_PLACES and sites >= _ENOUGH_SITES

    def excludes_parent(self, limits: DoorThresholds) -> bool:
        """Whether one cannot be the other's parent."""
        return (
            self.tested >= limits.min_tested
            and self.opposite >= limits.min_opposite
            and self.opposite > limits.max_opposite_share * self.tested
        )

    def is_different(self, limits: DoorThresholds) -> bool:
        """Whether the two are two genomes."""
        return (
            self.shared >= limits.min_shared
            and self.concordant < limits.different_concordance * self.shared
        )


@dataclass(frozen=True)
class _Genotypes:
    """The passing SNVs of one sample in a bin: packed keys, ascending, and which are homozygous."""

    key: Longs
    hom: NDArray[np.bool_]


@dataclass(frozen=True)
class _Runs:
    """Known alleles of one sample in a bin where callable rows tell."""

    start: Longs
    end: Longs
    known: Longs


def compare_holdings(
    database: duckdb.DuckDBPyConnection, one: Holding, other: Holding
) -> Comparison:
    """Compare two samples at the autosomal SNVs of as many places as it takes."""
    pair = np.array([one.sample_no, other.sample_no], np.int32)
    database.register("looked_at", pa.table({"sample": numbers(pair)}))
    total = Comparison()
    rows = 0
    for place in _places(one.calls, other.calls):
        calls = _parts_at((*one.calls, *other.calls), *place)
        known = _parts_at((*one.callable, *other.callable), *place)
        rows += sum(_rows_to_read(part, place) for part in (*calls, *known))
        if total.is_enough or (rows > _MOST_ROWS and total.places):
            break
        _compare_bin(database, total, (one, other), (calls, known), place)
    return total


def _places(one: Sequence[Part], other: Sequence[Part]) -> Iterator[Place]:
    """Where to look, one after the other: bins all over the genome, or whole chromosomes."""
    rows = sum(span.rows for part in {*one, *other} for span in part.spans)
    if rows <= _SMALL:
        found = [{span.contig for part in parts for span in part.spans} for parts in (one, other)]
        both = set.intersection(*found)
        yield from ((contig, 1, 2**31 - 1) for contig in CONTIGS[:22] if contig in both)
        return
    for contig, number in _bins(one, other):
        yield contig, number * BIN_SIZE + 1, (number + 1) * BIN_SIZE


def _bins(*several: Sequence[Part]) -> Iterator[tuple[str, int]]:
    """Autosomal bins that all have rows in, each chromosome's turn after the other's."""
    found = [
        {
            (span.contig, number)
            for part in parts
            for span in part.spans
            if span.contig in CONTIGS[:22]
            for number in range((span.start - 1) // BIN_SIZE, (span.end - 1) // BIN_SIZE + 1)
        }
        for parts in several
    ]
    by_contig: dict[str, list[int]] = {}
    for contig, number in sorted(set.intersection(*found)):
        by_contig.setdefault(contig, []).append(number)
    while by_contig:
        for contig in sorted(by_contig, key=CONTIGS.index):
            numbers = by_contig[contig]
            # The middle of what is left: the ends of chromosomes have gaps and repeats.
            yield contig, numbers.pop(len(numbers) // 2)
            if not numbers:
                del by_contig[contig]


def _parts_at(parts: Iterable[Part], contig: str, first: int, last: int) -> list[Part]:
    """The files with rows of a bin, each once."""
    found = {
        part.path: part
        for part in parts
        for span in part.spans
        if span.contig == contig and span.start <= last and span.end >= first
    }
    return list(found.values())


def _rows_to_read(part: Part, place: Place) -> int:
    """About how many rows of a file a place takes: others are pruned by row group."""
    contig, first, last = place
    own = [span for span in part.spans if span.contig == contig]
    bases = sum(span.end - span.start + 1 for span in own)
    return sum(span.rows for span in own) * min(last - first + 1, bases) // max(bases, 1)


def _compare_bin(
    database: duckdb.DuckDBPyConnection,
    total: Comparison,
    pair: tuple[Holding, Holding],
    parts: tuple[list[Part], list[Part]],
    place: Place,
) -> None:
    calls = _read_calls(database, parts[0], place)
    runs = _read_runs(database, parts[1], place)
    genotypes = [calls.get(holding.sample_no, _NO_CALLS) for holding in pair]
    if not any(len(one.key) for one in genotypes):
        return
    total.places += 1
    for mine, theirs, holding in zip(genotypes, genotypes[::-1], pair[::-1], strict=True):
        hom = mine.key[mine.hom]
        known = _known_at(holding, runs.get(holding.sample_no, _NO_RUNS), place[0], hom >> 4)
        tested = hom[known == 2]
        total.tested += len(tested)
        total.opposite += int(np.isin(tested, theirs.key, invert=True).sum())
    _, at, there = np.intersect1d(
        genotypes[0].key, genotypes[1].key, assume_unique=True, return_indices=True
    )
    total.shared += len(at)
    total.concordant += int((genotypes[0].hom[at] == genotypes[1].hom[there]).sum())


def _known_at(holding: Holding, runs: _Runs, contig: str, pos: Longs) -> Longs:
    """Alleles that are known and pass at positions: what a row says, else what the tracks say."""
    known = np.zeros(len(pos), np.int64)
    for track in holding.tracks:
        known = np.maximum(known, _track_at(track, contig, pos))
    if len(runs.start):
        at = np.searchsorted(runs.start, pos, "right") - 1
        inside = (at >= 0) & (runs.end[at] >= pos)
        known[inside] = runs.known[at[inside]]
    return known


def _track_at(track: Track, contig: str, pos: Longs) -> Longs:
    runs = track.get(contig)
    if runs is None or not len(runs.start):
        return np.zeros(len(pos), np.int64)
    at = np.searchsorted(runs.start, pos, "right") - 1
    inside = (at >= 0) & (runs.end[at] >= pos)
    return np.where(inside, runs.code[at].astype(np.int64) & 3, 0)


def _read_calls(
    database: duckdb.DuckDBPyConnection, parts: Sequence[Part], place: Place
) -> dict[int, _Genotypes]:
    if not parts:
        return {}
    rows = database.execute(statement("door_calls"), _parameters(parts, place)).fetchnumpy()
    key, hom = np.asarray(rows["key"], np.int64), np.asarray(rows["hom"], np.bool_)
    return {number: _Genotypes(key[own], hom[own]) for number, own in _by_sample(rows["sample"])}


def _read_runs(
    database: duckdb.DuckDBPyConnection, parts: Sequence[Part], place: Place
) -> dict[int, _Runs]:
    if not parts:
        return {}
    parameters = {**_parameters(parts, place), "page": PAGE_SIZE}
    rows = database.execute(statement("door_callable"), parameters).fetchnumpy()
    start, end, known = (np.asarray(rows[name], np.int64) for name in ("start", "end", "known"))
    return {
        number: _Runs(start[own], end[own], known[own])
        for number, own in _by_sample(rows["sample"])
    }


def _parameters(parts: Sequence[Part], place: Place) -> dict[str, object]:
    contig, first, last = place
    files = [str(part.local) for part in parts]
    return {"files": files, "contig": contig, "first": first, "last": last}


def _by_sample(sample: NDArray[np.int32]) -> Iterator[tuple[int, slice]]:
    """The rows of each sample, of rows sorted by it."""
    numbers, firsts = np.unique(np.asarray(sample), return_index=True)
    ends = np.searchsorted(sample, numbers, "right")
    for number, first, end in zip(numbers, firsts, ends, strict=True):
        yield int(number), slice(int(first), int(end))


_EMPTY: Final = np.zeros(0, np.int64)
_NO_CALLS: Final = _Genotypes(_EMPTY, np.zeros(0, np.bool_))
_NO_RUNS: Final = _Runs(_EMPTY, _EMPTY, _EMPTY)
