"""Changes of depth as rows of `schemas.tables.BASE_DEPTH`, and back."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit
from numpy.typing import NDArray

from cad.build.depth_kernel import Changes, Ints, no_changes
from loaders.columns import constant, numbers, values
from loaders.lake_writer import LakeWriter
from schemas.tables import BASE_DEPTH

_GROUP_CHANGES: Final = 400_000
_LEAST_ROWS: Final = 256
_FIGURES: Final = ("an", "an_raw", "persons", "assayed")


def changes_of(rows: pa.Table) -> Changes:
    """The changes that some rows tell of, in their order."""
    if not rows.num_rows:
        return no_changes()
    lengths = values(pc.list_value_length(rows["offset"]))
    value = np.empty((int(lengths.sum()), len(_FIGURES)), np.int32)
    for place, name in enumerate(_FIGURES):
        value[:, place] = _flat(rows[name])
    # A copy: Arrow hands out read-only memory, which the kernels would compile for once more.
    return Changes(
        np.repeat(values(rows["page"]), lengths),
        np.repeat(values(rows["stratum"]), lengths),
        np.array(_flat(rows["offset"])),
        value,
    )


def _flat(column: Any) -> Ints:
    flat: Ints = values(pc.list_flatten(column))
    return flat


def depth_rows(changes: Changes, contig: str) -> pa.Table:
    """One row per page and stratum with a change."""
    if not len(changes.page):
        return BASE_DEPTH.empty_table()
    new = np.ones(len(changes.page), bool)
    new[1:] = (np.diff(changes.page) != 0) | (np.diff(changes.stratum) != 0)
    heads = np.flatnonzero(new)
    offsets = np.append(heads, len(changes.page)).astype(np.int32)
    lists = [
        lists_of(offsets, column)
        for column in (changes.offset, *np.ascontiguousarray(changes.value.T))
    ]
    return pa.Table.from_arrays(
        [
            constant(contig, len(heads)).cast(pa.string()),
            numbers(changes.page[heads]),
            numbers(changes.stratum[heads]),
            *lists,
            numbers(_least_an(offsets, changes.offset, changes.value)),
        ],
        schema=BASE_DEPTH,
    )


def write_depth(writer: LakeWriter, changes: Changes, contig: str) -> None:
    """Append changes to a table of depth.

    Its row groups hold about so many changes each: a look-up of depth decodes those of one page and
    few others.
    """
    rows = depth_rows(changes, contig)
    if rows.num_rows:
        writer.write(rows, max(_LEAST_ROWS, _GROUP_CHANGES * rows.num_rows // len(changes.page)))


def lists_of(offsets: NDArray[np.int32], flat: Ints) -> pa.Array[Any]:
    """Values as lists: list k holds those from `offsets[k]` to before `offsets[k + 1]`."""
    kind = BASE_DEPTH.field("offset").type
    # The stubs know neither NumPy's integers nor a list's type as an argument.
    from_arrays: Any = pa.ListArray.from_arrays
    lists: pa.Array[Any] = from_arrays(numbers(offsets), numbers(flat), type=kind)
    return lists


@njit(cache=True, nogil=True)
def _least_an(edges: Ints, offset: Ints, value: Ints) -> Ints:
    """The least that an comes to on each page and stratum, before the first change included."""
    out = np.zeros(len(edges) - 1, np.int32)
    for row in range(len(edges) - 1):
        total = value[edges[row], 0]
        least = total if offset[edges[row]] == 0 else min(0, total)
        for at in range(edges[row] + 1, edges[row + 1]):
            total += value[at, 0]
            least = min(least, total)
        out[row] = least
    return out
