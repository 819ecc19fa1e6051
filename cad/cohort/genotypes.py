"""What the lake holds of members: dosages of variants, and known alleles at positions.

Read in one pass over the files of the members' buckets, columns at a time, at the members' pinned
commit. A sample that was moved leaves its rows in the file of a bucket where others stayed: only
the rows of the bucket that holds it at the commit count. Codes are as `schemas.known` packs them;
they are resolved here by the declared sex and the region (DESIGN 5.5, 5.7).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cad.build.place import Place
from cad.build.rows import BinReader
from cad.cohort.calls import Calls, Ints, Known, Octets, Variants
from cad.cohort.overlay import ASSAYED, KNOWN, overlay
from cad.cohort.select import Members
from cad.deadline import check_deadline
from cad.query.parse import Region, Variant
from cad.registry.engine import reading
from cad.registry.files import LakeFile, lake_files
from loaders.columns import flags, values
from schemas.contigs import PAGE_SIZE, Assembly, RegionClass, stretches
from schemas.errors import Unavailable
from schemas.known import PLOIDY, SEXES
from schemas.known import passing as passing_of
from schemas.known import raw as raw_of

__all__ = ["EVIDENCE", "Calls", "GenotypeReader", "Known", "Variants", "region_classes"]

EVIDENCE: Final = ("dp", "gq", "ad_ref", "ad_alt")
"""Columns of calls that tell how sure a call is; -1 where the file says nothing."""
_CALLS: Final = ("pos", "ref", "alt", "sample", "dosage")
_CALLABLE: Final = ("start", "end", "code", "sample")
_NO_BIN: Final = -1
_PAIRS_IN_KEY: Final = 2**34
"""So many pairs of alleles times the positions of a contig fit into 63 bits."""
_CODES: Final = 64
_PASSING: Final = np.array([[passing_of(c, p) for c in range(_CODES)] for p in range(3)], np.uint8)
_RAW: Final = np.array([[raw_of(c, p) for c in range(_CODES)] for p in range(3)], np.uint8)
_KNOWN_COPIES: Final = np.array([PLOIDY[region] for region in RegionClass], np.uint8)
_DOSE_COPIES: Final = np.array(
    [
        # On M the dose stands in the two-copy bits (`schemas.known`).
        [2] * len(SEXES) if region is RegionClass.MITOCHONDRIAL else PLOIDY[region]
        for region in RegionClass
    ],
    np.uint8,
)


class GenotypeReader:
    """Reads calls and known alleles of members; threads may share one.

    The caller holds the pin of the members' commit for as long as it reads.
    """

    def __init__(self, members: Members) -> None:
        self.members = members
        self._lake = members.cohort.warehouse.lake
        self._assembly: Assembly = members.cohort.warehouse.assembly
        self._calls = {names: BinReader(names, {}) for names in (_CALLS, (*_CALLS, *EVIDENCE))}
        self._callable = BinReader(_CALLABLE, {})
        sizes = [*members.sample_no.tolist(), 0]
        self._member_of = np.full(max(sizes) + 1, -1, np.int64)
        self._member_of[members.sample_no] = np.arange(len(members))

    def calls(self, region: Region, *, evidence: bool = False) -> Calls:
        """The calls in a region, and the variants that any member carries, raw ones too.

        Raises:
            Unavailable: `lake_file_damaged`, `registry_unusable`.
        """
        names = (*_CALLS, *EVIDENCE) if evidence else _CALLS
        place = Place(region.contig, _NO_BIN, region.start, region.end)
        parts = list(self._own_rows("calls", self._calls[names], place, region))
        if not parts:
            return self._no_calls(region.contig, evidence)
        rows = pa.concat_tables([table for table, _ in parts]).unify_dictionaries()
        member = np.concatenate([member for _, member in parts])
        return self._calls_of(region.contig, rows.combine_chunks(), member, evidence)

    def variant(self, variant: Variant, *, evidence: bool = False) -> Calls:
        """The calls of one variant, which is there whether anybody carries it or not.

        Raises:
            Unavailable: `lake_file_damaged`, `registry_unusable`.
        """
        found = self.calls(Region(variant.contig, variant.pos, variant.pos), evidence=evidence)
        keys = zip(found.variants.ref, found.variants.alt, strict=True)
        own = np.array([key == (variant.ref, variant.alt) for key in keys], bool)
        if own.any():
            return found.of_variants(own)
        alone = Variants(
            variant.contig, np.array([variant.pos], np.int64), [variant.ref], [variant.alt]
        )
        return replace(self._no_calls(variant.contig, evidence), variants=alone)

    def known(self, contig: str, positions: Ints) -> Known:
        """What is known at ascending positions, in memory as members x positions.

        Raises:
            Unavailable: `lake_file_damaged`, `registry_unusable`.
        """
        codes = np.zeros((len(self.members), len(positions)), np.uint8)
        if codes.size:
            self._lay_tracks(codes, contig, positions)
            self._lay_callable(codes, contig, positions)
        copies = _KNOWN_COPIES[region_classes(self._assembly, contig, positions)][
            :, self.members.sex
        ].T
        known = codes & KNOWN
        passing, raw = _PASSING[copies, known], _RAW[copies, known]
        return Known(positions, passing, raw, codes >= ASSAYED, copies)

    def _lay_tracks(self, codes: Octets, contig: str, positions: Ints) -> None:
        """Put down what the members' tracks say: of several, the larger of each packed number."""
        tracks = [self.members.cohort.tracks[row] for row in self.members.rows.tolist()]
        wanted = {number for some in tracks for number in some}
        lines = self._track_lines(contig, positions, wanted)
        made: dict[tuple[int, ...], Octets] = {}
        for member, own in enumerate(tracks):
            line = made.get(own)
            if line is None:
                line = made[own] = _union([lines[one] for one in own if one in lines], positions)
            codes[member] = line

    def _track_lines(self, contig: str, positions: Ints, wanted: set[int]) -> dict[int, Octets]:
        """By track: its code at each position, with `ASSAYED`."""
        here = Region(contig, int(positions[0]), int(positions[-1]))
        runs: dict[int, list[NDArray[Any]]] = {}
        for file in self._files("tracks", here):
            track, own = _guarded(lambda path: _track_runs(path, here), self._lake.local(file.path))
            for number in wanted.intersection(np.unique(track).tolist()):
                runs.setdefault(number, []).append(own[track == number])
        return {number: _line(np.concatenate(parts), positions) for number, parts in runs.items()}

    def _lay_callable(self, codes: Octets, contig: str, positions: Ints) -> None:
        """Put down what callable rows say, which holds where tracks say something else."""
        # A row never crosses a page, so that none reaches the first position from before its page.
        first = (int(positions[0]) - 1) // PAGE_SIZE * PAGE_SIZE + 1
        region = Region(contig, first, int(positions[-1]))
        place = Place(contig, _NO_BIN, first, region.end)
        for table, member in self._own_rows("callable", self._callable, place, region):
            overlay(
                codes,
                positions,
                values(table["start"]).astype(np.int64),
                values(table["end"]).astype(np.int64),
                values(table["code"]).astype(np.uint8),
                member,
            )

    def _own_rows(
        self, name: str, reader: BinReader, place: Place, region: Region
    ) -> Iterable[tuple[pa.Table, Ints]]:
        """The members' rows of a table, each with its member."""
        for file in self._files(name, region):
            path = str(self._lake.local(file.path))
            for table in _guarded(lambda path: list(reader.read(path, place)), path):
                sample = values(table["sample"])
                inside = sample < len(self._member_of)
                member = np.where(inside, self._member_of[np.where(inside, sample, 0)], -1)
                own = (member >= 0) & (self.members.bucket_no[member] == file.bucket_no)
                if own.any():
                    yield (table if own.all() else table.filter(flags(own))), member[own]

    def _files(self, table: str, region: Region) -> list[LakeFile]:
        """The files of the members' buckets with rows that may touch a region."""
        span = (region.start, region.end)
        with reading(self.members.cohort.warehouse.engine) as connection:
            commit_no = self.members.cohort.commit_no
            files = lake_files(connection, commit_no, table, contig=region.contig, span=span)
        return [file for file in files if file.bucket_no in self._buckets]

    @cached_property
    def _buckets(self) -> frozenset[int]:
        return frozenset(self.members.bucket_no.tolist())

    def _calls_of(self, contig: str, rows: pa.Table, member: Ints, evidence: bool) -> Calls:
        pos = values(rows["pos"]).astype(np.int64)
        variants, variant = _numbered(contig, pos, rows)
        copies = _DOSE_COPIES[region_classes(self._assembly, contig, pos), self.members.sex[member]]
        dosage = values(rows["dosage"])
        raw_copies = _RAW[copies, dosage]
        order = np.lexsort((member, variant))
        order = order[raw_copies[order] > 0]
        told = {
            name: _numbers(rows[name])[order].astype(np.int64)
            for name in (EVIDENCE if evidence else ())
        }
        found = Calls(
            self.members, variants, variant[order], member[order], _PASSING[copies, dosage][order],
            raw_copies[order], copies[order], told,
        )  # fmt: skip
        carried = np.bincount(found.variant, minlength=variants.size) > 0
        return found if carried.all() else found.of_variants(carried)

    def _no_calls(self, contig: str, evidence: bool) -> Calls:
        none, no_octets = np.zeros(0, np.int64), np.zeros(0, np.uint8)
        told = dict.fromkeys(EVIDENCE, none) if evidence else {}
        nothing = Variants(contig, none, [], [])
        return Calls(self.members, nothing, none, none, no_octets, no_octets, no_octets, told)


