"""The base's figures of many alternates at once, for one stratum: whole bins, joined in arrays."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cad.frequency import allele_count, allele_frequency, counted_alleles, faf95
from cad.index import COUNT_FIELDS, DEPTH_FIELDS
from cad.query.base import Place, Stratum
from cad.query.depth_runs import DepthRuns, depth_runs
from cad.query.parse import Region
from cad.query.reader import BaseReader
from cad.query.row_groups import groups_within
from loaders.columns import flags, values
from loaders.sites.alleles import Alleles, pack_bases
from schemas.contigs import BIN_SIZE, contig_length
from schemas.errors import Unavailable

if TYPE_CHECKING:
    from cad.annotate.own_family import OwnFamily

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Texts = dict[tuple[int, str, str], int]

STATES: Final = ("seen", "callable_not_seen", "not_callable", "not_assayed", "hidden")
"""The last is a release's alone."""
_BATCH_ROWS: Final = 65_536
_BINS: Final = 4
"""Bins whose depth is kept: a file in order needs one at a time, or two at a border."""


@dataclass(frozen=True)
class AlleleFigures:
    """The figures of some alternates, one row each; those that are no variants have zeros.

    `state` is a place in `STATES`; `masks` tell by figure where a release hides it.
    """

    ac: Longs
    an: Longs
    af: Floats
    n_hom: Longs
    n_hemi: Longs
    faf95: Floats
    persons: Longs
    state: NDArray[np.int8]
    masks: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)


class Held(NamedTuple):
    """Rows of variants of one contig: substitutions by number, the others by their text.

    `key` ascends; `counts` are row x figure; `longer` gives the row of a longer variant.
    """

    key: Longs
    row: Longs
    longer: Texts
    counts: Longs


class FigureReader:
    """Looks alternates up in one stratum of a pinned base, less one family's part if need be.

    Not to be shared by threads.
    """

    def __init__(
        self, reader: BaseReader, stratum: Stratum, family: OwnFamily | None = None
    ) -> None:
        self._reader = reader
        self._number = stratum.number
        self._family = family
        self._depths: OrderedDict[Place, list[tuple[DepthRuns, int]]] = OrderedDict()

    def look_up(self, contig: str, alleles: Alleles) -> AlleleFigures:
        """The figures of alternates of one contig.

        Raises:
            Unavailable: `lake_file_damaged`.
        """
        counts = np.zeros((len(alleles.pos), len(COUNT_FIELDS)), np.int64)
        for place, own in _by_place(contig, alleles):
            for held, sign in self._counts(place, alleles.pos[own]):
                add_counts(counts, held, alleles, own, sign)
        return _finish(contig, counts, self.depths(contig, alleles))

    def depths(self, contig: str, alleles: Alleles) -> Longs:
        """The denominators at the positions of alternates of one contig: `DEPTH_FIELDS` x row.

        Raises:
            Unavailable: `lake_file_damaged`.
        """
        depths = np.zeros((len(DEPTH_FIELDS), len(alleles.pos)), np.int64)
        for place, own in _by_place(contig, alleles):
            depths[:, own] = self._depth_at(place, alleles.pos[own])
        return depths

    def _depth_at(self, place: Place, pos: Longs) -> Longs:
        parts = self._depths.get(place)
        if parts is None:
            first = place.bin * BIN_SIZE + 1
            length = contig_length(self._reader.warehouse.assembly, place.contig)
            region = Region(place.contig, first, min(first + BIN_SIZE - 1, length))
            parts = [(depth_runs(self._reader, region, [self._number])[0], 1)]
            if self._family is not None:
                parts.append((self._family.depth(place), -1))
            self._depths[place] = parts
            if len(self._depths) > _BINS:
                self._depths.popitem(last=False)
        depths = np.zeros((len(DEPTH_FIELDS), len(pos)), np.int64)
        for runs, sign in parts:
            depths += sign * runs.figures[:, np.searchsorted(runs.start, pos, side="right") - 1]
        return depths

    def _counts(self, place: Place, pos: Longs) -> Iterator[tuple[Held, int]]:
        for path in self._reader.base.paths("counts", place):
            yield _held(_rows_at(path, np.sort(pos), self._number)), 1
        if self._family is not None:
            own = self._family.counts(place)
            if own.num_rows:
                yield _held(own), -1


