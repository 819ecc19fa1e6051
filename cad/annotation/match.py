"""Many alternates at once against the rows of a source: which row says something of which.

Alleles are compared as numbers: a substitution by its two bases, a longer one by a hash of 63 bits
of both words, so that two different alleles of one position are never seen alike in practice.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from loaders.columns import values
from loaders.sites.alleles import Alleles, pack_bases

Longs = NDArray[np.int64]

_FIRST, _SECOND = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F], np.uint64)
_LONGER: Final = np.uint64(1 << 63)


class SourceRows:
    """Rows of a placed table, sorted by position, to be found by alternates.

    Attributes:
        rows: the rows.
        pos: their positions.
        code: their alleles as numbers.
    """

    def __init__(self, rows: pa.Table) -> None:
        self.rows = rows
        self.pos = values(rows["pos"])
        self.code = _codes(rows["ref"], rows["alt"])

    def find(self, alleles: Alleles, which: Longs) -> Longs:
        """For each of some alternates the first row about it, -1 where there is none."""
        return self.find_codes(alleles.pos[which], allele_codes(alleles, which))

    def find_codes(self, pos: NDArray[Any], code: Longs) -> Longs:
        """`find` of alleles as positions and numbers."""
        found = np.full(len(pos), -1, np.int64)
        at = np.searchsorted(self.pos, pos)
        # Those still sought are compared with one row of their position after the other.
        sought = np.arange(len(pos))
        while len(sought):
            sought = sought[at[sought] < len(self.pos)]
            sought = sought[self.pos[at[sought]] == pos[sought]]
            here = at[sought]
            same = self.code[here] == code[sought]
            found[sought[same]] = here[same]
            sought = sought[~same]
            at[sought] += 1
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
    one, other = (np.ascontiguousarray(part).view(np.uint64) for part in (ref, alt))
    mixed: Longs = (one * _FIRST ^ other * _SECOND | _LONGER).view(np.int64)
    return mixed


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