def region_classes(assembly: Assembly, contig: str, positions: Ints) -> Ints:
    """The region class of each position of a contig (`schemas.contigs.RegionClass`)."""
    parts = stretches(assembly, contig)
    starts = np.array([part.start for part in parts], np.int64)
    classes = np.array([part.region_class for part in parts], np.int64)
    return classes[np.searchsorted(starts, positions, "right") - 1]


def _numbered(contig: str, pos: Ints, rows: pa.Table) -> tuple[Variants, Ints]:
    """The distinct variants of rows, and which each row is of."""
    ref: Any = rows["ref"].chunk(0)
    alt: Any = rows["alt"].chunk(0)
    refs, alts = ref.dictionary.to_pylist(), alt.dictionary.to_pylist()
    ref_at, alt_at = values(ref.indices), values(alt.indices)
    pair = _ranks(refs)[ref_at] * len(alts) + _ranks(alts)[alt_at]
    pairs = len(refs) * len(alts)
    if pairs > _PAIRS_IN_KEY:
        pair = np.unique(pair, return_inverse=True)[1]
        pairs = len(pair)
    _, first, variant = np.unique(pos * pairs + pair, return_index=True, return_inverse=True)
    names = (ref_at[first].tolist(), alt_at[first].tolist())
    variants = Variants(
        contig, pos[first], [refs[at] for at in names[0]], [alts[at] for at in names[1]]
    )
    return variants, variant.astype(np.int64)


