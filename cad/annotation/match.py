"""Many alternates at once against the rows of a source: which row says something of which.

Alleles are compared as numbers: a substitution by its two bases, a longer one by a hash of 63 bits
of both words, so that two different alleles of one position are never seen alike in practice.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cad.arrow import values
from loaders.sites.alleles import Alleles, pack_bases

Longs = NDArray[np.int64]

_FIRST, _SECOND = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F], np.uint64)
_LONGER: Final = np.uint64(1 << 63)


class SourceRows:
    """Rows of a placed table, sorted by position, to be found by alternates."""

    def __init__(self, rows: pa.Table) -> None:
        self.rows = rows
        self._pos = values(rows["pos"])
        self._code = _codes(rows["ref"], rows["alt"])

    def find(self, alleles: Alleles, which: Longs) -> Longs:
        """For each of some alternates the first row about it, -1 where there is none."""
        pos, code = alleles.pos[which], allele_codes(alleles, which)
        found = np.full(len(which), -1, np.int64)
        if not len(self._pos):
            return found
        at = np.searchsorted(self._pos, pos)
        open_ = np.arange(len(which))
        while len(open_):
            inside = at[open_] < len(self._pos)
            open_ = open_[inside]
            here = at[open_]
            open_ = open_[self._pos[here] == pos[open_]]
            here = at[open_]
            same = self._code[here] == code[open_]
            found[open_[same]] = here[same]
            open_ = open_[~same]
            at[open_] += 1
        return found


def allele_codes(alleles: Alleles, which: Longs) -> Longs:
    """Each alternate's alleles as a number."""
    code = alleles.bases[which].copy()
    longer = np.flatnonzero(code == 0)
    words = [alleles.longer.get(row, ("", "")) for row in which[longer].tolist()]
    hashes = np.array([(hash(ref), hash(alt)) for ref, alt in words], np.int64).reshape(-1, 2)
    code[longer] = _mixed(hashes[:, 0], hashes[:, 1])
    return code


def _mixed(ref: Longs, alt: Longs) -> Longs:
    mixed = (ref.view(np.uint64) if ref.flags.c_contiguous else ref.astype(np.uint64)) * _FIRST
    other = np.ascontiguousarray(alt).view(np.uint64) * _SECOND
    whole: Longs = (mixed ^ other | _LONGER).view(np.int64)
    return whole


def _codes(ref: Any, alt: Any) -> Longs:
    ref_letter, ref_hash = _words(ref)
    alt_letter, alt_hash = _words(alt)
    code = pack_bases(ref_letter, alt_letter)
    longer = np.flatnonzero((ref_letter == 0) | (alt_letter == 0))
    code[longer] = _mixed(ref_hash[longer], alt_hash[longer])
    return code


def _words(column: Any) -> tuple[NDArray[np.int64], Longs]:
    """Each row's letter where its text is one, else 0; and its text's hash."""
    column = column.combine_chunks()
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    words = column.dictionary.to_pylist()
    letters = np.array([ord(word) if len(word) == 1 else 0 for word in words], np.int64)
    hashes = np.array([hash(word) for word in words], np.int64)
    indices = values(column.indices)
    return letters[indices], hashes[indices]
