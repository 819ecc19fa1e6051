"""Calls: one row per sample and alternate allele it carries."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from loaders.kernel import words
from loaders.kernel.window import Window
from schemas.tables import CALLS

Longs = NDArray[np.int64]
Octets = NDArray[np.uint8]

_FIELDS: Final = (3, 3 << 2, 1 << 4, 1 << 5)
"""The four numbers packed in a code, as masks (`schemas.known`)."""


def calls_table(
    contig: str,
    window: Window,
    ranks: Longs,
    numbers: NDArray[np.int32],
    stretches: tuple[tuple[int, int, int], ...],
    first: int,
    last: int,
) -> pa.Table:
    """The window's calls whose normalised position lies from `first` to `last`, sorted by key and sample.

    Where several records give one sample the same key, the dosages are the largest passing and the largest of any, and the
    other columns are those of the passing record with the largest dosage (DESIGN 5.2).
    """
    calls = int(window.count[words.N_CALLS])
    pos = window.allele_pos[window.call_allele[:calls]]
    row = np.flatnonzero((pos >= first) & (pos <= last))
    code = _codes(window, row, mito=contig == "M")
    sample_rank = np.argsort(np.argsort(numbers))
    key = ranks[window.call_allele[row]] * max(1, len(numbers))
    key += sample_rank[window.call_column[row]]
    order = np.lexsort((255 - (code >> 2 & 3), 255 - (code & 3), key))
    key, code, row = key[order], code[order], row[order]
    heads = np.flatnonzero(np.diff(key, prepend=-1))
    if len(heads) < len(key):
        code = np.bitwise_or.reduce(
            [np.maximum.reduceat(code & mask, heads) for mask in _FIELDS]
        ).astype(np.uint8)
        row = row[heads]
    firsts = np.array([start for start, _, _ in stretches])
    masks = np.array([mask for _, _, mask in stretches], np.uint8)
    allele = window.call_allele[row]
    code &= masks[np.searchsorted(firsts, window.allele_pos[allele], side="right") - 1]
    return _table(contig, window, row, allele, numbers, code)


def _codes(window: Window, row: Longs, *, mito: bool) -> Octets:
    """The dosage code of each call: on M one threshold serves the dose that stands in the two-copy bits."""
    dosage = window.call_dosage[row]
    record = window.allele_record[window.call_allele[row]]
    state = window.states[record, window.call_column[row]]
    two, one = dosage & 3, dosage >> 2
    pass2 = np.where(state & (words.PASS1 if mito else words.PASS2), two, 0)
    pass1 = np.where(state & words.PASS1, one, 0)
    return (pass2 | two << 2 | pass1 << 4 | one << 5).astype(np.uint8)


def _table(
    contig: str,
    window: Window,
    row: Longs,
    allele: NDArray[np.int32],
    numbers: NDArray[np.int32],
    code: Octets,
) -> pa.Table:
    gt, which = _genotypes(window, row)
    columns = [
        pa.repeat(pa.scalar(contig), len(row)),
        pa.array(window.allele_pos[allele]),
        _texts(window.arena, window.allele_ref, window.allele_ref_length, allele),
        _texts(window.arena, window.allele_alt, window.allele_alt_length, allele),
        pa.array(numbers[window.call_column[row]]),
        pa.array(code.astype(np.int32)),
        gt,
        which,
        *(_figures(getattr(window, f"call_{name}")[row]) for name in ("dp", "gq", "ad_ref", "ad_alt")),
        pa.array(window.call_vaf[row], mask=np.isnan(window.call_vaf[row])),
        _texts(
            window.filter_text, window.filter_offset.astype(np.int64), window.filter_length,
            window.filter[window.allele_record[allele]],
        ),
    ]  # fmt: skip
    return pa.Table.from_arrays(columns, schema=CALLS)


def _texts(
    text: Octets, offset: Longs, length: NDArray[np.int32], which: NDArray[np.int32]
) -> pa.Array:
    """Slices of a byte arena as strings."""
    used, index = np.unique(which, return_inverse=True)
    words_used = [
        bytes(text[start : start + size]).decode(errors="replace")
        for start, size in zip(offset[used].tolist(), length[used].tolist(), strict=True)
    ]
    return pa.array(words_used, pa.string()).take(pa.array(index))


def _genotypes(window: Window, row: Longs) -> tuple[pa.Array, pa.Array]:
    """GT as written, and the number of the allele that each call is about."""
    packed, index = np.unique(window.call_gt[row], return_inverse=True)
    texts = [_gt_text(int(value)) for value in packed]
    return (
        pa.array(texts, pa.string()).take(pa.array(index)),
        pa.array(window.call_alt[row].astype(np.int32)),
    )


def _gt_text(packed: int) -> str:
    """Unpack what `loaders.kernel.samples` packed: both alleles + 2, and the phase."""
    a, b = (packed >> 17) - 2, (packed >> 1 & 0xFFFF) - 2
    first = "." if a < 0 else str(a)
    if b == -2:
        return first
    return f"{first}{'|' if packed & 1 else '/'}{'.' if b < 0 else b}"


def _figures(values: NDArray[np.int32]) -> pa.Array:
    return pa.array(values, mask=values == words.MISSING)