def _by_place(contig: str, alleles: Alleles) -> Iterator[tuple[Place, Longs]]:
    """The bins that alternates lie in, each with the rows of its own that are variants."""
    rows = np.flatnonzero(alleles.is_variant)
    bins = (alleles.pos[rows] - 1) // BIN_SIZE
    for number in np.unique(bins).tolist():
        yield Place(contig, number), rows[bins == number]


def _rows_at(path: Path, pos: Longs, stratum: int) -> pa.Table:
    """The rows of a stratum at some positions, in ascending order both."""
    columns = ["pos", "ref", "alt", "stratum", *COUNT_FIELDS]
    try:
        with pq.ParquetFile(path, read_dictionary=["ref", "alt"]) as file:
            groups = groups_within(file, "pos", pos)
            batches = file.iter_batches(_BATCH_ROWS, row_groups=groups, columns=columns)
            parts = [batch.filter(_is_wanted(batch, pos, stratum)) for batch in batches]
            schema = pa.schema([file.schema_arrow.field(name) for name in columns])
            return pa.Table.from_batches(parts, schema)
    except FileNotFoundError:
        raise
    except (OSError, pa.ArrowException) as error:
        raise Unavailable("lake_file_damaged", str(error), path.name) from None


def _is_wanted(batch: pa.RecordBatch, pos: Longs, stratum: int) -> Any:
    at = values(batch["pos"])
    place = np.minimum(np.searchsorted(pos, at), len(pos) - 1)
    return flags((values(batch["stratum"]) == stratum) & (pos[place] == at))


def _held(rows: pa.Table) -> Held:
    columns = [values(rows[name]).astype(np.int64) for name in COUNT_FIELDS]
    return held_rows(rows, np.column_stack(columns))


def held_rows(rows: pa.Table, counts: Longs) -> Held:
    """Figures, row x figure, by the variants of a table with `pos`, `ref` and `alt`."""
    pos = values(rows["pos"]).astype(np.int64)
    ref, ref_base = _letters(rows["ref"])
    alt, alt_base = _letters(rows["alt"])
    is_plain = (ref_base > 0) & (alt_base > 0)
    key = pos << 16 | pack_bases(ref_base, alt_base)
    row = np.flatnonzero(is_plain)
    row = row[np.argsort(key[row], kind="stable")]
    longer = {(int(pos[at]), ref(at), alt(at)): at for at in np.flatnonzero(~is_plain).tolist()}
    return Held(key[row], row, longer, counts)


def _letters(column: Any) -> tuple[Any, NDArray[np.uint8]]:
    """A column's text by row, and of each row its letter where it has only one, else 0."""
    column = column.combine_chunks()
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    words = column.dictionary.to_pylist()
    letters = np.array([ord(word) if len(word) == 1 else 0 for word in words], np.uint8)
    which = values(column.indices)
    return lambda row: words[which[row]], letters[which]


def add_counts(counts: Longs, held: Held, alleles: Alleles, rows: Longs, sign: int) -> None:
    """Add, or take away, what is held of the alternates in some rows."""
    if len(held.key):
        plain = rows[alleles.bases[rows] > 0]
        sought = alleles.pos[plain] << 16 | alleles.bases[plain]
        place = np.minimum(np.searchsorted(held.key, sought), len(held.key) - 1)
        found = held.key[place] == sought
        counts[plain[found]] += sign * held.counts[held.row[place[found]]]
    if held.longer:
        for row in rows[alleles.bases[rows] == 0].tolist():
            at = held.longer.get((int(alleles.pos[row]), *alleles.longer[row]))
            if at is not None:
                counts[row] += sign * held.counts[at]


def _finish(contig: str, counts: Longs, depths: Longs) -> AlleleFigures:
    n_het, n_hom, n_hemi = counts.T[:3]
    an, _, persons, assayed = depths
    ac = allele_count(contig, n_het, n_hom, n_hemi)
    alleles = counted_alleles(contig, ac, n_hom)
    states = [ac > 0, an > 0, assayed > 0]
    return AlleleFigures(
        ac=ac.astype(np.int64),
        an=an,
        af=allele_frequency(alleles, an),
        n_hom=n_hom,
        n_hemi=n_hemi,
        faf95=faf95(alleles, an),
        persons=persons,
        state=np.select(states, [0, 1, 2], 3).astype(np.int8),
    )


TOLD: Final = ("ac", "an", "af", "n_hom", "n_hemi", "faf95", "persons")
"""The figures in the order of their INFO fields, but the state."""