def _ranks(words: list[str]) -> Ints:
    """The place of each word among the sorted."""
    rank = {word: at for at, word in enumerate(sorted(words))}
    return np.array([rank[word] for word in words], np.int64)


def _numbers(column: Any) -> NDArray[Any]:
    """A column's numbers, -1 where it has none."""
    filled: Any = pc.fill_null(column, -1)
    return values(filled)


def _track_runs(path: Path, region: Region) -> tuple[NDArray[Any], NDArray[Any]]:
    """A file's runs that touch a region: the track of each; and start, end and code.

    Each row group is of one contig (`loaders.lake_writer`).
    """
    with pq.ParquetFile(path) as file:
        schema, about = file.schema_arrow, file.metadata
        places = [schema.get_field_index(name) for name in ("contig", "start", "end")]
        groups = []
        for number in range(about.num_row_groups):
            group: Any = about.row_group(number)
            contig, start, end = (group.column(at).statistics for at in places)
            near = start.min <= region.end and end.max >= region.start
            if contig.min == region.contig and near:
                groups.append(number)
        columns = ["track", "start", "end", "code"]
        rows = file.read_row_groups(groups, columns, use_threads=False)
    runs = np.column_stack([values(rows[name]) for name in columns[1:]])
    touching = (runs[:, 0] <= region.end) & (runs[:, 1] >= region.start)
    return values(rows["track"])[touching], runs[touching]


def _line(runs: NDArray[Any], positions: Ints) -> Octets:
    """What the runs of one track say at each position; runs of one track do not overlap."""
    runs = runs[np.argsort(runs[:, 0], kind="stable")]
    at = np.searchsorted(runs[:, 0], positions, "right") - 1
    inside = (at >= 0) & (runs[np.maximum(at, 0), 1] >= positions)
    return np.where(inside, runs[np.maximum(at, 0), 2] | ASSAYED, 0).astype(np.uint8)


def _union(lines: Sequence[Octets], positions: Ints) -> Octets:
    if len(lines) == 1:
        return lines[0]
    whole = np.zeros(len(positions), np.uint8)
    for mask in (0b11, 0b11_00, 1 << 4, 1 << 5, ASSAYED):
        for line in lines:
            whole = (whole & ~np.uint8(mask)) | np.maximum(whole & mask, line & mask)
    return whole


def _guarded(read: Callable[[Any], Any], path: Path | str) -> Any:
    """What reading a file gives.

    Raises:
        Unavailable: `lake_file_damaged`, `answer_too_slow`.
    """
    check_deadline()
    try:
        return read(path)
    except FileNotFoundError:
        # The pin tells whether an erasure took it away.
        raise
    except (OSError, pa.ArrowException) as error:
        raise Unavailable("lake_file_damaged", str(error), Path(path).name) from None
