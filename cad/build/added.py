"""What a build adds to one bin of one purpose's base, kept beside it until it is written anew.

One more person changes AN at every variant, so that writing a bin anew costs the same whatever
changed. Instead a build that only adds persons writes what it adds, a fraction of the bin's size;
readers sum the bin and the few files added to it. Nobody is ever taken out by such a file: it would
hold their rows as long as it lasts (DESIGN 5.10). A build that takes anybody out writes the bins
that it touches anew, and so does one that finds that too much was added to them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cad.build.crossings import (
    WATCHED_STRATA,
    Upon,
    columns_of,
    crossed,
    may_cross,
    watched_numbers,
    watched_rows,
)
from cad.build.depth_kernel import Changes, figures_at
from cad.build.depth_table import write_depth
from cad.build.held import COUNT_TABLES, HeldBin, counts_of_strata
from cad.build.merge import Sums, Variants, sum_rows
from cad.build.place import Place
from cad.registry.files import LakeFile
from loaders.columns import flags, values
from loaders.jobs import Span, WrittenFile
from loaders.lake_writer import LakeWriter
from schemas.contigs import PAGE_SIZE

Ints = NDArray[np.int32]
Flags = NDArray[np.bool_]

ADDED_TABLES: Final = ("added_counts", "added_depth", "added_variants")
_COUNT_BYTES: Final = 4
"""A row of counts takes about so many bytes of a file, a change of depth one."""
_LITTLE: Final = 2**16
"""Bytes that are summed in no time."""
MOST_FILES: Final = 16
"""So many builds may add to a bin before it is written anew: a look-up opens them all."""


def has_room(
    files: Mapping[str, Sequence[LakeFile]], counts: pa.Table, depth: Changes, share: float
) -> bool:
    """Whether a difference may be kept beside a bin; one that is new is written as a whole.

    Args:
        files: those that hold the bin, by table.
        counts: the difference of counts.
        depth: the difference of depth.
        share: what may be beside it in all, by bytes; a little is always let be.
    """
    most = max((len(files.get(table, ())) for table in ADDED_TABLES), default=0)
    added = _bytes(files, ADDED_TABLES) + _COUNT_BYTES * counts.num_rows + len(depth.page)
    whole = _bytes(files, ("base_counts", "base_depth"))
    return 0 < whole and most < MOST_FILES and added <= max(share * whole, share and _LITTLE)


def _bytes(files: Mapping[str, Sequence[LakeFile]], tables: Sequence[str]) -> int:
    return sum(file.bytes for table in tables for file in files.get(table, ()))


def write_added(
    held: HeldBin,
    counts: pa.Table,
    depth: Changes,
    strata: Mapping[str, int],
    place: Place,
    out: Path,
    upon: Upon,
) -> list[WrittenFile]:
    """Write a difference that takes nobody out under `out`; see `cad.build.bins.write_bin`.

    Returns:
        The files of `added_counts`, `added_depth`, `added_variants` and `base_changes`; a table
        without rows has none.
    """
    span = Span(place.contig, place.first, place.last, 0)
    tables = (*ADDED_TABLES, "base_changes")
    writers = {table: LakeWriter(table, out / f"{table}.parquet", span) for table in tables}
    with ExitStack() as stack:
        for writer in writers.values():
            stack.enter_context(writer)
        write_depth(writers["added_depth"], depth, place.contig)
        if counts.num_rows:
            writers["added_counts"].write(sum_rows([], counts).held().rows(place.contig))
        watched = watched_numbers(strata)
        own = np.isin(values(counts["stratum"]), list(watched.values()))
        sums = sum_rows(
            [counts_of_strata(path, watched.values()) for path in held.paths(COUNT_TABLES)],
            counts.filter(flags(own)),
        )
        if len(sums.variant):
            writers["added_variants"].write(_new_variants(sums, strata).rows(place.contig))
            told = _crossings(held, sums, depth, strata, place, upon)
            writers["base_changes"].write(told)
    return [writer.written for writer in writers.values() if writer.written is not None]


def _new_variants(sums: Sums, strata: Mapping[str, int]) -> Variants:
    """Those that nobody carried before.

    Whoever carries a variant, if only by its raw count, is one of everybody.
    """
    of_all = sums.stratum == strata[WATCHED_STRATA[0]]
    is_new = of_all & ~sums.before.any(axis=1) & sums.after.any(axis=1)
    return sums.variants.take(sums.variant[is_new])


def _crossings(
    held: HeldBin,
    sums: Sums,
    depth: Changes,
    strata: Mapping[str, int],
    place: Place,
    upon: Upon,
) -> pa.Table:
    """What the difference takes past a threshold: of all variants, as AN changes at each.

    AN before is known of the variants that the bin was written with. Of others it is only known
    that it is not less than the least of their page, which says enough of most.
    """
    watched = watched_numbers(strata)
    rows = watched_rows(sums, strata, place.contig, upon)
    pos, columns = sums.variants.pos, columns_of(watched)
    least, is_exact = _an_held(held, pos, watched)
    since = figures_at(held.depth(place.stretch, ["added_depth"]), pos, columns)[:, :, 0]
    unsure = np.zeros(len(pos), bool)
    unsure[rows.variant[may_cross(rows, (least + since)[rows.variant, rows.column])]] = True
    unsure &= ~is_exact
    if unsure.any():
        pages = held.depth_of_pages((pos[unsure] - 1) // PAGE_SIZE, watched.values())
        least[unsure] = figures_at(pages, pos[unsure], columns)[:, :, 0]
    before = least + since
    after = before + figures_at(depth, pos, columns)[:, :, 0]
    rows = rows.of_variants(is_exact | unsure)
    an_before, an = (known[rows.variant, rows.column].astype(np.int64) for known in (before, after))
    return crossed(rows, sums, an_before, an, strata, place.contig, upon)


def _an_held(held: HeldBin, pos: Ints, watched: Mapping[str, int]) -> tuple[Ints, Flags]:
    """AN when the bin was written, position x watched stratum, and where it is exact.

    Elsewhere it is the least of the page.
    """
    least = held.least_an((pos - 1) // PAGE_SIZE, watched.values())
    known, an = held.an_of_variants(watched.values())
    if not len(known):
        return least, np.zeros(len(pos), bool)
    at = np.minimum(np.searchsorted(known, pos), len(known) - 1)
    is_exact = known[at] == pos
    least[is_exact] = an[at[is_exact]]
    return least, is_exact
