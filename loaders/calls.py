"""Calls: one row per sample and alternate allele it carries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from loaders.columns import constant, numbers, texts
from loaders.kernel import rows as kernel
from loaders.kernel import words
from loaders.kernel.keys import order_calls
from loaders.kernel.window import Window
from loaders.lake_writer import row_group_rows
from schemas.tables import CALLS

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Octets = NDArray[np.uint8]


def calls_tables(
    contig: str,
    window: Window,
    ranks: Longs,
    sample_numbers: Ints,
    stretches: Longs,
    span: tuple[int, int],
) -> Iterator[pa.Table]:
    """The window's calls in a span, sorted by key and sample, a row group at a time.

    Args:
        contig: its name.
        window: its tables as far as they are filled.
        ranks: the alleles' ranks by key.
        sample_numbers: the samples' numbers.
        stretches: where each stretch of one region class starts, and the bits of a code that count
            in it.
        span: the first and the last position.

    Yields:
        Rows of `CALLS`; texts are dictionaries.
    """
    sample_ranks = np.argsort(np.argsort(sample_numbers)).astype(np.int64)
    order = order_calls(window.calls, window.alleles, ranks, sample_ranks, span)
    figured = np.any(window.records[:, words.R_FLAGS] & words.FIGURED)
    columns = np.empty(
        (kernel.O_FIGURES + 5 if figured else kernel.O_FIGURES, len(order)), np.int32
    )
    rows = kernel.gather_calls(
        order, window, ranks, sample_numbers, stretches, contig == "M", columns
    )
    size = row_group_rows("calls")
    for start in range(0, rows, size):
        yield _table(contig, window, columns[:, start : min(start + size, rows)])


def _table(contig: str, window: Window, columns: Ints) -> pa.Table:
    # Whole columns: a slice of a table would have the kernels compiled a second time.
    columns_of = np.ascontiguousarray(window.alleles[columns[kernel.O_ALLELE]].T)
    ref, ref_length = columns_of[words.A_TEXT], columns_of[words.A_REF_LENGTH]
    gt, genotypes = kernel.number_values(columns[kernel.O_GT])
    filters = _slices(window.filter_text, window.filters[:, 0], window.filters[:, 1])
    values = {
        "contig": constant(contig, len(ref)),
        "pos": numbers(columns[kernel.O_POS]),
        "ref": _alleles(window.arena, ref, ref_length),
        "alt": _alleles(window.arena, ref + ref_length, columns_of[words.A_ALT_LENGTH]),
        "sample": numbers(columns[kernel.O_SAMPLE]),
        "dosage": numbers(columns[kernel.O_DOSAGE]),
        "gt": texts(gt, [_gt_text(packed) for packed in genotypes.tolist()]),
        "allele": numbers(columns[kernel.O_ALT]),
        "filter": texts(columns[kernel.O_FILTER], filters),
        **_figures(columns[kernel.O_FIGURES :], len(ref)),
    }
    return pa.Table.from_arrays([values[name] for name in CALLS.names], CALLS.names)


def _alleles(arena: Octets, offset: Ints, length: Ints) -> pa.Array[Any]:
    """Slices of a byte arena as texts."""
    found, firsts = kernel.number_texts(arena, offset, length)
    return texts(found, _slices(arena, offset[firsts], length[firsts]))


def _slices(text: Octets, offset: Ints, length: Ints) -> list[str]:
    return [
        text[start : start + size].tobytes().decode(errors="replace")
        for start, size in zip(offset.tolist(), length.tolist(), strict=True)
    ]


def _figures(columns: Ints, rows: int) -> dict[str, pa.Array[Any]]:
    """Depth, quality, reads and allele fraction; all null where no record has any."""
    names = ("dp", "gq", "ad_ref", "ad_alt", "vaf")
    if not len(columns):
        return {name: pa.nulls(rows, CALLS.field(name).type) for name in names}
    figures = {
        name: numbers(values, values == words.MISSING)
        for name, values in zip(names, columns, strict=True)
    }
    fraction = columns[words.F_FRACTION]
    fractions = (fraction / words.FRACTION_UNIT).astype(np.float32)
    figures["vaf"] = numbers(fractions, fraction == words.MISSING)
    return figures


def _gt_text(packed: int) -> str:
    """Unpack what the kernels packed: both alleles + 2, and the phase."""
    a, b = (packed >> 17) - 2, (packed >> 1 & 0xFFFF) - 2
    first = "." if a < 0 else str(a)
    if b == -2:
        return first
    return f"{first}{'|' if packed & 1 else '/'}{'.' if b < 0 else b}"
