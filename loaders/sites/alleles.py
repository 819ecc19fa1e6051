"""The alternates of a file in the form in which the base keeps variants.

Most are substitutions of one base: these are numbers in arrays. The others are few, and are trimmed
and left-aligned one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from loaders.normalise import normalise_variant
from loaders.reference import Sequence, open_sequence
from schemas.contigs import Assembly, contig_length

Longs = NDArray[np.int64]
Flags = NDArray[np.bool_]

_REF_LETTERS: Final = b"ACGTNRYSWKMBDHVacgtnryswkmbdhv"
_ALT_LETTERS: Final = b"ACGTNacgtn"
_PLAIN_LETTERS: Final = b"ACGTN"


def _upper(letters: bytes) -> NDArray[np.uint8]:
    """The upper-case letter of each byte that is one of some letters, else 0."""
    table = np.zeros(256, np.uint8)
    table[np.frombuffer(letters, np.uint8)] = np.frombuffer(letters.upper(), np.uint8)
    return table


_REF_BASE: Final = _upper(_REF_LETTERS)
_ALT_BASE: Final = _upper(_ALT_LETTERS)
_IS_ACGT: Final = np.isin(np.arange(256), np.frombuffer(b"ACGT", np.uint8))


class Written(NamedTuple):
    """Alternates of one contig as a file writes them, one row each.

    Attributes:
        pos: POS.
        ref: REF, where it is a single byte, else 0.
        alt: the alternate, where it is a single byte, else 0.
        longer: REF and alternate of the rows where either is longer, by row.
    """

    pos: Longs
    ref: NDArray[np.uint8]
    alt: NDArray[np.uint8]
    longer: dict[int, tuple[bytes, bytes]]


@dataclass(frozen=True)
class Alleles:
    """Alternates of one contig as the base would keep them, one row each.

    Attributes:
        pos: position of the normalised variant.
        bases: reference and alternate base of a substitution as one number, else 0.
        longer: normalised REF and alternate of the other rows, by row.
        is_variant: False where it is none of the base's kind: symbolic, `*`, malformed, beyond the
            contig, on no counted contig, or REF is not the reference's.
        mismatched: the rows whose REF is not the reference's, in no order.
    """

    pos: Longs
    bases: Longs
    longer: dict[int, tuple[str, str]]
    is_variant: Flags
    mismatched: Longs


def no_alleles(rows: int) -> Alleles:
    """Rows that are no variants, as all of a contig that is not counted."""
    nothing = np.zeros(rows, np.int64)
    return Alleles(nothing, nothing, {}, np.zeros(rows, bool), np.zeros(0, np.int64))


def pack_bases(ref: NDArray[Any], alt: NDArray[Any]) -> Longs:
    """Two bases as one number that grows with the first, then the second."""
    packed: Longs = ref.astype(np.int64) << 8 | alt
    return packed


def normalise(written: Written, contig: str, assembly: Assembly, reference: Path | None) -> Alleles:
    """Trim and left-align the alternates of a counted contig as the base's were (DESIGN 5.2)."""
    pos = written.pos.copy()
    ref, alt = _REF_BASE[written.ref], _ALT_BASE[written.alt]
    length = contig_length(assembly, contig)
    is_variant = (ref > 0) & (alt > 0) & (ref != alt) & (pos >= 1) & (pos <= length)
    held = open_sequence(reference, contig)
    agrees = _agree(held, pos, ref)
    mismatched = np.flatnonzero(is_variant & ~agrees).tolist()
    is_variant &= agrees
    longer: dict[int, tuple[str, str]] = {}
    places = zip(written.longer.items(), pos[list(written.longer)].tolist(), strict=True)
    for (row, (long_ref, long_alt)), at in places:
        upper_ref, upper_alt = long_ref.upper(), long_alt.upper()
        if not _is_variant(at, upper_ref, upper_alt, length):
            continue
        texts = upper_ref.decode(), upper_alt.decode()
        if _is_normal(held, at, upper_ref, upper_alt):
            is_variant[row], longer[row] = True, texts
            continue
        normal = normalise_variant(reference, contig, at, *texts)
        is_variant[row] = normal.agrees
        if not normal.agrees:
            mismatched.append(row)
        pos[row] = normal.pos
        if len(normal.ref) == len(normal.alt) == 1:
            ref[row], alt[row] = ord(normal.ref), ord(normal.alt)
        else:
            longer[row] = normal.ref, normal.alt
    return Alleles(
        pos, pack_bases(ref, alt) * is_variant, longer, is_variant, np.array(mismatched, np.int64)
    )


def _is_variant(pos: int, ref: bytes, alt: bytes, length: int) -> bool:
    # Mostly both alleles have plain letters: one call tells.
    if (ref + alt).translate(None, _PLAIN_LETTERS) and (
        ref.translate(None, _REF_LETTERS) or alt.translate(None, _ALT_LETTERS)
    ):
        return False
    return ref != alt and bool(ref) and bool(alt) and 1 <= pos <= length - len(ref) + 1


def _is_normal(held: Sequence, pos: int, ref: bytes, alt: bytes) -> bool:
    """Whether a glance tells that nothing is to be trimmed or moved, as mostly."""
    if ref[-1] == alt[-1] or (len(ref) > 1 and len(alt) > 1):
        return False
    if not len(held.bases):
        return True
    first = pos - held.start
    there = held.bases[max(first, 0) : max(first + len(ref), 0)].tobytes()
    return there == ref


def _agree(held: Sequence, pos: Longs, ref: NDArray[np.uint8]) -> Flags:
    """Whether REF is the reference's wherever both are one of A, C, G, T (DESIGN 4)."""
    if not len(held.bases):
        return np.ones(len(pos), bool)
    index = pos - held.start
    inside = (index >= 0) & (index < len(held.bases))
    there = np.where(inside, held.bases[np.where(inside, index, 0)], 0)
    differs: Flags = _IS_ACGT[there] & _IS_ACGT[ref] & (there != ref)
    return ~differs
